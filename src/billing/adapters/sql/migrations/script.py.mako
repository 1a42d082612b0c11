"""${message}"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """${message}"""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Never: what was paid can't be unpaid by dropping columns."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")
