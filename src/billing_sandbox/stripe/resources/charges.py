"""`/v1/charges`: single attempts to pay, to be read only."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Text

_FILTERS = {"customer": Text(), "payment_intent": Text()}


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("charge", call.id, param="charge")


def _list(ledger: Ledger, call: Call) -> Json:
    asked = [field_is(name, call.params[name]) for name in _FILTERS if name in call.params]
    return page(ledger, "charge", call, asked)


OPERATIONS = (
    Operation("GET", "/v1/charges/<id>", "charges.retrieve", {}, _retrieve),
    Operation("GET", "/v1/charges", "charges.list", NEWEST_FIRST | _FILTERS, _list),
)
