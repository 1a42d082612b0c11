"""Commands that look into the ledger, and the one that sends a job on its way again."""

from collections.abc import Sequence
from typing import Any

import click

from billing.application.unit_of_work import UnitOfWork
from billing.domain.job import Job, JobKind, JobStatus
from billing.domain.order import Order
from billing.entrypoints.cli.show import AS_JSON, operator, say, show
from billing.entrypoints.startup import start_command

LIMIT = click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)


@click.group()
def orders() -> None:
    """Orders and their history."""


@orders.command("show")
@click.argument("order_id")
@AS_JSON
def show_order(order_id: str, as_json: bool) -> None:
    """Everything about ORDER_ID: items, payments, jobs, and every move with who made it and why."""
    order, moves, jobs = start_command().ledger().read(lambda uow: _whole(uow, order_id))
    if as_json:
        say(True, {**_order(order), "items": _items(order), "payments": _payments(order),
                   "refunds": _refunds(order), "jobs": jobs, "history": moves}, "")  # fmt: skip
        return
    click.echo("{number}  {status}  {total}  ({id})".format(**_order(order)))
    if order.why:
        click.echo(f"a person must look: {order.why}")
    for title, rows in (
        ("items", _items(order)),
        ("payments", _payments(order)),
        ("refunds", _refunds(order)),
        ("jobs", jobs),
        ("history", moves),
    ):
        click.echo()
        show(False, rows, title)


def _whole(uow: UnitOfWork, order_id: str) -> tuple[Order, list[dict[str, Any]], list[dict[str, Any]]]:
    order = uow.orders.get(order_id)
    ids = [order.id, *(item.id for item in order.items), *(payment.id for payment in order.payments)]
    ids += [refund.id for payment in order.payments for refund in payment.refunds]
    ids += [item.subscription_id for item in order.items if item.subscription_id]
    moves = [
        {"at": move.at, "what": f"{move.entity} {move.entity_id}", "from": move.before, "to": move.after,
         "why": move.why, "by": move.by}
        for move in uow.history.of(ids)
    ]  # fmt: skip
    return order, moves, [_job(job) for job in uow.jobs.of_subjects(ids)]


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "number": order.number,
        "status": order.status,
        "why": order.why,
        "total": str(order.total),
        "customer_id": order.customer_id,
        "created_at": order.created_at,
        "expires_at": order.expires_at,
        "paid_at": order.paid_at,
    }


def _items(order: Order) -> list[dict[str, Any]]:
    return [
        {"id": i.id, "what": str(i.what), "price": str(i.price), "status": i.status, "why": i.attention or i.why}
        for i in order.items
    ]


def _payments(order: Order) -> list[dict[str, Any]]:
    return [
        {"id": p.id, "gateway": p.gateway, "amount": str(p.amount), "status": p.status, "why": p.why,
         "surplus": p.surplus or None, "session": p.session_ref, "payment": p.payment_ref}
        for p in order.payments
    ]  # fmt: skip


def _refunds(order: Order) -> list[dict[str, Any]]:
    return [
        {"id": r.id, "payment": p.id, "amount": str(r.amount), "cause": r.cause, "status": r.status,
         "why": r.attention or r.why or r.reason}
        for p in order.payments
        for r in p.refunds
    ]  # fmt: skip


@click.group()
def jobs() -> None:
    """Jobs: what is to be done, is done, or could not be."""


@jobs.command("list")
@click.option("--status", type=click.Choice([status.value for status in JobStatus]))
@click.option("--kind", type=click.Choice([kind.value for kind in JobKind]))
@click.option("--before", metavar="ID", help="Only older ones than this job: the next page.")
@LIMIT
@AS_JSON
def list_jobs(status: str | None, kind: str | None, before: str | None, limit: int, as_json: bool) -> None:
    """Newest first."""
    wanted = (JobStatus(status) if status else None, JobKind(kind) if kind else None)
    found = start_command().ledger().read(lambda uow: uow.jobs.page(*wanted, before, limit))
    show(as_json, [_job(job) for job in found], "jobs")


@jobs.command("show")
@click.argument("job_id")
@AS_JSON
def show_job(job_id: str, as_json: bool) -> None:
    """All that is known of JOB_ID."""
    job = start_command().ledger().read(lambda uow: uow.jobs.get(job_id))
    facts = {
        **_job(job),
        "dedup_key": job.dedup_key,
        "claim_no": job.claim_no,
        "claimed_at": job.claimed_at,
        "lease_until": job.lease_until,
        "waiting_since": job.waiting_since,
        "context": dict(job.context),
    }
    if as_json:
        say(True, facts, "")
    else:
        show(False, [{"field": name, "value": value} for name, value in facts.items()])


@jobs.command()
@click.argument("job_ids", metavar="JOB_ID...", nargs=-1, required=True)
@AS_JSON
def retry(job_ids: Sequence[str], as_json: bool) -> None:
    """Send dead or waiting jobs on their way again, with all their attempts, and what was parked for them."""
    retry_job = start_command().retry_job()
    show(as_json, [_job(retry_job(job_id, operator())) for job_id in job_ids], "on their way")


def _job(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "subject": job.subject,
        "status": job.status,
        "attempts": job.attempts,
        "due_at": job.due_at,
        "finished_at": job.finished_at,
        "why": job.why,
    }


@click.group()
def events() -> None:
    """Notifications that providers sent."""


@events.command("show")
@click.argument("gateway")
@click.argument("event_id")
@AS_JSON
def show_event(gateway: str, event_id: str, as_json: bool) -> None:
    """What became of the notification that GATEWAY calls EVENT_ID; its body is never shown."""
    found = start_command().ledger().read(lambda uow: uow.inbox.find(gateway, event_id))
    if found is None:
        raise click.ClickException(f"{gateway} has told us nothing under {event_id}")
    facts = {
        "id": found.id,
        "type": found.type,
        "status": found.status,
        "why": found.why,
        "attempts": found.attempts,
        "verdict": found.verdict,
        "received_at": found.received_at,
        "processed_at": found.processed_at,
    }
    say(as_json, facts, "{type}: {status} ({why})\nreceived {received_at}, {verdict}; processed {processed_at}")
