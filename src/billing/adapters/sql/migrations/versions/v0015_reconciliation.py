"""Payments and refunds by the time of their making: what reconciliation walks through."""

from alembic import op

revision = "0015"
down_revision = "0010"


def upgrade() -> None:
    """An index for each; rows and columns stay as they are."""
    for table in ("payments", "refunds"):
        op.create_index(f"ix_{table}_created_at_id", table, ["created_at", "id"])


def downgrade() -> None:
    """Never, like every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")
