"""A call to Stripe ends by its deadline, however slowly the answer drips in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeGateway
from billing.application.outcomes import OutcomeUnknown, RetryLater
from tests.contracts.payment_gateway import an_order_to_pay
from tests.integration import drips
from tests.integration.drips import SLOW, ending_in_time


@contextmanager
def dripping(at_once: bytes, drip: bytes) -> Iterator[StripeGateway]:
    """A Stripe of that kind."""
    with drips.dripping(at_once, drip) as address:
        yield StripeGateway(
            api_key="sk_test_example",
            livemode=False,
            webhook_secrets=["whsec_example"],
            api_base=address,
            installation=lambda: "ins_ours",
            now=lambda: datetime.now(UTC),
            telemetry=MemoryTelemetry(),
        )


@SLOW
def test_nobody_knows_the_outcome_of_a_write_whose_answer_drips(at_once: bytes, drip: bytes) -> None:
    with dripping(at_once, drip) as gateway:
        order, payment = an_order_to_pay(datetime.now(UTC), "stripe")
        with ending_in_time() as deadline, pytest.raises(OutcomeUnknown):
            gateway.start(order, payment, deadline)


@SLOW
def test_a_read_whose_answer_drips_is_tried_again_later(at_once: bytes, drip: bytes) -> None:
    with dripping(at_once, drip) as gateway:
        _, payment = an_order_to_pay(datetime.now(UTC), "stripe")
        payment.bind("cs_test_1", None)
        with ending_in_time() as deadline, pytest.raises(RetryLater):
            gateway.check(payment, deadline)
