"""Refunds are listed by how they stand."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """One index; nothing is moved."""
    op.create_index("ix_refunds_status_id", "refunds", ["status", "id"])


def downgrade() -> None:
    """Never: as with every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")
