"""The tables of the entities, with an index for every look-up: what is keyed stays as fast with a million orders.

Conditions of partial indexes are written once, here, and used by the queries in the same words: SQLite uses such an
index only for a query that repeats its condition literally.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    and_,
    false,
)

from billing.adapters.sql.columns import (
    fixed,
    id_column,
    metadata,
    money_columns,
    partial_index,
    partial_unique,
    version_column,
    why_column,
)
from billing.adapters.sql.errors import HELD_NAME, LIVE_NAME, UNPAID_RENEWAL
from billing.adapters.sql.types import (
    ChangeDocument,
    ContactDocument,
    Document,
    Ids,
    Moment,
    Name,
    PurchaseDocument,
    Words,
    status_of,
    word_of,
)
from billing.domain.catalogue import Cycle
from billing.domain.domain_name import DomainName
from billing.domain.order_item import CLAIMING, ItemStatus
from billing.domain.order_status import OrderStatus
from billing.domain.payment import PaymentStatus
from billing.domain.purchase import DomainRegistration, DomainRenewal, Purchase
from billing.domain.refund import RefundCause, RefundStatus
from billing.domain.registration import RegistrationStatus
from billing.domain.subscription import SubscriptionStatus

customers = Table(
    "customers",
    metadata,
    id_column(),
    Column("name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("phone", String),
    Column("country", String(2)),
    Column("language", String(2), nullable=False),
    Column("created_at", Moment, nullable=False),
    version_column(),
)

orders = Table(
    "orders",
    metadata,
    id_column(),
    Column("number", String, nullable=False, unique=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("registrant", ContactDocument),
    Column("status", status_of(OrderStatus), nullable=False),
    why_column(),
    Column("paid_at", Moment),
    Column("closed_as", status_of(OrderStatus, "closed_as")),
    version_column(),
)
pending = fixed(orders.c.status, OrderStatus.PENDING)
Index(None, orders.c.customer_id, orders.c.id)
Index(None, orders.c.status, orders.c.id)
# Leads with the status, though it is always the same one, or SQLite prefers the index before this one and sorts.
partial_index(orders.c.status, orders.c.expires_at, where=pending)


def _of_purchase(read: Callable[[Purchase], object]) -> Callable[[Any], object]:
    """A column that repeats a part of `what` for the sake of indexes."""
    return lambda context: read(context.get_current_parameters()["what"])


def _domain_of(what: Purchase) -> DomainName | None:
    return what.domain if isinstance(what, DomainRegistration | DomainRenewal) else None


order_items = Table(
    "order_items",
    metadata,
    id_column(),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("what", PurchaseDocument, nullable=False),
    Column("kind", String(32), nullable=False, default=_of_purchase(lambda what: what.kind)),
    Column("domain", Name, default=_of_purchase(_domain_of)),
    Column("title", String, nullable=False),
    *money_columns("price"),
    Column("status", status_of(ItemStatus), nullable=False),
    why_column(),
    Column("attention", String),
    Column("handle", String(16), unique=True),
    Column("frozen_expiry", Moment),
    Column("accepted_at", Moment),
    # The two tables name each other: this key is added when both are there.
    Column("subscription_id", ForeignKey("subscriptions.id", use_alter=True)),
    version_column(),
    UniqueConstraint("order_id", "position"),
)
live_registration = and_(
    fixed(order_items.c.kind, DomainRegistration.kind),
    fixed(order_items.c.status, *CLAIMING[DomainRegistration]),
)
unpaid_renewal = and_(
    fixed(order_items.c.kind, DomainRenewal.kind),
    fixed(order_items.c.status, *CLAIMING[DomainRenewal]),
)
partial_unique(LIVE_NAME, order_items.c.domain, live_registration)
partial_unique(UNPAID_RENEWAL, order_items.c.domain, unpaid_renewal)
paid_renewal = and_(
    fixed(order_items.c.kind, DomainRenewal.kind),
    fixed(order_items.c.status, ItemStatus.DUE, ItemStatus.IN_PROGRESS),
)
partial_index(order_items.c.domain, where=paid_renewal)

payments = Table(
    "payments",
    metadata,
    id_column(),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("gateway", String(32), nullable=False),
    *money_columns("amount"),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("options", Document, nullable=False),
    Column("status", status_of(PaymentStatus), nullable=False),
    why_column(),
    Column("session_ref", String),
    Column("payment_ref", String),
    Column("billing_ref", String),
    Column("redirect_url", String),
    *money_columns("received", optional=True),
    Column("surplus", Boolean, nullable=False),
    Column("under_way", Boolean, nullable=False, server_default=false()),
    Column("needs_customer", Boolean, nullable=False, server_default=false()),
    Column("attention", String),
    version_column(),
    UniqueConstraint("order_id", "attempt"),
    UniqueConstraint("gateway", "session_ref"),
    UniqueConstraint("gateway", "payment_ref"),
)
Index(None, payments.c.created_at, payments.c.id)

refunds = Table(
    "refunds",
    metadata,
    id_column(),
    Column("payment_id", ForeignKey("payments.id"), nullable=False, index=True),
    *money_columns("amount"),
    Column("cause", word_of(RefundCause), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("reason", String, nullable=False),
    Column("item_ids", Document, nullable=False),
    Column("status", status_of(RefundStatus), nullable=False),
    why_column(),
    Column("attention", String),
    Column("refund_ref", String),
    Column("try_no", Integer, nullable=False),
    version_column(),
    UniqueConstraint("payment_id", "refund_ref"),
)
Index(None, refunds.c.status, refunds.c.id)
Index(None, refunds.c.created_at, refunds.c.id)

subscriptions = Table(
    "subscriptions",
    metadata,
    id_column(),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("item_id", ForeignKey("order_items.id"), nullable=False, unique=True),
    Column("plan", String, nullable=False),
    Column("cycle", word_of(Cycle), nullable=False),
    *money_columns("price"),
    Column("domain", Name),
    Column("auto_renew", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("status", status_of(SubscriptionStatus), nullable=False),
    why_column(),
    Column("anchor", Moment),
    Column("periods", Integer, nullable=False),
    Column("current_period_end", Moment),
    Column("cancel_at_period_end", Boolean, nullable=False),
    Column("past_due_since", Moment),
    Column("gateway", String(32)),
    Column("billing_ref", String),
    Column("adopts_anchor", Boolean, nullable=False, server_default=false()),
    Column("as_of", Moment),
    *money_columns("former_price", optional=True),
    Column("priced_since", Moment),
    Column("change", ChangeDocument),
    Column("changes", Integer, nullable=False, server_default="0"),
    Column("concerns", Words),
    Column("attention", String),
    Column("holds", Ids),
    Column("look_at", Moment),
    Column("served_until", Moment),
    version_column(),
)
Index(None, subscriptions.c.gateway, subscriptions.c.billing_ref, unique=True)
Index(None, subscriptions.c.status, subscriptions.c.id)
needs_attention = subscriptions.c.attention.is_not(None)
partial_index(subscriptions.c.id, where=needs_attention)
is_billed = subscriptions.c.billing_ref.is_not(None)
partial_index(subscriptions.c.current_period_end, subscriptions.c.id, where=is_billed)
goes_on_by_order = and_(
    fixed(subscriptions.c.status, SubscriptionStatus.ACTIVE),
    subscriptions.c.gateway.is_(None),
    ~subscriptions.c.cancel_at_period_end,
    subscriptions.c.auto_renew,
)
no_gateway_bills = subscriptions.c.gateway.is_(None)
Index(
    "ix_subscriptions_ending",
    subscriptions.c.current_period_end,
    subscriptions.c.id,
    sqlite_where=no_gateway_bills,
    postgresql_where=no_gateway_bills,
)
is_looked_at = subscriptions.c.look_at.is_not(None)
partial_index(subscriptions.c.look_at, where=is_looked_at)

registrations = Table(
    "registrations",
    metadata,
    id_column(),
    Column("name", Name, nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("item_id", ForeignKey("order_items.id"), nullable=False, unique=True),
    Column("handle", String(16)),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("auto_renew", Boolean, nullable=False),
    Column("status", status_of(RegistrationStatus), nullable=False),
    why_column(),
    Column("renewing_item", ForeignKey("order_items.id")),
    Column("expired_at", Moment),
    version_column(),
)
active = fixed(registrations.c.status, RegistrationStatus.ACTIVE)
partial_unique(HELD_NAME, registrations.c.name, active)
partial_index(registrations.c.status, registrations.c.expires_at, registrations.c.id, where=active)
