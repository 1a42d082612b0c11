"""The domain's own classes on the tables: imperative, so that the domain knows nothing of it."""

from threading import Lock
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.orm import Composite, composite, registry, relationship

from billing.adapters.sql import (
    dispute_tables,
    invoice_tables,
    mail_tables,
    renewal_tables,
    tables,
    wallet_tables,
    work_tables,
)
from billing.adapters.sql.columns import metadata
from billing.domain.alert import Alert
from billing.domain.breaker import Breaker
from billing.domain.customer import Customer
from billing.domain.daily_round import DailyRound
from billing.domain.dispute import Dispute
from billing.domain.event import InboxEvent
from billing.domain.invoice import Invoice
from billing.domain.job import Job
from billing.domain.mail import Mail
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment
from billing.domain.refund import Refund
from billing.domain.registration import Registration
from billing.domain.renewal import Renewal
from billing.domain.subscription import Subscription
from billing.domain.wallet import Card, PaymentMethod, Wallet

_registry = registry(metadata=metadata)
_once = Lock()


def map_domain() -> None:
    """Map every entity; once a process, however often it is called."""
    with _once:
        if not list(_registry.mappers):
            _map_all()


def _map_all() -> None:
    _map(Customer, tables.customers)
    _map(
        OrderItem,
        tables.order_items,
        # `kind` and `domain` repeat `what` for the indexes; the entity derives them itself.
        exclude=("kind", "domain"),
        _order_id=tables.order_items.c.order_id,
        price=_money(tables.order_items, "price"),
    )
    _map(Refund, tables.refunds, amount=_money(tables.refunds, "amount"))
    disputes = dispute_tables.disputes
    _map(
        Dispute,
        disputes,
        exclude=("gateway",),
        amount=_money(disputes, "amount"),
        withdrawn=_money(disputes, "withdrawn"),
        reinstated=_money(disputes, "reinstated"),
    )
    _map(
        Payment,
        tables.payments,
        amount=_money(tables.payments, "amount"),
        received=_money(tables.payments, "received"),
        # Within the statement that loads the payments: a payment has few of either.
        refunds=relationship(Refund, order_by=(tables.refunds.c.created_at, tables.refunds.c.id), lazy="joined"),
        disputes=relationship(Dispute, order_by=(disputes.c.created_at, disputes.c.id), lazy="joined"),
    )
    _map(
        Order,
        tables.orders,
        # Loaded by SELECTs of their own, after the one that locks the order.
        items=relationship(OrderItem, order_by=tables.order_items.c.position, lazy="selectin"),
        payments=relationship(Payment, order_by=tables.payments.c.attempt, lazy="selectin"),
    )
    _map(
        Subscription,
        tables.subscriptions,
        price=_money(tables.subscriptions, "price"),
        former_price=_money(tables.subscriptions, "former_price"),
    )
    _map(
        Invoice,
        invoice_tables.invoices,
        total=_money(invoice_tables.invoices, "total"),
        collected=_money(invoice_tables.invoices, "collected"),
        line_price=_money(invoice_tables.invoices, "line_price"),
    )
    _map(Registration, tables.registrations)
    _map(Renewal, renewal_tables.renewals)
    _map(DailyRound, renewal_tables.daily_rounds)
    methods = wallet_tables.payment_methods
    _map(PaymentMethod, methods, card=_card(methods))
    _map(
        Wallet,
        wallet_tables.wallets,
        methods=relationship(PaymentMethod, order_by=(methods.c.created_at, methods.c.id), lazy="selectin"),
    )
    _map(InboxEvent, work_tables.inbox_events)
    _map(Job, work_tables.jobs)
    _map(Breaker, work_tables.breakers)
    _map(Mail, mail_tables.mails)
    _map(Alert, mail_tables.alerts)


def _map(entity: type, table: Table, exclude: tuple[str, ...] = (), **properties: Any) -> None:
    _registry.map_imperatively(
        entity, table, properties=properties, exclude_properties=exclude, version_id_col=table.c.version
    )


def _money(table: Table, name: str) -> Composite[Money]:
    columns: list[Column[Any]] = [table.c[f"{name}_minor"], table.c[f"{name}_currency"]]
    return composite(Money, *columns, return_none_on=_nothing)


def _card(table: Table) -> Composite[Card]:
    columns: list[Column[Any]] = [table.c[f"card_{part}"] for part in ("brand", "last4", "exp_month", "exp_year")]
    return composite(Card, *columns, return_none_on=_nothing)


def _nothing(*values: object) -> bool:
    return all(value is None for value in values)
