"""Intents to save a method: confirmed with it, authenticated, given up."""

from billing_sandbox.store import Json
from billing_sandbox.stripe import methods, objects, trying
from billing_sandbox.stripe.authentication import asks, unauthenticated
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
        return trying.fail(ledger, intent, trying.declined(test.decline, method), cause)
    if asks(ledger, method, absent=False):
        return trying.ask(ledger, intent, method, cause)
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
    return trying.fail(ledger, intent, unauthenticated("setup_intent", method), cause)


def cancel(ledger: Ledger, intent: Json, cause: Cause, reason: str | None) -> Json:
    """Nothing shall be saved by this intent any more."""
    intent = ledger.save(intent | {"status": "canceled", "cancellation_reason": reason, "next_action": None})
    ledger.tell("setup_intent.canceled", intent, cause)
    return intent
