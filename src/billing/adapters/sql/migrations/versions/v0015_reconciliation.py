"""What reconciliation walks through: payments, refunds and wallets by their making, subscriptions by their period."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """An index for each; rows and columns stay as they are."""
    for table in ("payments", "refunds", "wallets"):
        op.create_index(f"ix_{table}_created_at_id", table, ["created_at", "id"])
    billed = sa.text("billing_ref IS NOT NULL")
    op.create_index(
        "ix_subscriptions_current_period_end_id",
        "subscriptions",
        ["current_period_end", "id"],
        sqlite_where=billed,
        postgresql_where=billed,
    )


def downgrade() -> None:
    """Never, like every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")
