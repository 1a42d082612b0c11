"""Commands that decide about money: refunds, and payments that brought another sum than was asked."""

from typing import Any

import click

from billing.application.money.refunds import pay_to
from billing.application.money.resolving import Resolution
from billing.application.parts import read_refund
from billing.application.unit_of_work import UnitOfWork
from billing.domain.money import Money
from billing.domain.refund import Refund, RefundStatus
from billing.entrypoints.cli.show import AS_JSON, LIMIT, by_status, operator, say, show, show_one
from billing.entrypoints.startup import start_command


@click.group()
def payments() -> None:
    """Payments that a person must decide about."""


@payments.command()
@click.argument("payment_id")
@click.argument("resolution", type=click.Choice([resolution.value for resolution in Resolution]))
@AS_JSON
def resolve(payment_id: str, resolution: str, as_json: bool) -> None:
    """Accept the sum that PAYMENT_ID brought and deliver, or refund all of it."""
    payment = start_command().resolve_payment()(payment_id, Resolution(resolution), operator())
    facts = {"id": payment.id, "status": payment.status, "received": str(payment.received), "surplus": payment.surplus}
    say(as_json, facts, "{id} is {status}, {received} received")


@click.group()
def refunds() -> None:
    """Money on its way back."""


@refunds.command()
@click.argument("payment_id")
@click.option("--amount", metavar="MINOR CURRENCY", nargs=2, type=(int, str), help="A sum, such as 1299 USD.")
@click.option("--item", "item_ids", metavar="ITEM_ID", multiple=True, help="Items at their price; may be repeated.")
@click.option("--reason", required=True, help="Why, for the history.")
@AS_JSON
def create(
    payment_id: str, amount: tuple[int, str] | None, item_ids: tuple[str, ...], reason: str, as_json: bool
) -> None:
    """Pay back a sum or some items of PAYMENT_ID, or all that is left where neither is given."""
    if amount is not None and item_ids:
        raise click.UsageError("either --amount or --item, not both")
    request = start_command().request_refund()
    _, refund = request(payment_id, Money(*amount) if amount else None, item_ids, reason, operator())
    say(as_json, _facts(refund), "{id}: {amount}, {status}")


@refunds.command("list")
@by_status(RefundStatus)
@click.option("--before", metavar="ID", help="Only older ones than this refund: the next page.")
@LIMIT
@AS_JSON
def list_refunds(status: str | None, before: str | None, limit: int, as_json: bool) -> None:
    """Newest first."""
    wanted = RefundStatus(status) if status else None
    found = start_command().ledger().read(lambda uow: uow.orders.refunds(wanted, before, limit))
    rows = [_facts(refund) if as_json else _brief(refund) for refund in found]
    show(as_json, rows, "refunds")


@refunds.command("show")
@click.argument("refund_id")
@AS_JSON
def show_refund(refund_id: str, as_json: bool) -> None:
    """All that is known of REFUND_ID, and of its job."""

    def look(uow: UnitOfWork) -> dict[str, Any]:
        payment, refund = read_refund(uow, refund_id)
        job = next(iter(uow.jobs.of_subjects([refund_id])), None)
        facts = {**_facts(refund), "pay_to": pay_to(payment, refund)}
        return {**facts, "job": job and job.id, "job_status": job and job.status, "job_why": job and job.why}

    facts = start_command().ledger().read(look)
    show_one(as_json, facts)


@refunds.command()
@click.argument("refund_id")
@click.option(
    "--as", "outcome", type=click.Choice(["succeeded", "failed"]), required=True,
    help="succeeded: the money went back, by hand or as the provider's dashboard shows. failed: it never will.",
)  # fmt: skip
@click.option("--why", required=True, help="How you know, for the history.")
@AS_JSON
def settle(refund_id: str, outcome: str, why: str, as_json: bool) -> None:
    """Say how REFUND_ID ended where the provider can't."""
    refund = start_command().settle_refund()(refund_id, outcome == "succeeded", why, operator())
    say(as_json, _facts(refund), "{id}: {amount}, {status} ({why})")


def _facts(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "amount": str(refund.amount),
        "cause": refund.cause,
        "status": refund.status,
        "why": refund.why,
        "attention": refund.attention,
        "reason": refund.reason,
        "item_ids": list(refund.item_ids),
        "provider_id": refund.refund_ref,
        "try_no": refund.try_no,
        "created_at": refund.created_at,
    }


def _brief(refund: Refund) -> dict[str, Any]:
    facts = _facts(refund)
    told = {name: facts[name] for name in ("id", "payment_id", "amount", "cause", "status", "created_at")}
    return {**told, "why": refund.attention or refund.why or refund.reason}
