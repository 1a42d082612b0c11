"""What the ledger says after a run, read with one's own eyes: no use case in between."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from billing.adapters.sql.engine import BEGIN as HOW
from billing.adapters.sql.engine import READING, make_engine
from billing.adapters.sql.tables import orders, payments, registrations, subscriptions
from billing.adapters.sql.work_tables import inbox_events, jobs, open_job
from billing.domain.job import JobKind, JobStatus
from billing.domain.order_status import OrderStatus
from billing.domain.payment import PaymentStatus
from tests.integration.whole.installation import Installation

_WORK = tuple(kind for kind in JobKind if kind is not JobKind.CHECK_PAYMENT)


@contextmanager
def looking(installation: Installation) -> Iterator[Connection]:
    """A connection to its ledger, to read."""
    engine = make_engine(installation.settings["BILLING_DATABASE_URL"])
    try:
        with engine.connect().execution_options(**{HOW: READING}) as connection:
            yield connection
    finally:
        engine.dispose()


def open_jobs(installation: Installation) -> int:
    """How many jobs are yet to end, questions about unpaid attempts apart: those wait for their time."""
    with looking(installation) as ledger:
        return ledger.scalar(select(func.count()).where(open_job, jobs.c.kind.in_(_WORK))) or 0


@dataclass(frozen=True)
class JobTrace:
    """The life of one job; `heard_at` is when the notification came that made it necessary."""

    kind: str
    status: str
    attempts: int
    claim_no: int
    created_at: datetime
    claimed_at: datetime | None
    finished_at: datetime | None
    heard_at: datetime | None
    subject: str


def traces(installation: Installation) -> Sequence[JobTrace]:
    """Every job but the questions about attempts."""
    with looking(installation) as ledger:
        known = ledger.execute(select(inbox_events.c.event_id, inbox_events.c.received_at))
        heard = {row.event_id: row.received_at for row in known}
        found = ledger.execute(select(jobs).where(jobs.c.kind.in_(_WORK))).all()
    return [
        JobTrace(
            row.kind,
            row.status,
            row.attempts,
            row.claim_no,
            row.created_at,
            row.claimed_at,
            row.finished_at,
            heard.get(row.context.get("event_id", "")),
            row.subject,
        )
        for row in found
    ]


def start_lags(found: Sequence[JobTrace], kind: JobKind) -> Sequence[float]:
    """Seconds from the notification's arrival to the first claim; jobs that were claimed again don't tell theirs."""
    return [
        (job.claimed_at - (job.heard_at or job.created_at)).total_seconds()
        for job in found
        if job.kind == kind and job.claim_no == 1 and job.claimed_at is not None
    ]


def ends(found: Sequence[JobTrace]) -> Mapping[str, Any]:
    """How many ended well, by themselves, after how many tries."""
    statuses = Counter(str(job.status) for job in found)
    return {
        "jobs": len(found),
        "by_status": dict(statuses),
        "share_ended_well": round(statuses[JobStatus.SUCCEEDED] / len(found), 5) if found else None,
        "needed_another_try": sum(job.attempts > 0 for job in found),
    }


def duplicates(installation: Installation, bought: int) -> Mapping[str, int]:
    """What happened more than once, and what did not happen: all zero."""
    registered = installation.control("GET", "/state")["registry"]["domains"]
    with looking(installation) as ledger:
        completed = ledger.scalar(select(func.count()).where(orders.c.status == OrderStatus.COMPLETED))
        paid = ledger.scalar(select(func.count()).where(payments.c.status == PaymentStatus.SUCCEEDED))
        surplus = ledger.scalar(select(func.count()).where(payments.c.surplus))
        held = ledger.execute(select(registrations.c.name, func.count()).group_by(registrations.c.name)).all()
        hosted = ledger.scalar(select(func.count()).select_from(subscriptions))
    return {
        "names_created_twice": sum(domain["creates"] > 1 for domain in registered),
        "names_held_twice": sum(number > 1 for _, number in held),
        "surplus_payments": surplus or 0,
        "payments_lost": bought - (paid or 0),
        "orders_not_completed": bought - (completed or 0),
        "subscriptions_too_many": (hosted or 0) - bought,
    }
