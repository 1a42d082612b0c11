"""Intents to save a method: confirmed with it, authenticated, given up."""

from billing_sandbox.store import Json
from billing_sandbox.stripe import methods, objects
from billing_sandbox.stripe.authentication import asks, next_action, unauthenticated
from billing_sandbox.stripe.cards import Decline
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.ledger import Cause, Ledger


def begin(ledger: Ledger, cause: Cause, given: Json) -> Json:
    """A new intent."""
    intent = ledger.save(objects.setup_intent(ledger.now(), given))
    ledger.tell("setup_intent.created", intent, cause)
    return intent


def attempt(ledger: Ledger, intent: Json, method: Json, cause: Cause) -> Json:
    """Save the method; the intent shows how that went."""
    methods.check_usable(ledger, method, intent["customer"])
    intent = intent | {"latest_attempt": new_id("setatt")}
    test = methods.card_of(ledger, method)
    if test is not None and test.decline and not test.saves:
        return _fail(ledger, intent, _declined(test.decline, method), cause)
    if asks(ledger, method, absent=False):
        return _ask(ledger, intent, method, cause)
    return succeed(ledger, intent, method, cause)


def succeed(ledger: Ledger, intent: Json, method: Json, cause: Cause) -> Json:
    """The method is saved, for the customer if there is one."""
    if intent["customer"]:
        method = methods.keep(ledger, method, intent["customer"], cause)
    if intent["usage"] == "off_session":
        methods.set_up(ledger, method)
    done = {
        "last_setup_error": None,
        "next_action": None,
        "payment_method": method["id"],
        "status": "succeeded",
    }
    intent = ledger.save(intent | done)
    ledger.tell("setup_intent.succeeded", intent, cause)
    return intent


def refuse_holder(ledger: Ledger, intent: Json, cause: Cause) -> Json:
    """The cardholder could not say who they are; the intent can be tried again."""
    method = ledger.get("payment_method", intent["payment_method"])
    return _fail(ledger, intent, unauthenticated("setup_intent", method), cause)


def cancel(ledger: Ledger, intent: Json, cause: Cause, reason: str | None) -> Json:
    """Nothing shall be saved by this intent any more."""
    intent = ledger.save(intent | {"status": "canceled", "cancellation_reason": reason, "next_action": None})
    ledger.tell("setup_intent.canceled", intent, cause)
    return intent


def _ask(ledger: Ledger, intent: Json, method: Json, cause: Cause) -> Json:
    asked = {
        "last_setup_error": None,
        "next_action": next_action(ledger, intent),
        "payment_method": method["id"],
        "status": "requires_action",
    }
    intent = ledger.save(intent | asked)
    ledger.tell("setup_intent.requires_action", intent, cause)
    return intent


def _fail(ledger: Ledger, intent: Json, failure: Json, cause: Cause) -> Json:
    failed = {
        "last_setup_error": failure,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    intent = ledger.save(intent | failed)
    ledger.tell("setup_intent.setup_failed", intent, cause)
    return intent


def _declined(decline: Decline, method: Json) -> Json:
    return {
        "code": decline.code,
        "decline_code": decline.decline_code,
        "message": decline.message,
        "payment_method": method,
        "type": "card_error",
    }
