"""The tables of what is no entity: history, price lists, callers of the API, remembered answers, the installation."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from billing.adapters.sql.columns import id_column, metadata, why_column
from billing.adapters.sql.types import Document, Id, Moment

transitions = Table(
    "transitions",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("entity", String(32), nullable=False),
    Column("entity_id", Id, nullable=False),
    Column("before", String(32)),
    Column("after", String(32), nullable=False),
    why_column(),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
)
Index(None, transitions.c.entity_id, transitions.c.id)
Index(None, transitions.c.by, transitions.c.id)

catalogues = Table(
    "catalogues",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("loaded_at", Moment, nullable=False),
    Column("document", Document, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    id_column(),
    Column("name", String, nullable=False),
    Column("role", String(32), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

remembered_answers = Table(
    "remembered_answers",
    metadata,
    Column("scope", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
    Column("lease_until", Moment, nullable=False),
    Column("status", Integer),
    Column("body", String),
)

installation = Table("installation", metadata, id_column())
