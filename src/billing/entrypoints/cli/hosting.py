"""Commands about hosting subscriptions: how they are billed, and what a person decides about them."""

from typing import Any

import click

from billing.application.subscriptions.attending import Answer
from billing.application.unit_of_work import UnitOfWork
from billing.domain.invoice import Invoice
from billing.domain.subscription import Subscription, SubscriptionStatus
from billing.entrypoints.cli.look import move_row
from billing.entrypoints.cli.show import AS_JSON, LIMIT, by_status, operator, say, show, show_one
from billing.entrypoints.startup import start_command


@click.group()
def subscriptions() -> None:
    """Hosting subscriptions."""


@subscriptions.command("list")
@by_status(SubscriptionStatus)
@click.option("--attention", is_flag=True, help="Only those that a person must look at.")
@click.option("--before", metavar="ID", help="Only older ones than this subscription: the next page.")
@LIMIT
@AS_JSON
def list_subscriptions(status: str | None, attention: bool, before: str | None, limit: int, as_json: bool) -> None:
    """Newest first."""
    wanted = SubscriptionStatus(status) if status else None

    def look(uow: UnitOfWork) -> list[dict[str, Any]]:
        found = uow.subscriptions.page(wanted, before, limit, needing_attention=attention)
        return [_brief(subscription) for subscription in found]

    show(as_json, start_command().ledger().read(look), "subscriptions")


@subscriptions.command("show")
@click.argument("subscription_id")
@AS_JSON
def show_subscription(subscription_id: str, as_json: bool) -> None:
    """All that is known of SUBSCRIPTION_ID: its invoices, and every move with who made it and why."""

    def look(uow: UnitOfWork) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
        subscription = uow.subscriptions.get(subscription_id)
        invoices = uow.invoices.of_subscription(subscription_id)
        moves = uow.history.of([subscription_id, *(invoice.id for invoice in invoices)])
        return _facts(subscription), [_invoice(one) for one in invoices], [move_row(move) for move in moves]

    facts, invoices, history = start_command().ledger().read(look)
    show_one(as_json, facts, invoices=invoices, history=history)


@subscriptions.command()
@click.argument("subscription_id")
@click.argument("answer", type=click.Choice([answer.value for answer in Answer]))
@AS_JSON
def resolve(subscription_id: str, answer: str, as_json: bool) -> None:
    """Accept what its provider did with SUBSCRIPTION_ID (its plan, its price, the periods paid), or refuse it.

    What is refused and was paid goes back; what the provider bills from now on is set right in its dashboard.
    """
    subscription = start_command().hosting.resolve_subscription()(subscription_id, Answer(answer), operator())
    until = subscription.current_period_end
    paid = f"paid until {until:%Y-%m-%d}" if until else "not paid yet"
    say(as_json, _facts(subscription), f"{{id}} is {{status}}, {{plan}} at {{price}}, {paid}")


def _brief(subscription: Subscription) -> dict[str, Any]:
    facts = _facts(subscription)
    told = ("id", "customer_id", "plan", "price", "status", "current_period_end", "billed_by", "past_due_since")
    return {**{name: facts[name] for name in told}, "why": subscription.attention or subscription.why}


def _facts(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "customer_id": subscription.customer_id,
        "item_id": subscription.item_id,
        "plan": subscription.plan,
        "cycle": subscription.cycle,
        "price": str(subscription.price),
        "domain": subscription.domain and str(subscription.domain),
        "status": subscription.status,
        "why": subscription.why,
        "attention": subscription.attention,
        "created_at": subscription.created_at,
        "anchor": subscription.anchor,
        "current_period_end": subscription.current_period_end,
        "cancel_at_period_end": subscription.cancel_at_period_end,
        "past_due_since": subscription.past_due_since,
        "billed_by": subscription.gateway,
        "provider_id": subscription.billing_ref,
        "pending_change": subscription.change and str(subscription.change),
    }


def _invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "id": invoice.id,
        "provider_id": invoice.invoice_ref,
        "reason": invoice.reason,
        "total": str(invoice.total),
        "collected": str(invoice.collected),
        "status": invoice.status,
        "attempts": invoice.attempts,
        "period_end": invoice.period_end,
        "order": invoice.order_id,
        "why": invoice.attention or invoice.why,
    }
