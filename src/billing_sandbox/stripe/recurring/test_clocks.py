"""Stripe's test clocks: customers that live by one are billed as it is moved on.

Source: https://docs.stripe.com/billing/testing/test-clocks
"""

from billing_sandbox.store import Json
from billing_sandbox.stripe.ledger import Ledger

KIND = "test_helpers.test_clock"


def ledger_of(ledger: Ledger, document: Json) -> Ledger:
    """The ledger, at the time by which a customer lives, or something of theirs."""
    clock = document.get("test_clock")
    if clock is None or ledger.clock == clock:
        return ledger
    return ledger.on_clock(clock, ledger.get(KIND, clock)["frozen_time"])
