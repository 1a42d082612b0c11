"""Time moved on: what was due meanwhile happens in order, on the sandbox's own clock or on a test clock."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import checkout
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Cause, Ledger
from billing_sandbox.stripe.recurring import agenda, standing, subscriptions
from billing_sandbox.stripe.recurring.periods import Cycle
from billing_sandbox.stripe.recurring.test_clocks import KIND
from billing_sandbox.stripe.recurring.wiring import TASKS

_INTERVALS_MAX = 2
_LEFT_TO_DO = ("active", "past_due", "trialing", "unpaid")


def catch_up(ledger: Ledger) -> None:
    """Do all that is due by now on the sandbox's own clock."""
    checkout.expire_due(ledger)
    agenda.run(ledger, TASKS)


def advance(ledger: Ledger, clock: Json, frozen_time: int, cause: Cause) -> Json:
    """Move a test clock; it is ready again by the time anybody asks."""
    _check(ledger, clock, frozen_time)
    advancing = clock | {"frozen_time": frozen_time, "status": "advancing"}
    ledger.tell(f"{KIND}.advancing", advancing, cause)
    agenda.run_clock(ledger, clock["id"], frozen_time, TASKS)
    ready = ledger.save(advancing | {"status": "ready"})
    ledger.tell(f"{KIND}.ready", ready, cause)
    return advancing


def delete(ledger: Ledger, clock: Json, cause: Cause) -> Json:
    """Forget the clock and whoever lived by it."""
    on_clock = ledger.on_clock(clock["id"], clock["frozen_time"])
    for customer in ledger.find("customer", [field_is("test_clock", clock["id"])]):
        standing.customer_deleted(on_clock, customer, cause)
        ledger.save({"id": customer["id"], "object": "customer", "deleted": True})
    ledger.store.delete(KIND, clock["id"])
    ledger.tell(f"{KIND}.deleted", clock, cause)
    return {"id": clock["id"], "object": KIND, "deleted": True}


def _check(ledger: Ledger, clock: Json, frozen_time: int) -> None:
    if frozen_time <= clock["frozen_time"]:
        message = "The frozen time must be after the test clock's current frozen time."
        raise StripeError(message, param="frozen_time")
    for subscription in ledger.find("subscription", [field_is("test_clock", clock["id"])]):
        if subscription["status"] not in _LEFT_TO_DO:
            continue
        rhythm = subscriptions.cycle(subscription).rhythm
        if frozen_time > Cycle(clock["frozen_time"], rhythm).boundary(_INTERVALS_MAX):
            message = "You can only advance a test clock by two intervals of its shortest subscription at a time."
            raise StripeError(message, param="frozen_time")
