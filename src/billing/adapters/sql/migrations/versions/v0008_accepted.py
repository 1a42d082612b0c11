"""Registrations that their registry has accepted and not yet granted."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Since when."""
    op.add_column("order_items", sa.Column("accepted_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Never, like every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")
