"""Disputes are told apart within their gateway: another provider may give one the same id."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)
_STATUSES = "('unknown', 'inquiry', 'closed', 'needs_response', 'under_review', 'lost', 'won')"
_COLUMNS = (
    "id, payment_id, dispute_ref, amount_minor, amount_currency, reason, created_at, withdrawn_minor, "
    "withdrawn_currency, reinstated_minor, reinstated_currency, status, why, respond_by, item_ids, version"
)
_FORMER, _KEY = "uq_disputes_dispute_ref", "uq_disputes_gateway_dispute_ref"
_GATEWAY = "(SELECT gateway FROM payments WHERE payments.id = payment_id)"


def upgrade() -> None:
    """Each gets its payment's gateway, which its id is unique in from now on."""
    if op.get_bind().dialect.name == "sqlite":
        _rebuild()
        return
    op.add_column("disputes", sa.Column("gateway", sa.String(32)))
    op.execute(f"UPDATE disputes SET gateway = {_GATEWAY}")
    op.alter_column("disputes", "gateway", nullable=False)
    op.drop_constraint(_FORMER, "disputes")
    op.create_unique_constraint(_KEY, "disputes", ["gateway", "dispute_ref"])


def downgrade() -> None:
    """Never, like every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")


def _rebuild() -> None:
    """SQLite can't drop a constraint."""
    for index in ("ix_disputes_payment_id", "ix_disputes_status_id"):
        op.drop_index(index, "disputes")
    op.rename_table("disputes", "former_disputes")
    op.create_table(
        "disputes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("payment_id", _ID, nullable=False),
        sa.Column("gateway", sa.String(32), nullable=False),
        sa.Column("dispute_ref", sa.String(), nullable=False),
        *_money("amount"),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        *_money("withdrawn"),
        *_money("reinstated"),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("why", sa.String()),
        sa.Column("respond_by", _MOMENT),
        sa.Column("item_ids", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_disputes_payment_id")),
        sa.UniqueConstraint("gateway", "dispute_ref", name=op.f(_KEY)),
        sa.CheckConstraint(f"status IN {_STATUSES}", name=op.f("ck_disputes_status")),
    )
    op.execute(f"INSERT INTO disputes ({_COLUMNS}, gateway) SELECT {_COLUMNS}, {_GATEWAY} FROM former_disputes")
    op.drop_table("former_disputes")
    op.create_index("ix_disputes_payment_id", "disputes", ["payment_id"])
    op.create_index("ix_disputes_status_id", "disputes", ["status", "id"])


def _money(name: str) -> tuple[sa.Column[int], sa.Column[str]]:
    return (
        sa.Column(f"{name}_minor", sa.BigInteger(), nullable=False),
        sa.Column(f"{name}_currency", sa.String(3), nullable=False),
    )
