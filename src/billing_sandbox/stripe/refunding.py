"""Giving a charge's money back, and what becomes of refund and charge.

A refund's sum counts as `amount_refunded` from the moment it is made, pending or not, until it has failed.
"""

from billing_sandbox.store import Json
from billing_sandbox.stripe import disputing, objects, outcomes
from billing_sandbox.stripe.errors import RecordedError, StripeError
from billing_sandbox.stripe.ids import new_id, scramble
from billing_sandbox.stripe.ledger import NOBODY, Cause, Ledger
from billing_sandbox.stripe.money import show

_PENDING: Json = {"balance_transaction": None, "pending_reason": "processing", "status": "pending"}


class RefundOver(Exception):
    """The refund is not in a state in which this can happen."""


def charge_of(ledger: Ledger, intent: Json) -> Json:
    """The charge that paid the intent; refused where none did."""
    if intent["status"] != "succeeded":
        message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        raise StripeError(message, param="payment_intent")
    return ledger.get("charge", intent["latest_charge"])


def refund(ledger: Ledger, charge: Json, asked: Json, cause: Cause) -> Json:
    """Give back what is asked, at least `amount` or all that is left, as far as nothing else is ordered."""
    amount = _refundable(charge, asked.get("amount"))
    if not disputing.is_refundable(ledger, charge):
        raise outcomes.REFUSALS["charge_disputed"](charge)
    outcome = outcomes.take(ledger.store)
    if outcome in outcomes.REFUSALS:
        raise outcomes.REFUSALS[outcome](charge)
    given = {name: value for name, value in asked.items() if name in ("metadata", "reason")}
    given |= {"amount": amount} | (_PENDING if outcome == "pending" else {})
    refund = ledger.save(objects.refund(ledger.now(), charge, given))
    ledger.tell("refund.created", refund, cause)
    previous = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    ledger.tell("charge.refunded", _recount(ledger, charge, amount), cause, previous)
    return refund if outcome == "pending" else _update(ledger, refund, _referenced(), cause)


def refund_by_hand(ledger: Ledger, intent_id: str, asked: Json) -> Json:
    """Give money back as a person does in the dashboard: nothing on the refund says that it is anybody's."""
    with ledger.store.transaction():
        charge = charge_of(ledger, ledger.get("payment_intent", intent_id))
        try:
            return refund(ledger, charge, asked, NOBODY)
        except RecordedError as error:
            refusal = error
    raise refusal


def succeed(ledger: Ledger, refund: Json) -> Json:
    """The money under way has arrived."""
    if refund["status"] != "pending":
        raise RefundOver(f"the refund is {refund['status']}, not pending")
    settled = {"balance_transaction": new_id("txn"), "pending_reason": None, "status": "succeeded"}
    return _update(ledger, refund, settled | _referenced(), NOBODY)


def fail(ledger: Ledger, refund: Json) -> Json:
    """The customer's bank takes the money not, or sends it back after all."""
    if refund["status"] not in ("pending", "succeeded"):
        raise RefundOver(f"the refund has {refund['status']} already")
    failure: Json = {"failure_reason": "expired_or_canceled_card", "status": "failed"}
    if refund["status"] == "pending":
        failure |= {"pending_reason": None}
    else:
        failure |= {"failure_balance_transaction": new_id("txn")}
    _recount(ledger, ledger.get("charge", refund["charge"]), -refund["amount"])
    refund = _update(ledger, refund, failure, NOBODY)
    ledger.tell("refund.failed", refund, NOBODY)
    return refund


def _refundable(charge: Json, amount: int | None) -> int:
    """The sum to give back; refused where there is not as much."""
    if charge["status"] != "succeeded":
        raise StripeError(f"Charge {charge['id']} is not in a state that can be refunded.", param="charge")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise StripeError(message, code="charge_already_refunded")
    if amount is not None and amount > left:
        # What Stripe answered where it was recorded has no `code`, although its list knows `amount_too_large`.
        asked, rest = show(amount, charge["currency"]), show(left, charge["currency"])
        message = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})"
        raise StripeError(message, param="amount")
    return left if amount is None else amount


def _referenced() -> Json:
    """Where the card's network keeps trace of the refund, known a while after it was made."""
    card = {"reference": scramble(16), "reference_status": "available", "type": "refund"}
    return {"destination_details": {"card": card, "type": "card"}}


def _update(ledger: Ledger, refund: Json, changes: Json, cause: Cause) -> Json:
    previous = {name: refund.get(name) for name in changes}
    refund = ledger.save(refund | changes)
    for type in ("refund.updated", "charge.refund.updated"):
        ledger.tell(type, refund, cause, previous)
    return refund


def _recount(ledger: Ledger, charge: Json, more: int) -> Json:
    amount = charge["amount_refunded"] + more
    return ledger.save(charge | {"amount_refunded": amount, "refunded": amount == charge["amount_captured"]})
