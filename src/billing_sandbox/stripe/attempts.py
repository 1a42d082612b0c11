"""Attempts to pay an intent, and what becomes of intent and charge."""

from billing_sandbox.store import Json
from billing_sandbox.stripe import objects
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.ledger import Cause, Ledger

_APPROVED = {
    "network_status": "approved_by_network",
    "reason": None,
    "seller_message": "Payment complete.",
    "type": "authorized",
}
_DECLINED = {
    "network_status": "declined_by_network",
    "reason": "generic_decline",
    "seller_message": "The bank did not return any further details with this decline.",
    "type": "issuer_declined",
}


def begin(ledger: Ledger, cause: Cause, given: Json) -> Json:
    """A new intent."""
    intent = ledger.save(objects.payment_intent(ledger.now(), given))
    ledger.tell("payment_intent.created", intent, cause)
    return intent


def succeed(ledger: Ledger, intent: Json, cause: Cause) -> Json:
    """A card pays the intent."""
    charge = objects.charge(ledger.now(), intent, objects.card("4242"), {"captured": True})
    return _settle(ledger, intent, charge, cause)


def decline(ledger: Ledger, intent: Json, cause: Cause) -> Json:
    """A card is refused; the intent can be tried again."""
    charge = objects.charge(ledger.now(), intent, objects.card("0002"), {})
    return _fail(ledger, intent, charge, cause, code="card_declined", message="Your card was declined.")


def submit(ledger: Ledger, intent: Json, cause: Cause) -> Json:
    """A bank debit is under way; days later it settles or bounces."""
    intent = intent | {"payment_method_types": ["card", "sepa_debit"]}
    charge = ledger.save(objects.charge(ledger.now(), intent, objects.bank_debit(), {}))
    intent |= {
        "status": "processing",
        "latest_charge": charge["id"],
        "payment_method": charge["payment_method"],
        "last_payment_error": None,
    }
    ledger.save(intent)
    ledger.tell("charge.pending", charge, cause)
    ledger.tell("payment_intent.processing", intent, cause)
    return intent


def settle(ledger: Ledger, intent: Json, cause: Cause) -> Json:
    """The bank debit under way is paid."""
    charge = ledger.get("charge", intent["latest_charge"]) | {"captured": True}
    return _settle(ledger, intent, charge, cause)


def bounce(ledger: Ledger, intent: Json, cause: Cause) -> Json:
    """The bank debit under way comes to nothing."""
    charge = ledger.get("charge", intent["latest_charge"])
    message = "The customer's account has insufficient funds to cover this payment."
    return _fail(ledger, intent, charge, cause, code="insufficient_funds", message=message)


def cancel(ledger: Ledger, intent: Json, cause: Cause, reason: str | None) -> Json:
    """The intent shall not be paid any more."""
    intent = intent | {"status": "canceled", "canceled_at": ledger.now(), "cancellation_reason": reason}
    ledger.save(intent)
    ledger.tell("payment_intent.canceled", intent, cause)
    return intent


def _settle(ledger: Ledger, intent: Json, charge: Json, cause: Cause) -> Json:
    charge |= {
        "amount_captured": charge["amount"],
        "balance_transaction": new_id("txn"),
        "outcome": _APPROVED,
        "paid": True,
        "status": "succeeded",
    }
    intent = intent | {
        "amount_received": charge["amount"],
        "last_payment_error": None,
        "latest_charge": charge["id"],
        "payment_method": charge["payment_method"],
        "status": "succeeded",
    }
    ledger.save(charge)
    ledger.save(intent)
    ledger.tell("charge.succeeded", charge, cause)
    ledger.tell("payment_intent.succeeded", intent, cause)
    return intent


def _fail(ledger: Ledger, intent: Json, charge: Json, cause: Cause, *, code: str, message: str) -> Json:
    charge |= {"failure_code": code, "failure_message": message, "outcome": _DECLINED, "status": "failed"}
    intent = intent | {
        "last_payment_error": {
            "charge": charge["id"],
            "code": code,
            "decline_code": "generic_decline",
            "message": message,
            "type": "card_error",
        },
        "latest_charge": charge["id"],
        "payment_method": None,
        "status": "requires_payment_method",
    }
    ledger.save(charge)
    ledger.save(intent)
    ledger.tell("charge.failed", charge, cause)
    ledger.tell("payment_intent.payment_failed", intent, cause)
    return intent
