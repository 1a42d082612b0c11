"""A call to Stripe ends by its deadline, however slowly the answer drips in."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

import pytest

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeGateway
from billing.application.outcomes import Deadline, OutcomeUnknown, RetryLater
from tests.contracts.payment_gateway import an_order_to_pay

SECONDS = 0.4
SLACK_SECONDS = 1.0
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextmanager
def dripping(at_once: bytes, drip: bytes) -> Iterator[StripeGateway]:
    """A Stripe that answers some bytes at once, and then a little every 50 ms until nobody listens."""
    over = Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(at_once)
                while not over.wait(0.05):
                    connection.sendall(drip)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve)
        thread.start()
        yield StripeGateway(
            api_key="sk_test_example",
            livemode=False,
            webhook_secrets=["whsec_example"],
            api_base=f"http://127.0.0.1:{listener.getsockname()[1]}",
            installation=lambda: "ins_ours",
            now=lambda: datetime.now(UTC),
            telemetry=MemoryTelemetry(),
        )
        over.set()
        thread.join()


SLOW = pytest.mark.parametrize(
    ("at_once", "drip"),
    [(b"HTTP", b"/"), (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"), (HEAD, b" "), (CHUNKED, b"1\r\n \r\n")],
    ids=["status line", "headers", "body", "chunks"],
)


@SLOW
def test_nobody_knows_the_outcome_of_a_write_whose_answer_drips(at_once: bytes, drip: bytes) -> None:
    with dripping(at_once, drip) as gateway:
        order, payment = an_order_to_pay(datetime.now(UTC), "stripe")
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            gateway.start(order, payment, Deadline.after(SECONDS, time.monotonic))
        assert SECONDS / 2 < time.monotonic() - began < SECONDS + SLACK_SECONDS


@SLOW
def test_a_read_whose_answer_drips_is_tried_again_later(at_once: bytes, drip: bytes) -> None:
    with dripping(at_once, drip) as gateway:
        _, payment = an_order_to_pay(datetime.now(UTC), "stripe")
        payment.bind("cs_test_1", None)
        began = time.monotonic()
        with pytest.raises(RetryLater):
            gateway.check(payment, Deadline.after(SECONDS, time.monotonic))
        assert SECONDS / 2 < time.monotonic() - began < SECONDS + SLACK_SECONDS
