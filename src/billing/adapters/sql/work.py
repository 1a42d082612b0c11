"""What the repositories of one unit share: its connection, its session, and the ways they are used."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, cached_property
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Insert, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from billing.adapters.sql.session import LedgerSession
from billing.domain.errors import NotFound

T = TypeVar("T")


class Work:
    """One transaction. The session is made when it is first needed: storing a notification needs none."""

    def __init__(self, connection: Connection, now: Callable[[], datetime]) -> None:
        self.connection, self.now = connection, now

    @cached_property
    def session(self) -> LedgerSession:
        """Entities that were read or added, each once."""
        return LedgerSession(self.connection)

    @property
    def has_session(self) -> bool:
        """Whether any entity was touched."""
        return "session" in self.__dict__

    def add(self, entity: object) -> None:
        """Written at once, so that what refuses it is known here; after everything that was changed before it."""
        self.session.flush()
        self.session.add(entity)
        self.session.flush()

    def find(self, entity: type[T], where: ColumnElement[bool], *, lock: bool = False) -> T | None:
        """The one that fits; locked, it is read anew, since it may have changed while we waited for it."""
        wanted = select(entity).where(where)
        if lock:
            wanted = wanted.with_for_update().execution_options(populate_existing=True)
        return self.session.scalars(wanted).one_or_none()

    def get(self, entity: type[T], row_id: str) -> T:
        """The one of that id, or NotFound; what the unit has read already is not read again."""
        found = self.session.get(entity, row_id)
        if found is None:
            raise NotFound(entity.__name__.lower(), row_id)
        return found

    def lock(self, entity: type[T], row_id: str) -> T:
        """The same, held until the unit ends."""
        found = self.find(entity, _id_of(entity) == row_id, lock=True)
        if found is None:
            raise NotFound(entity.__name__.lower(), row_id)
        return found

    def insert_if_new(self, table: Table, key: tuple[str, ...], row: Mapping[str, Any]) -> bool:
        """Whether it was new: one statement, and no race."""
        statement = _insert_if_new(self.connection.dialect.name, table, key)
        return self.connection.execute(statement, row).rowcount == 1


@cache
def _insert_if_new(dialect: str, table: Table, key: tuple[str, ...]) -> Insert:
    """Built once: every webhook needs it."""
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    new: Insert = insert(table).on_conflict_do_nothing(index_elements=key)
    return new.execution_options(preserve_rowcount=True)


def _id_of(entity: Any) -> ColumnElement[str]:
    column: ColumnElement[str] = entity.id
    return column
