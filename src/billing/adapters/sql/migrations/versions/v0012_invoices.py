"""Subscriptions that a provider bills: their invoices, what is owed, and when each is to be looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """A row for each invoice; subscriptions that run are looked at when their time is over."""
    for column in (
        sa.Column("past_due_since", _MOMENT),
        sa.Column("adopts_anchor", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("as_of", _MOMENT),
        sa.Column("former_price_minor", sa.BigInteger()),
        sa.Column("former_price_currency", sa.String(3)),
        sa.Column("priced_since", _MOMENT),
        sa.Column("change", sa.JSON()),
        sa.Column("changes", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("concerns", sa.JSON()),
        sa.Column("look_at", _MOMENT),
        sa.Column("served_until", _MOMENT),
    ):
        op.add_column("subscriptions", column)
    op.create_index("ix_subscriptions_status_id", "subscriptions", ["status", "id"])
    _partial_index("ix_subscriptions_id", ["id"], "attention IS NOT NULL")
    _partial_index("ix_subscriptions_look_at", ["look_at"], "look_at IS NOT NULL")
    op.execute(
        "UPDATE subscriptions SET look_at = current_period_end WHERE status IN ('active', 'past_due', 'suspended')"
    )
    _create_invoices()


def downgrade() -> None:
    """Never, like every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")


def _create_invoices() -> None:
    op.create_table(
        "invoices",
        sa.Column("id", _ID, nullable=False),
        sa.Column("subscription_id", _ID, nullable=False),
        sa.Column("gateway", sa.String(32), nullable=False),
        sa.Column("invoice_ref", sa.String(), nullable=False),
        sa.Column("billing_ref", sa.String(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        *_money("total", nullable=False),
        *_money("collected", nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("why", sa.String()),
        *_money("line_price", nullable=True),
        sa.Column("period_start", _MOMENT),
        sa.Column("period_end", _MOMENT),
        sa.Column("payment_ref", sa.String()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", _MOMENT),
        sa.Column("has_failed", sa.Boolean(), nullable=False),
        sa.Column("needs_customer", sa.Boolean(), nullable=False),
        sa.Column("in_flight", sa.Boolean(), nullable=False),
        sa.Column("page_url", sa.String()),
        sa.Column("order_id", _ID),
        sa.Column("attention", sa.String()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name=op.f("fk_invoices_subscription_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoices_order_id")),
        sa.UniqueConstraint("order_id", name=op.f("uq_invoices_order_id")),
        sa.UniqueConstraint("gateway", "invoice_ref", name=op.f("uq_invoices_gateway_invoice_ref")),
    )
    op.create_index("ix_invoices_subscription_id_id", "invoices", ["subscription_id", "id"])


def _money(name: str, *, nullable: bool) -> tuple[sa.Column[int], sa.Column[str]]:
    return (
        sa.Column(f"{name}_minor", sa.BigInteger(), nullable=nullable),
        sa.Column(f"{name}_currency", sa.String(3), nullable=nullable),
    )


def _partial_index(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "subscriptions", columns, sqlite_where=condition, postgresql_where=condition)
