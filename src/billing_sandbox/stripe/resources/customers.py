"""`/v1/customers`: who pays, and with what by default."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import methods, objects
from billing_sandbox.stripe.errors import StripeError, no_such
from billing_sandbox.stripe.ledger import Cause, Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Group, Many, Metadata, Text, Unsettable, Whole
from billing_sandbox.stripe.recurring import test_clocks
from billing_sandbox.stripe.resources.method_data import ADDRESS, ADDRESS_LINES
from billing_sandbox.stripe.updates import update

_DEFAULT = "invoice_settings[default_payment_method]"
_CHANGES = {
    "address": Unsettable(ADDRESS),
    "balance": Whole(least=-(2**53)),
    "description": Unsettable(Text()),
    "email": Unsettable(Text(length_max=512)),
    "invoice_prefix": Text(length_max=12),
    "invoice_settings": Group(
        {"default_payment_method": Unsettable(Text()), "footer": Unsettable(Text(length_max=5000))}
    ),
    "metadata": Metadata(),
    "name": Unsettable(Text(length_max=256)),
    "next_invoice_sequence": Whole(least=1),
    "phone": Unsettable(Text(length_max=20)),
    "preferred_locales": Many(Text()),
    "shipping": Unsettable(Group({"address": ADDRESS, "name": Text(required=True), "phone": Text()})),
    "source": Text(),
    "tax_exempt": Choice(("exempt", "none", "reverse")),
}
_ACCEPTED = {**_CHANGES, "payment_method": Text(), "test_clock": Text()}


def living(ledger: Ledger, id: str, *, param: str = "customer", status: int = 404) -> Json:
    """The customer, or Stripe's "No such customer", which it says of deleted ones too."""
    customer = ledger.get("customer", id, param=param, status=status)
    if customer.get("deleted"):
        raise no_such("customer", id, param=param, status=status)
    return customer


def _create(ledger: Ledger, call: Call) -> Json:
    given = _complete(call.params)
    settings, method = given.pop("invoice_settings", {}), given.pop("payment_method", None)
    source = given.pop("source", None)
    if "test_clock" in given:
        ledger.get(test_clocks.KIND, given["test_clock"], param="test_clock", status=400)
    ledger = test_clocks.ledger_of(ledger, given)
    customer = objects.customer(ledger.now(), given)
    brought = _bring(ledger, customer, method, source, call.cause)
    if settings.get("default_payment_method") and settings["default_payment_method"] == method:
        settings |= {"default_payment_method": brought["id"]}
    customer |= {"invoice_settings": customer["invoice_settings"] | _checked(ledger, customer, settings)}
    ledger.save(customer)
    ledger.tell("customer.created", customer, call.cause)
    return customer


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("customer", call.id)


def _update(ledger: Ledger, call: Call) -> Json:
    before = living(ledger, call.id, param="id")
    given = _complete(call.params)
    if "source" in given:
        brought = methods.attach(ledger, methods.as_source(ledger, given.pop("source")), before["id"], call.cause)
        given["default_source"] = brought["id"]
    if "invoice_settings" in given:
        settings = _checked(ledger, before, given["invoice_settings"])
        given["invoice_settings"] = before["invoice_settings"] | settings
    return update(ledger, before, given, "customer.updated", call.cause)


def _delete(ledger: Ledger, call: Call) -> Json:
    customer = living(ledger, call.id, param="id")
    for method in methods.of_customer(ledger, customer["id"]):
        methods.detach(ledger, method, call.cause)
    customer = living(ledger, call.id)
    deleted = ledger.save({"id": customer["id"], "object": "customer", "deleted": True})
    ledger.tell("customer.deleted", customer, call.cause)
    return deleted


def _list(ledger: Ledger, call: Call) -> Json:
    asked = [field_is(name, call.params[name]) for name in ("email", "test_clock") if name in call.params]
    return page(ledger, "customer", call, [*asked, ("json_extract(json, '$.deleted') IS NULL", ())])


def _bring(ledger: Ledger, customer: Json, method: str | None, source: str | None, cause: Cause) -> Json:
    """Attach what the new customer brings along."""
    brought: Json = {}
    if source is not None:
        brought = methods.attach(ledger, methods.as_source(ledger, source), customer["id"], cause)
        customer["default_source"] = brought["id"]
    if method is not None:
        brought = methods.attach(ledger, methods.named(ledger, method), customer["id"], cause)
    return brought


def _checked(ledger: Ledger, customer: Json, settings: Json) -> Json:
    """Settings whose default method is the customer's own."""
    name = settings.get("default_payment_method")
    method = ledger.store.get("payment_method", name) if name else None
    if name and (method is None or method["customer"] != customer["id"]):
        message = f"The customer does not have a payment method with the ID {name}. The payment method must be"
        message += " attached to the customer."
        raise StripeError(message, code="resource_missing", param=_DEFAULT)
    return settings


def _complete(given: Json) -> Json:
    if not given.get("address"):
        return dict(given)
    return given | {"address": dict.fromkeys(ADDRESS_LINES) | given["address"]}


OPERATIONS = (
    Operation("POST", "/v1/customers", "customers.create", _ACCEPTED, _create),
    Operation("GET", "/v1/customers", "customers.list", NEWEST_FIRST | {"email": Text(), "test_clock": Text()}, _list),
    Operation("GET", "/v1/customers/<id>", "customers.retrieve", {}, _retrieve),
    Operation("POST", "/v1/customers/<id>", "customers.update", _CHANGES, _update),
    Operation("DELETE", "/v1/customers/<id>", "customers.delete", {}, _delete),
)
