"""Charges of saved methods that wait for the customer."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """A mark on payments, which those of before do not bear."""
    op.add_column("payments", sa.Column("needs_customer", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Never, like every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")
