"""`/v1/disputes`: what cardholders dispute, and the shop's answer."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import disputing, objects
from billing_sandbox.stripe.errors import NotPossible, StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Flag, Group, Metadata, Text, Unsettable
from billing_sandbox.stripe.updates import merged

_CHANGES = {
    "evidence": Group({name: Unsettable(Text(length_max=20_000)) for name in objects.EVIDENCE}),
    "metadata": Metadata(),
    "submit": Flag(),
}
_FILTERS = {"charge": Text(), "payment_intent": Text()}


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("dispute", call.id, param="dispute")


def _list(ledger: Ledger, call: Call) -> Json:
    asked = [field_is(name, call.params[name]) for name in _FILTERS if name in call.params]
    return page(ledger, "dispute", call, asked)


def _update(ledger: Ledger, call: Call) -> Json:
    dispute, given = _retrieve(ledger, call), dict(call.params)
    if "metadata" in given:
        given["metadata"] = merged(dispute["metadata"], given["metadata"])
    try:
        return disputing.answer(ledger, dispute, given, call.cause)
    except NotPossible:
        raise _closed(dispute) from None


def _close(ledger: Ledger, call: Call) -> Json:
    dispute = _retrieve(ledger, call)
    try:
        return disputing.lose(ledger, dispute, call.cause)
    except NotPossible:
        raise _closed(dispute) from None


def _closed(dispute: Json) -> StripeError:
    return StripeError(f"This dispute is already closed: its status is {dispute['status']}.")


_BASE = "/v1/disputes"

OPERATIONS = (
    Operation("GET", _BASE, "disputes.list", NEWEST_FIRST | _FILTERS, _list),
    Operation("GET", f"{_BASE}/<id>", "disputes.retrieve", {}, _retrieve),
    Operation("POST", f"{_BASE}/<id>", "disputes.update", _CHANGES, _update),
    Operation("POST", f"{_BASE}/<id>/close", "disputes.close", {}, _close),
)
