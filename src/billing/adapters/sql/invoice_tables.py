"""The table of invoices that providers wrote for subscriptions which they bill."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from billing.adapters.sql.columns import id_column, metadata, money_columns, version_column, why_column
from billing.adapters.sql.types import Moment, word_of
from billing.domain.facts import InvoiceReason, InvoiceStatus

invoices = Table(
    "invoices",
    metadata,
    id_column(),
    Column("subscription_id", ForeignKey("subscriptions.id"), nullable=False),
    Column("gateway", String(32), nullable=False),
    Column("invoice_ref", String, nullable=False),
    Column("billing_ref", String, nullable=False),
    Column("reason", word_of(InvoiceReason), nullable=False),
    *money_columns("total"),
    *money_columns("collected"),
    Column("created_at", Moment, nullable=False),
    Column("status", word_of(InvoiceStatus), nullable=False),
    why_column(),
    *money_columns("line_price", optional=True),
    Column("period_start", Moment),
    Column("period_end", Moment),
    Column("payment_ref", String),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Moment),
    Column("has_failed", Boolean, nullable=False),
    Column("needs_customer", Boolean, nullable=False),
    Column("in_flight", Boolean, nullable=False),
    Column("page_url", String),
    Column("order_id", ForeignKey("orders.id"), unique=True),
    Column("attention", String),
    version_column(),
    UniqueConstraint("gateway", "invoice_ref"),
)
Index(None, invoices.c.subscription_id, invoices.c.id)
