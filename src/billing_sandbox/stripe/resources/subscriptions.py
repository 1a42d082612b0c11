"""`/v1/subscriptions`: begun, changed, ended, resumed."""

from billing_sandbox.store import Condition, Json, field_is
from billing_sandbox.stripe import methods
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, PAGING, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Text
from billing_sandbox.stripe.recurring import beginnings, changes, test_clocks
from billing_sandbox.stripe.resources import subscription_data as data
from billing_sandbox.stripe.resources.customers import living

_ENDED = ("canceled", "incomplete_expired")


def _create(ledger: Ledger, call: Call) -> Json:
    customer = living(ledger, call.params["customer"], param="customer", status=400)
    given = {name: value for name, value in call.params.items() if name not in ("customer", "items")}
    _check_method(ledger, customer["id"], given)
    wanted = data.wanted(ledger, call.params["items"], call.cause)
    return beginnings.begin(test_clocks.ledger_of(ledger, customer), call.cause, customer, wanted, given)


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("subscription", call.id)


def _update(ledger: Ledger, call: Call) -> Json:
    subscription = _retrieve(ledger, call)
    ledger = test_clocks.ledger_of(ledger, subscription)
    given = {name: value for name, value in call.params.items() if name != "items"}
    _check_method(ledger, subscription["customer"], given)
    items = data.changed_items(ledger, subscription, call.params["items"], call) if "items" in call.params else None
    return changes.change(ledger, subscription, given, items, call.cause)


def _cancel(ledger: Ledger, call: Call) -> Json:
    subscription = _retrieve(ledger, call)
    return changes.cancel(test_clocks.ledger_of(ledger, subscription), subscription, call.params, call.cause)


def _resume(ledger: Ledger, call: Call) -> Json:
    subscription = _retrieve(ledger, call)
    return changes.resume(test_clocks.ledger_of(ledger, subscription), subscription, call.params, call.cause)


def _list(ledger: Ledger, call: Call) -> Json:
    asked = [field_is(name, call.params[name]) for name in ("customer", "test_clock") if name in call.params]
    if "price" in call.params:
        asked.append(_has_price(call.params["price"]))
    return page(ledger, "subscription", call, [*asked, *_status(call.params.get("status"))])


def _status(status: str | None) -> list[Condition]:
    """By default all that are not canceled."""
    match status:
        case "all":
            return []
        case "ended":
            return [("json_extract(json, '$.status') IN (?, ?)", _ENDED)]
        case None:
            return [("json_extract(json, '$.status') <> ?", ("canceled",))]
        case one:
            return [field_is("status", one)]


def _has_price(price: str) -> Condition:
    each = "SELECT 1 FROM json_each(json, '$.items.data') item WHERE json_extract(item.value, '$.price.id') = ?"
    return f"EXISTS ({each})", (price,)


def _check_method(ledger: Ledger, customer: str, given: Json) -> None:
    """A default method is one of the customer's."""
    name = given.get("default_payment_method")
    if name and methods.kept(ledger, name, param="default_payment_method", status=400)["customer"] != customer:
        message = f"The customer does not have a payment method with the ID {name}. The payment method must be"
        message += " attached to the customer."
        raise StripeError(message, code="resource_missing", param="default_payment_method")


def _items(ledger: Ledger, call: Call) -> Json:
    subscription = ledger.get("subscription", call.params["subscription"], param="subscription", status=400)
    return dict(subscription["items"])


_FILTERS = {
    "collection_method": Choice(("charge_automatically",)),
    "customer": Text(),
    "price": Text(),
    "status": Choice(
        ("active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused", "trialing",
         "unpaid")
    ),
    "test_clock": Text(),
}  # fmt: skip
_BASE = "/v1/subscriptions"
_OF_ITEMS = PAGING | {"subscription": Text(required=True)}

OPERATIONS = (
    Operation("POST", _BASE, "subscriptions.create", data.NEW, _create),
    Operation("GET", _BASE, "subscriptions.list", NEWEST_FIRST | _FILTERS, _list),
    Operation("GET", f"{_BASE}/<id>", "subscriptions.retrieve", {}, _retrieve),
    Operation("POST", f"{_BASE}/<id>", "subscriptions.update", data.CHANGES, _update),
    Operation("DELETE", f"{_BASE}/<id>", "subscriptions.cancel", data.CANCEL, _cancel),
    Operation("POST", f"{_BASE}/<id>/resume", "subscriptions.resume", data.RESUME, _resume),
    Operation("GET", "/v1/subscription_items", "subscription_items.list", _OF_ITEMS, _items),
)
