"""The books that are left of a year: here, at Stripe, and with the customer."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from billing.application.unit_of_work import UnitOfWork
from billing.domain import JobStatus, Order
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
        subscription=(subscription["plan"], subscription["status"], walk.end_day),
        orders=[_order(order) for order in _orders(walk)],
        invoices=[_invoice(invoice) for invoice in stripe["invoices"]],
        mails=dict(Counter(_NUMBER.sub("{order}", mail["subject"]) for mail in mails)),
    )


def require_agreement(walk: Walk) -> None:
    """Every payment of ours is a charge of Stripe's of that very sum, and the other way round; nobody must look."""
    walk.see(lambda: _is_quiet(walk))
    paid = [payment for order in _orders(walk) for payment in order.payments]
    ours = sorted((payment.payment_ref, payment.received.minor) for payment in paid if payment.received)
    stripe = walk.stripe
    intents = sorted((one["id"], one["amount_received"]) for one in stripe["payment_intents"] if one["amount_received"])
    charges = sorted((one["payment_intent"], one["amount_captured"]) for one in stripe["charges"] if one["paid"])
    assert ours == intents == charges, f"{ours} here, {intents} were paid at Stripe by {charges}"
    assert walk.now["attention"] is None
    for look in (["reconcile", "--since", "30d"], ["alerts", "list"]):
        found = walk.shop.command(*look, "--json")
        assert found == "[]\n", found


def _orders(walk: Walk) -> Sequence[Order]:
    """Oldest first."""
    return walk.shop.container.ledger().read(lambda uow: uow.orders.page(None, None, None, 100))[::-1]


def _order(order: Order) -> tuple[str, str, int, int]:
    received = sum(payment.received.minor for payment in order.payments if payment.received)
    return f"{order.created_at:%Y-%m-%d}", order.status.value, order.total.minor, received


def _invoice(invoice: Any) -> tuple[str, str, str, int, int]:
    day = datetime.fromtimestamp(invoice["created"], UTC).date().isoformat()
    return day, invoice["billing_reason"], invoice["status"], invoice["amount_paid"], invoice["attempt_count"]


def _is_quiet(walk: Walk) -> bool:
    """All is told and done, and a job that ended meanwhile has made Stripe tell nothing more."""
    told = walk.stripe["events"]
    is_done = walk.telling.is_through(told) and walk.shop.container.ledger().read(_nothing_is_due)
    return is_done and len(walk.stripe["events"]) == len(told)


def _nothing_is_due(uow: UnitOfWork) -> bool:
    running = uow.jobs.page(JobStatus.RUNNING, None, None, 1)
    queued = uow.jobs.page(JobStatus.QUEUED, None, None, 100)
    return not running and all(job.due_at > uow.now() + SOON for job in queued)
