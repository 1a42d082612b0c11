"""`/v1/refunds`: money back, never more than was paid."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import refunding
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Metadata, Text, Whole
from billing_sandbox.stripe.updates import earlier, update

_ACCEPTED = {
    "amount": Whole(least=1),
    "charge": Text(),
    "metadata": Metadata(),
    "payment_intent": Text(),
    "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
}
_FILTERS = {"charge": Text(), "payment_intent": Text()}


def _create(ledger: Ledger, call: Call) -> Json:
    return refunding.refund(ledger, _charge(ledger, call.params), call.params, call.cause)


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("refund", call.id)


def _update(ledger: Ledger, call: Call) -> Json:
    before = _retrieve(ledger, call)
    refund = update(ledger, before, call.params, "refund.updated", call.cause)
    if refund != before:
        ledger.tell("charge.refund.updated", refund, call.cause, earlier(before, refund))
    return refund


def _list(ledger: Ledger, call: Call) -> Json:
    asked = [field_is(name, call.params[name]) for name in _FILTERS if name in call.params]
    return page(ledger, "refund", call, asked)


def _charge(ledger: Ledger, given: Json) -> Json:
    if ("charge" in given) == ("payment_intent" in given):
        message = "You must provide one, and only one, of these parameters: charge, payment_intent."
        raise StripeError(message, code="parameter_missing")
    if "charge" in given:
        return ledger.get("charge", given["charge"], param="charge", status=400)
    intent = ledger.get("payment_intent", given["payment_intent"], param="payment_intent", status=400)
    return refunding.charge_of(ledger, intent)


OPERATIONS = (
    Operation("POST", "/v1/refunds", "refunds.create", _ACCEPTED, _create),
    Operation("GET", "/v1/refunds", "refunds.list", NEWEST_FIRST | _FILTERS, _list),
    Operation("GET", "/v1/refunds/<id>", "refunds.retrieve", {}, _retrieve),
    Operation("POST", "/v1/refunds/<id>", "refunds.update", {"metadata": Metadata()}, _update),
)
