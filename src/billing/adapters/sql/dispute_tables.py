"""The table of what banks question and take back."""

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, Table, UniqueConstraint, select

from billing.adapters.sql.columns import id_column, metadata, money_columns, version_column, why_column
from billing.adapters.sql.tables import payments
from billing.adapters.sql.types import Document, Moment, status_of
from billing.domain.dispute import DisputeStatus


def _of_payment(context: Any) -> str:
    """The payment's, which the entity leaves to it: here it makes the provider's id unique."""
    payment_id = context.get_current_parameters()["payment_id"]
    gateway: str = context.connection.scalars(select(payments.c.gateway).where(payments.c.id == payment_id)).one()
    return gateway


disputes = Table(
    "disputes",
    metadata,
    id_column(),
    Column("payment_id", ForeignKey("payments.id"), nullable=False, index=True),
    Column("gateway", String(32), nullable=False, default=_of_payment),
    Column("dispute_ref", String, nullable=False),
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
    UniqueConstraint("gateway", "dispute_ref"),
)
Index(None, disputes.c.status, disputes.c.id)
