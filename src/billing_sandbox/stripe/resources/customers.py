"""`/v1/customers`."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import objects
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Group, Many, Metadata, Text

_ADDRESS_LINES = ("city", "country", "line1", "line2", "postal_code", "state")
_ACCEPTED = {
    "address": Group({line: Text() for line in _ADDRESS_LINES}),
    "description": Text(),
    "email": Text(length_max=512),
    "metadata": Metadata(),
    "name": Text(length_max=256),
    "phone": Text(length_max=20),
    "preferred_locales": Many(Text()),
}


def _create(ledger: Ledger, call: Call) -> Json:
    customer = ledger.save(objects.customer(ledger.now(), _complete(call.params)))
    ledger.tell("customer.created", customer, call.cause)
    return customer


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("customer", call.id)


def _update(ledger: Ledger, call: Call) -> Json:
    before = ledger.get("customer", call.id)
    given = _complete(call.params)
    if "metadata" in given:
        given["metadata"] = merged(before["metadata"], given["metadata"])
    previous = {name: before[name] for name in given if before[name] != given[name]}
    customer = ledger.save(before | given)
    if previous:
        ledger.tell("customer.updated", customer, call.cause, previous)
    return customer


def _list(ledger: Ledger, call: Call) -> Json:
    asked = [field_is("email", call.params["email"])] if "email" in call.params else []
    return page(ledger, "customer", call, asked)


def merged(metadata: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """Metadata after an update: keys are added or replaced, an empty value or an empty whole takes away."""
    return {key: value for key, value in (metadata | given).items() if value} if given else {}


def _complete(given: Json) -> Json:
    if "address" not in given:
        return given
    return given | {"address": dict.fromkeys(_ADDRESS_LINES) | given["address"]}


OPERATIONS = (
    Operation("POST", "/v1/customers", "customers.create", _ACCEPTED, _create),
    Operation("GET", "/v1/customers/<id>", "customers.retrieve", {}, _retrieve),
    Operation("POST", "/v1/customers/<id>", "customers.update", _ACCEPTED, _update),
    Operation("GET", "/v1/customers", "customers.list", NEWEST_FIRST | {"email": Text()}, _list),
)
