"""The table of what banks question and take back."""

from sqlalchemy import Column, ForeignKey, Index, String, Table

from billing.adapters.sql.columns import id_column, metadata, money_columns, version_column, why_column
from billing.adapters.sql.types import Document, Moment, status_of
from billing.domain.dispute import DisputeStatus

disputes = Table(
    "disputes",
    metadata,
    id_column(),
    Column("payment_id", ForeignKey("payments.id"), nullable=False, index=True),
    Column("dispute_ref", String, nullable=False, unique=True),
    *money_columns("amount"),
    Column("reason", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    *money_columns("withdrawn"),
    *money_columns("reinstated"),
    Column("status", status_of(DisputeStatus), nullable=False),
    why_column(),
    Column("respond_by", Moment),
    Column("item_ids", Document, nullable=False),
    version_column(),
)
Index(None, disputes.c.status, disputes.c.id)
