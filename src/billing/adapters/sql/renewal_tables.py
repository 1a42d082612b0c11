"""The tables of renewals that we offer by ourselves, and of what is done once a day."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, String, Table, UniqueConstraint

from billing.adapters.sql.columns import id_column, metadata, version_column
from billing.adapters.sql.types import Id, Moment

renewals = Table(
    "renewals",
    metadata,
    id_column(),
    Column("subject_id", Id, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("order_id", ForeignKey("orders.id"), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("is_withdrawn", Boolean, nullable=False),
    version_column(),
    UniqueConstraint("subject_id", "expires_at"),
)

daily_rounds = Table(
    "daily_rounds",
    metadata,
    Column("name", String, primary_key=True),
    Column("day", Date),
    Column("reached", String),
    Column("is_done", Boolean, nullable=False),
    Column("held_until", Moment),
    version_column(),
)
