"""Jobs that wait for one thing after another."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Since when they wait for anything at all; those that wait now begin at their next wait."""
    op.add_column("jobs", sa.Column("delayed_since", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Never, like every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")
