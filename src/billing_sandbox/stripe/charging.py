"""Charging what a customer has saved while the customer is away, as for the invoices of a subscription."""

from billing_sandbox.store import Json
from billing_sandbox.stripe import attempts
from billing_sandbox.stripe.ledger import Cause, Ledger


def charge_off_session(
    ledger: Ledger, customer: str, method: Json | None, given: Json, cause: Cause, *, may_ask: bool = True
) -> Json:
    """A new payment intent and an attempt to pay it; `given` has at least amount and currency.

    Its `status` says how that went: `succeeded` (the charge is `latest_charge`), `requires_payment_method` (declined,
    as `last_payment_error` says, or there is no method to try) or `requires_action` (the bank wants to see the
    cardholder; where nobody `may_ask`, that is the decline `authentication_required`).
    """
    intent = attempts.begin(ledger, cause, {"customer": customer, **given})
    return intent if method is None else charge_again(ledger, intent, method, cause, may_ask=may_ask)


def charge_again(ledger: Ledger, intent: Json, method: Json, cause: Cause, *, may_ask: bool = True) -> Json:
    """Another attempt to pay an intent that is still to be paid."""
    return attempts.attempt(ledger, intent, method, cause, absent=True, may_ask=may_ask)
