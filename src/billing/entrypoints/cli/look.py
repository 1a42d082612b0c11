"""Commands that look into the ledger: orders with their history, and what providers told."""

from typing import Any

import click

from billing.application.money.disputes import hosting_subjects
from billing.application.money.refunds import pay_to
from billing.application.records import Transition
from billing.application.unit_of_work import UnitOfWork
from billing.domain.order import Order
from billing.domain.order_status import OrderStatus
from billing.domain.payment import Payment
from billing.entrypoints.cli.jobs import job_row
from billing.entrypoints.cli.show import AS_JSON, LIMIT, by_status, say, show, show_parts
from billing.entrypoints.redaction import redacted_text
from billing.entrypoints.startup import start_command


@click.group()
def orders() -> None:
    """Orders and their history."""


@orders.command("list")
@by_status(OrderStatus)
@click.option("--customer", metavar="ID", help="Only this customer's.")
@click.option("--before", metavar="ID", help="Only older ones than this order: the next page.")
@LIMIT
@AS_JSON
def list_orders(status: str | None, customer: str | None, before: str | None, limit: int, as_json: bool) -> None:
    """Newest first."""
    wanted = OrderStatus(status) if status else None
    found = start_command().ledger().read(lambda uow: uow.orders.page(customer, wanted, before, limit))
    show(as_json, [_order(order) for order in found], "orders")


@orders.command("show")
@click.argument("order", metavar="ORDER")
@AS_JSON
def show_order(order: str, as_json: bool) -> None:
    """Everything about ORDER, by its id or number: items, payments, jobs, and every move with who made it and why."""
    found, moves, jobs = start_command().ledger().read(lambda uow: _whole(uow, order))
    parts = {
        "items": _items(found),
        "payments": _payments(found),
        "refunds": _refunds(found),
        "disputes": _disputes(found),
        "jobs": jobs,
        "history": moves,
    }
    if as_json:
        say(True, {**_order(found), **parts}, "")
        return
    click.echo("{number}  {status}  {total}  ({id})".format(**_order(found)))
    if found.why:
        click.echo(f"a person must look: {found.why}")
    show_parts(parts)


def _whole(uow: UnitOfWork, ref: str) -> tuple[Order, list[dict[str, Any]], list[dict[str, Any]]]:
    order = uow.orders.get(uow.orders.of_number(ref.upper()) or ref)
    ids = [order.id, *(item.id for item in order.items), *(payment.id for payment in order.payments)]
    ids += [refund.id for payment in order.payments for refund in payment.refunds]
    ids += [dispute.id for payment in order.payments for dispute in payment.disputes]
    ids += [item.subscription_id for item in order.items if item.subscription_id]
    moves = [move_row(move) for move in uow.history.of(ids)]
    subjects = [*ids, *(one for p in order.payments for d in p.disputes for one in hosting_subjects(order, d))]
    return order, moves, [job_row(job) for job in uow.jobs.of_subjects(subjects)]


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
        {"id": p.id, "gateway": p.gateway, "amount": str(p.amount), "status": p.status, "why": p.attention or p.why,
         "how": _how(p),
         "surplus": p.surplus or None, "needs_customer": p.needs_customer or None,
         "session": p.session_ref, "payment": p.payment_ref}
        for p in order.payments
    ]  # fmt: skip


def _how(payment: Payment) -> str | None:
    """By what means an attempt was to be paid, where that was said at its start; a number by its ends alone."""
    options = payment.options
    told = (options.get("method"), options.get("operator"), redacted_text(options.get("phone", "")))
    return " ".join(filter(None, told)) or None


def _refunds(order: Order) -> list[dict[str, Any]]:
    return [
        {"id": r.id, "payment": p.id, "amount": str(r.amount), "cause": r.cause, "status": r.status,
         "why": r.attention or r.why or r.reason, "pay_to": pay_to(p, r)}
        for p in order.payments
        for r in p.refunds
    ]  # fmt: skip


def _disputes(order: Order) -> list[dict[str, Any]]:
    return [
        {"id": d.id, "payment": p.id, "amount": str(d.amount), "reason": d.reason, "status": d.status,
         "respond_by": d.respond_by, "why": d.why}
        for p in order.payments
        for d in p.disputes
    ]  # fmt: skip


def move_row(move: Transition) -> dict[str, Any]:
    """A line of the history."""
    return {
        "at": move.at,
        "what": f"{move.entity} {move.entity_id}",
        "from": move.before,
        "to": move.after,
        "why": move.why,
        "by": move.by,
    }
