"""What a person does to a subscription in Stripe's dashboard."""

from collections.abc import Callable

from billing_sandbox.store import Json
from billing_sandbox.stripe.ledger import NOBODY, Ledger
from billing_sandbox.stripe.recurring import changes, test_clocks


def cancel(ledger: Ledger, subscription: Json) -> Json:
    """It ends now."""
    return changes.cancel(ledger, subscription, {}, NOBODY)


def cancel_at_period_end(ledger: Ledger, subscription: Json) -> Json:
    """It ends with the period that is paid."""
    return changes.change(ledger, subscription, {"cancel_at_period_end": True}, None, NOBODY)


def keep(ledger: Ledger, subscription: Json) -> Json:
    """It does not end after all."""
    return changes.change(ledger, subscription, {"cancel_at_period_end": False}, None, NOBODY)


ACTS: dict[str, Callable[[Ledger, Json], Json]] = {
    "cancel": cancel,
    "cancel_at_period_end": cancel_at_period_end,
    "keep": keep,
}
"""All of it, by the names that people and programs ask for it."""


def perform(ledger: Ledger, act: str, id: str) -> Json:
    """Do the named thing to the subscription, wholly or not at all."""
    with ledger.store.transaction():
        subscription = ledger.get("subscription", id)
        return ACTS[act](test_clocks.ledger_of(ledger, subscription), subscription)
