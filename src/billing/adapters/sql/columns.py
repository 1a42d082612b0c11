"""The parts that tables are made of: names of constraints, common columns, conditions of partial indexes."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Index, Integer, MetaData, String, literal

from billing.adapters.sql.types import Id

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def fixed(column: Column[Any], *values: Any) -> ColumnElement[bool]:
    """That the column holds one of these, written into the statement instead of being bound."""
    literals = [literal(value, column.type, literal_execute=True) for value in sorted(values)]
    return column == literals[0] if len(literals) == 1 else column.in_(literals)


def id_column() -> Column[str]:
    """The key."""
    return Column("id", Id, primary_key=True)


def version_column() -> Column[int]:
    """What tells a stale write."""
    return Column("version", Integer, nullable=False)


def why_column() -> Column[str | None]:
    """The reason for the present status."""
    return Column("why", String)


def money_columns(name: str, *, optional: bool = False) -> Iterable[Column[Any]]:
    """A sum: minor units and their currency."""
    yield Column(f"{name}_minor", BigInteger, nullable=optional)
    yield Column(f"{name}_currency", String(3), nullable=optional)


def partial_unique(name: str, column: Column[Any], where: ColumnElement[bool]) -> Index:
    """Unique among the rows that fit the condition."""
    return Index(name, column, unique=True, sqlite_where=where, postgresql_where=where)


def partial_index(*columns: Column[Any], where: ColumnElement[bool]) -> Index:
    """An index of the rows that fit the condition, and of no others."""
    return Index(None, *columns, sqlite_where=where, postgresql_where=where)
