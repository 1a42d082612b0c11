"""Refunds, and payments that a bank still works on."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """One row for each refund of a payment."""
    op.create_table(
        "refunds",
        sa.Column("id", _ID, nullable=False),
        sa.Column("payment_id", _ID, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_currency", sa.String(3), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("item_ids", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("why", sa.String()),
        sa.Column("attention", sa.String()),
        sa.Column("refund_ref", sa.String()),
        sa.Column("try_no", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id")),
        sa.UniqueConstraint("payment_id", "refund_ref", name=op.f("uq_refunds_payment_id_refund_ref")),
        sa.CheckConstraint("status IN ('pending', 'succeeded', 'failed')", name=op.f("ck_refunds_status")),
    )
    op.create_index("ix_refunds_payment_id", "refunds", ["payment_id"])
    op.add_column("payments", sa.Column("under_way", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Never: what was paid back can't be unpaid by dropping tables."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")
