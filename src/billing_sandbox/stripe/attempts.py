"""Attempts to pay an intent, and what becomes of intent and charge.

Whoever charges what a customer has saved, as for an invoice, begins an intent and attempts it with the customer absent.
"""

from datetime import UTC, datetime

from billing_sandbox.store import Json
from billing_sandbox.stripe import methods, objects, trying
from billing_sandbox.stripe.authentication import asks, unauthenticated
from billing_sandbox.stripe.cards import Decline
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.ledger import Cause, Ledger

_APPROVED = {
    "network_status": "approved_by_network",
    "reason": None,
    "seller_message": "Payment complete.",
    "type": "authorized",
}
_NO_DETAILS = "The bank did not return any further details with this decline."
_ABSENT = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
_EXPIRED = Decline(None, "expired_card", "Your card has expired.")
_BOUNCED = Decline(None, "insufficient_funds", "The customer's account has insufficient funds to cover this payment.")


def begin(ledger: Ledger, cause: Cause, given: Json) -> Json:
    """A new intent."""
    intent = ledger.save(objects.payment_intent(ledger.now(), given))
    ledger.tell("payment_intent.created", intent, cause)
    return intent


def attempt(
    ledger: Ledger, intent: Json, method: Json, cause: Cause, *, absent: bool = False, may_ask: bool = True
) -> Json:
    """Try to pay the intent by this method, with the customer there or `absent`; the intent shows how that went.

    A bank that wants to see the cardholder is waited for, or has declined where nobody `may_ask` the customer.
    """
    methods.check_usable(ledger, method, intent["customer"])
    if method["type"] != "card":
        return submit(ledger, intent, method, cause)
    if asks(ledger, method, absent=absent):
        if may_ask:
            return trying.ask(ledger, intent, method, cause)
        return _decline(ledger, intent, method, cause, _ABSENT)
    return charge(ledger, intent, method, cause)


def charge(ledger: Ledger, intent: Json, method: Json, cause: Cause, *, authenticated: bool = False) -> Json:
    """Have the card's bank pay, which asks no more who is there."""
    test = methods.card_of(ledger, method)
    decline = test.decline if test else None
    if decline is None and _expired(ledger, method):
        decline = _EXPIRED
    if decline:
        return _decline(ledger, intent, method, cause, decline, authenticated=authenticated)
    made = objects.charge(ledger.now(), intent, method, {"captured": True}, authenticated=authenticated)
    return _settle(ledger, intent, made, method, cause)


def submit(ledger: Ledger, intent: Json, method: Json, cause: Cause) -> Json:
    """A bank debit is under way; days later it settles or bounces."""
    intent = intent | {"payment_method_types": ["card", "sepa_debit"]}
    made = ledger.save(objects.charge(ledger.now(), intent, method, {}))
    intent |= {
        "status": "processing",
        "latest_charge": made["id"],
        "payment_method": method["id"],
        "last_payment_error": None,
    }
    ledger.save(intent)
    ledger.tell("charge.pending", made, cause)
    ledger.tell("payment_intent.processing", intent, cause)
    return intent


def settle(ledger: Ledger, intent: Json, cause: Cause) -> Json:
    """The bank debit under way is paid."""
    made = ledger.get("charge", intent["latest_charge"]) | {"captured": True}
    return _settle(ledger, intent, made, ledger.get("payment_method", made["payment_method"]), cause)


def bounce(ledger: Ledger, intent: Json, cause: Cause) -> Json:
    """The bank debit under way comes to nothing."""
    made = ledger.get("charge", intent["latest_charge"])
    return _fail(ledger, intent, made, ledger.get("payment_method", made["payment_method"]), cause, _BOUNCED)


def cancel(ledger: Ledger, intent: Json, cause: Cause, reason: str | None) -> Json:
    """The intent shall not be paid any more."""
    ended = {"status": "canceled", "canceled_at": ledger.now(), "cancellation_reason": reason, "next_action": None}
    intent = ledger.save(intent | ended)
    ledger.tell("payment_intent.canceled", intent, cause)
    return intent


def refuse_holder(ledger: Ledger, intent: Json, cause: Cause) -> Json:
    """The cardholder could not say who they are; the intent can be tried again."""
    failure = unauthenticated("payment_intent", ledger.get("payment_method", intent["payment_method"]))
    return trying.fail(ledger, intent, failure, cause)


def _expired(ledger: Ledger, method: Json) -> bool:
    today = datetime.fromtimestamp(ledger.now(), UTC)
    return (today.year, today.month) > (method["card"]["exp_year"], method["card"]["exp_month"])


def _settle(ledger: Ledger, intent: Json, made: Json, method: Json, cause: Cause) -> Json:
    made |= {
        "amount_captured": made["amount"],
        "balance_transaction": new_id("txn"),
        "outcome": _APPROVED,
        "paid": True,
        "status": "succeeded",
    }
    intent = intent | {
        "amount_received": made["amount"],
        "last_payment_error": None,
        "latest_charge": made["id"],
        "next_action": None,
        "payment_method": made["payment_method"],
        "status": "succeeded",
    }
    _keep_method(ledger, intent, method, cause)
    ledger.save(made)
    ledger.save(intent)
    ledger.tell("charge.succeeded", made, cause)
    ledger.tell("payment_intent.succeeded", intent, cause)
    return intent


def _keep_method(ledger: Ledger, intent: Json, method: Json, cause: Cause) -> None:
    """Save for the customer what was to be saved; anything else has done its work."""
    if intent["setup_future_usage"] and intent["customer"]:
        methods.keep(ledger, method, intent["customer"], cause)
    else:
        methods.spend(ledger, method)
    if intent["setup_future_usage"] == "off_session":
        methods.set_up(ledger, method)


def _decline(
    ledger: Ledger, intent: Json, method: Json, cause: Cause, decline: Decline, *, authenticated: bool = False
) -> Json:
    made = objects.charge(ledger.now(), intent, method, {}, authenticated=authenticated)
    return _fail(ledger, intent, made, method, cause, decline)


def _fail(ledger: Ledger, intent: Json, made: Json, method: Json, cause: Cause, decline: Decline) -> Json:
    outcome = {
        "network_status": "declined_by_network",
        "reason": decline.decline_code or decline.code,
        "seller_message": _NO_DETAILS,
        "type": "issuer_declined",
    }
    made |= {
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": outcome,
        "status": "failed",
    }
    ledger.save(made)
    ledger.tell("charge.failed", made, cause)
    failure = trying.declined(decline, method) | {"charge": made["id"]}
    return trying.fail(ledger, intent | {"latest_charge": made["id"]}, failure, cause)
