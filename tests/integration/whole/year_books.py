"""The books that are left of a year: here, at Stripe, and with the customer."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from billing.application.unit_of_work import UnitOfWork
from billing.domain import JobStatus
from tests.integration.whole.walked_year import Walk

SOON = timedelta(minutes=30)
"""A job that is due later waits for the time of day."""
_NUMBER = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}\b")


class Books(NamedTuple):
    """Comparable with those of another installation: without ids, numbers and seconds."""

    subscription: tuple[str, str, str]
    """Plan, status, and until when."""
    orders: list[tuple[str, str, int, int]]
    """Oldest first: day, status, price, received."""
    invoices: list[tuple[str, str, str, int, int]]
    """At Stripe, oldest first: day, reason, status, paid, and how often it was tried."""
    mails: dict[str, int]
    """How many of each subject, whoever got them."""


def books_of(walk: Walk) -> Books:
    """Once there is nothing more to be done."""
    walk.see(lambda: _is_quiet(walk))
    subscription, stripe = walk.now, walk.stripe
    mails = walk.shop.control("GET", "/state")["mail"]
    assert len({mail["message_id"] for mail in mails}) == len(mails)
    return Books(
        subscription=(subscription["plan"], subscription["status"], f"{walk.end:%Y-%m-%d}"),
        orders=[_order(walk, order) for order in _orders(walk)],
        invoices=[_invoice(invoice) for invoice in stripe["invoices"]],
        mails=dict(Counter(_NUMBER.sub("{order}", mail["subject"]) for mail in mails)),
    )


def require_agreement(walk: Walk) -> None:
    """Every payment of ours is a charge of Stripe's of that very sum, and the other way round; nobody must look."""
    paid = [payment for order in walk.shop.container.ledger().read(_every_order) for payment in order.payments]
    ours = sorted((payment.payment_ref, payment.received.minor) for payment in paid if payment.received)
    intents = [(one["id"], one["amount_received"]) for one in walk.stripe["payment_intents"] if one["amount_received"]]
    captured = [(one["payment_intent"], one["amount_captured"]) for one in walk.stripe["charges"] if one["paid"]]
    assert ours == sorted(intents) == sorted(captured)
    assert walk.now["attention"] is None
    assert walk.shop.command("reconcile", "--since", "30d", "--json") == "[]\n"
    assert walk.shop.command("alerts", "list", "--json") == "[]\n"


def _orders(walk: Walk) -> list[Any]:
    found: list[Any] = walk.shop.get(f"/v1/orders?customer_id={walk.shop.customer()}")["data"]
    return found[::-1]


def _order(walk: Walk, order: Any) -> tuple[str, str, int, int]:
    (payment,) = [one for one in walk.shop.container.ledger().read(_every_order) if one.id == order["id"]][0].payments
    received = payment.received.minor if payment.received else 0
    return order["created_at"][:10], order["status"], order["total"]["amount"], received


def _invoice(invoice: Any) -> tuple[str, str, str, int, int]:
    day = datetime.fromtimestamp(invoice["created"], UTC).date().isoformat()
    return day, invoice["billing_reason"], invoice["status"], invoice["amount_paid"], invoice["attempt_count"]


def _every_order(uow: UnitOfWork) -> Any:
    return uow.orders.page(None, None, None, 100)


def _is_quiet(walk: Walk) -> bool:
    return walk.shop.container.ledger().read(_nothing_is_due)


def _nothing_is_due(uow: UnitOfWork) -> bool:
    running = uow.jobs.page(JobStatus.RUNNING, None, None, 1)
    queued = uow.jobs.page(JobStatus.QUEUED, None, None, 100)
    return not running and all(job.due_at > uow.now() + SOON for job in queued)
