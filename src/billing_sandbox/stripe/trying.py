"""What trying to pay and trying to save have in common: banks that ask for the cardholder, and tries that fail."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.authentication import next_action
from billing_sandbox.stripe.cards import Decline
from billing_sandbox.stripe.ledger import Cause, Ledger

_OF = {"payment_intent": "payment", "setup_intent": "setup"}
"""The word that Stripe uses for the try of an intent."""


def ask(ledger: Ledger, intent: Json, method: Json, cause: Cause) -> Json:
    """The bank wants to see the cardholder first."""
    kind = intent["object"]
    asked = {
        f"last_{_OF[kind]}_error": None,
        "next_action": next_action(ledger, intent),
        "payment_method": method["id"],
        "status": "requires_action",
    }
    intent = ledger.save(intent | asked)
    ledger.tell(f"{kind}.requires_action", intent, cause)
    return intent


def fail(ledger: Ledger, intent: Json, failure: Json, cause: Cause) -> Json:
    """The try came to nothing; another can be made."""
    kind = intent["object"]
    failed = {
        f"last_{_OF[kind]}_error": failure,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    intent = ledger.save(intent | failed)
    ledger.tell(f"{kind}.{_OF[kind]}_failed", intent, cause)
    return intent


def declined(decline: Decline, method: Json) -> Json:
    """Why a bank said no, as an intent shows it."""
    return {
        "code": decline.code,
        "decline_code": decline.decline_code,
        "message": decline.message,
        "payment_method": method,
        "type": "card_error",
    }
