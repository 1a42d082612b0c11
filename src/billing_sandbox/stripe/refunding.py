"""Giving a charge's money back, and what becomes of refund and charge."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ids import new_id, scramble
from billing_sandbox.stripe.ledger import NOBODY, Cause, Ledger
from billing_sandbox.stripe.money import show


class RefundOver(Exception):
    """The refund has failed already."""


def refundable(charge: Json, amount: int | None) -> int:
    """The sum to give back: what is asked for, or all that is left; refused where there is not as much."""
    if charge["status"] != "succeeded":
        raise StripeError(f"Charge {charge['id']} is not in a state that can be refunded.", param="charge")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise StripeError(message, code="charge_already_refunded")
    if amount is not None and amount > left:
        asked, rest = show(amount, charge["currency"]), show(left, charge["currency"])
        message = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})"
        raise StripeError(message, param="amount")
    return left if amount is None else amount


def refund(ledger: Ledger, charge: Json, refund: Json, cause: Cause) -> Json:
    """Give the refund's sum back."""
    ledger.save(refund)
    ledger.tell("refund.created", refund, cause)
    charge = _recount(ledger, charge, refund["amount"])
    ledger.tell("charge.refunded", charge, cause)
    card = {"reference": scramble(16), "reference_status": "available", "type": "refund"}
    previous = {"destination_details": refund["destination_details"]}
    refund = ledger.save(refund | {"destination_details": {"card": card, "type": "card"}})
    ledger.tell("refund.updated", refund, cause, previous)
    return refund


def fail(ledger: Ledger, refund: Json) -> Json:
    """The customer's bank sends the money back: the refund has failed after all."""
    if refund["status"] == "failed":
        raise RefundOver("the refund has failed already")
    previous = {"status": refund["status"]}
    failure = {"failure_balance_transaction": new_id("txn"), "failure_reason": "expired_or_canceled_card"}
    refund = ledger.save(refund | failure | {"status": "failed"})
    _recount(ledger, ledger.get("charge", refund["charge"]), -refund["amount"])
    ledger.tell("refund.updated", refund, NOBODY, previous)
    ledger.tell("refund.failed", refund, NOBODY)
    return refund


def _recount(ledger: Ledger, charge: Json, more: int) -> Json:
    amount = charge["amount_refunded"] + more
    return ledger.save(charge | {"amount_refunded": amount, "refunded": amount == charge["amount_captured"]})
