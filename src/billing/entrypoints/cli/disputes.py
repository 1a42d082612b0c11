"""Commands that show what customers' banks question."""

from typing import Any

import click

from billing.application.money.disputes import hosting_subjects
from billing.application.parts import read_dispute
from billing.application.unit_of_work import UnitOfWork
from billing.domain.dispute import Dispute, DisputeStatus
from billing.entrypoints.cli.show import AS_JSON, LIMIT, by_status, show, show_one
from billing.entrypoints.startup import start_command


@click.group()
def disputes() -> None:
    """Payments that customers' banks question or took back; what the bank is told is up to the provider's dashboard."""


@disputes.command("list")
@by_status(DisputeStatus)
@click.option("--before", metavar="ID", help="Only older ones than this dispute: the next page.")
@LIMIT
@AS_JSON
def list_disputes(status: str | None, before: str | None, limit: int, as_json: bool) -> None:
    """Newest first."""
    wanted = DisputeStatus(status) if status else None
    found = start_command().ledger().read(lambda uow: uow.orders.disputes(wanted, before, limit))
    rows = [_facts(dispute) if as_json else _brief(dispute) for dispute in found]
    show(as_json, rows, "disputes")


@disputes.command("show")
@click.argument("dispute_id")
@AS_JSON
def show_dispute(dispute_id: str, as_json: bool) -> None:
    """All that is known of DISPUTE_ID, and what became of hosting because of it."""

    def look(uow: UnitOfWork) -> dict[str, Any]:
        order, _, dispute = read_dispute(uow, dispute_id)
        jobs = [f"{job.kind} {job.id}: {job.status}" for job in uow.jobs.of_subjects(hosting_subjects(order, dispute))]
        return {**_facts(dispute), "order": order.number, "order_id": order.id, "jobs": jobs}

    facts = start_command().ledger().read(look)
    show_one(as_json, facts)


def _facts(dispute: Dispute) -> dict[str, Any]:
    return {
        "id": dispute.id,
        "payment_id": dispute.payment_id,
        "provider_id": dispute.dispute_ref,
        "amount": str(dispute.amount),
        "reason": dispute.reason,
        "status": dispute.status,
        "why": dispute.why,
        "withdrawn": str(dispute.withdrawn),
        "reinstated": str(dispute.reinstated),
        "respond_by": dispute.respond_by,
        "item_ids": list(dispute.item_ids),
        "created_at": dispute.created_at,
    }


def _brief(dispute: Dispute) -> dict[str, Any]:
    facts = _facts(dispute)
    return {
        name: facts[name] for name in ("id", "payment_id", "amount", "reason", "status", "respond_by", "created_at")
    }
