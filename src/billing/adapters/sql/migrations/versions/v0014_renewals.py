"""Renewals that we offer by ourselves, what is done once a day, and names that have expired."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Two tables, since when a name has expired, and the indexes by which the day's rounds find what is due."""
    op.create_table(
        "renewals",
        sa.Column("id", _ID, nullable=False),
        sa.Column("registration_id", _ID, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("order_id", _ID, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewals")),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.id"], name=op.f("fk_renewals_registration_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_renewals_order_id")),
        sa.UniqueConstraint("order_id", name=op.f("uq_renewals_order_id")),
        sa.UniqueConstraint("registration_id", "expires_at", name=op.f("uq_renewals_registration_id_expires_at")),
    )
    op.create_table(
        "daily_rounds",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("day", sa.Date()),
        sa.Column("reached", sa.String()),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("held_until", _MOMENT),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_daily_rounds")),
    )
    op.add_column("registrations", sa.Column("expired_at", _MOMENT))
    _partial_index("registrations", ["status", "expires_at", "id"], "status = 'active'")
    _partial_index("order_items", ["domain"], "kind = 'domain_renewal' AND status IN ('due', 'in_progress')")
    _partial_index("payment_methods", ["card_exp_year", "card_exp_month", "id"], "detached_at IS NULL")


def _partial_index(table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    name = f"ix_{table}_{'_'.join(columns)}"
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    """Never, like every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")
