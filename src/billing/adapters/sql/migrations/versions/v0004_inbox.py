"""Looking into the inbox, forgetting its bodies, and callers that may no longer call."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Indexes for what is put aside, for bodies to prune, and for what somebody moved."""
    _partial_index("ix_inbox_events_status_id", ["status", "id"], "status IN ('failed', 'ignored', 'unmatched')")
    prunable = "body IS NOT NULL AND status IN ('ignored', 'processed')"
    _partial_index("ix_inbox_events_received_at", ["received_at"], prunable)
    op.create_index("ix_transitions_by_id", "transitions", ["by", "id"])
    op.add_column("api_keys", sa.Column("revoked_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Never: what was paid can't be unpaid by dropping tables."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")


def _partial_index(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "inbox_events", columns, sqlite_where=condition, postgresql_where=condition)
