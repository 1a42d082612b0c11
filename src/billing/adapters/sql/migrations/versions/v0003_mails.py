"""Mails and alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """What customers and operators are told."""
    _create_mails()
    _create_alerts()


def downgrade() -> None:
    """Never, like every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")


def _create_mails() -> None:
    op.create_table(
        "mails",
        _id("id"),
        sa.Column("kind", sa.String(32), nullable=False),
        _id("subject"),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("why", sa.String()),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("subject", "kind", "recipient", name=op.f("uq_mails_subject_kind_recipient")),
        sa.CheckConstraint("status IN ('queued', 'sent', 'dead')", name=op.f("ck_mails_status")),
    )
    _partial_index("ix_mails_status_id", "mails", ["status", "id"], "status IN ('dead', 'queued')")
    _partial_index("ix_mails_created_at", "mails", ["created_at"], "kind = 'operator_alerts'")


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        _id("told_by", nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("occasion", name=op.f("pk_alerts")),
        sa.ForeignKeyConstraint(["told_by"], ["mails.id"], name=op.f("fk_alerts_told_by")),
    )
    op.create_index("ix_alerts_raised_at", "alerts", ["raised_at"])
    _partial_index("ix_alerts_told_by_raised_at", "alerts", ["told_by", "raised_at"], "told_by IS NULL")


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=nullable)


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
