"""The tables of what customers keep at payment providers."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from billing.adapters.sql.columns import id_column, metadata, partial_index, version_column
from billing.adapters.sql.types import Moment

wallets = Table(
    "wallets",
    metadata,
    id_column(),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("gateway", String(32), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("customer_ref", String),
    Column("default_ref", String),
    version_column(),
    UniqueConstraint("customer_id", "gateway"),
    UniqueConstraint("gateway", "customer_ref"),
)
Index(None, wallets.c.created_at, wallets.c.id)

payment_methods = Table(
    "payment_methods",
    metadata,
    id_column(),
    Column("wallet_id", ForeignKey("wallets.id"), nullable=False, index=True),
    Column("ref", String, nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("card_brand", String(32)),
    Column("card_last4", String(4)),
    Column("card_exp_month", Integer),
    Column("card_exp_year", Integer),
    Column("detached_at", Moment),
    version_column(),
    UniqueConstraint("wallet_id", "ref"),
)
usable = payment_methods.c.detached_at.is_(None)
partial_index(payment_methods.c.card_exp_year, payment_methods.c.card_exp_month, payment_methods.c.id, where=usable)
