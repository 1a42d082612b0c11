"""What the repositories of one unit share: its connection, its session, and the ways they are used."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, cached_property
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Insert, Select, Table, bindparam, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm.util import identity_key

from billing.adapters.sql.at_once import AtOnce
from billing.adapters.sql.session import LedgerSession
from billing.application.ports import Clock
from billing.domain.errors import NotFound

T = TypeVar("T")


class Work:
    """One transaction, which begins when it is first needed, as its session does.

    `at_once` runs what is one statement and nothing else, where the database can, outside of it.
    """

    def __init__(
        self,
        begin: Callable[[], Connection],
        at_once: AtOnce | None,
        now: Clock,
        clock: Clock | None,
    ) -> None:
        self._open, self.at_once, self.now, self._clock = begin, at_once, now, clock

    def begin(self) -> None:
        """Now, and not with the first statement."""
        assert self.connection

    def given_now(self) -> datetime | None:
        """The time where it is not the server that says it."""
        return self._clock() if self._clock else None

    @cached_property
    def connection(self) -> Connection:
        """In a transaction."""
        return self._open()

    @property
    def has_begun(self) -> bool:
        """Whether there is a transaction."""
        return "connection" in self.__dict__

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

    def find(self, entity: type[T], *conditions: ColumnElement[bool], lock: bool = False, **columns: Any) -> T | None:
        """The one whose columns hold these; locked, it is read anew, since it may have changed while we waited."""
        kind: Any = entity
        found: T | None = self.session.scalars(_wanted(kind, conditions, tuple(columns), lock), columns).one_or_none()
        return found

    def get(self, entity: type[T], row_id: str) -> T:
        """The one of that id, or NotFound; what the unit has read already is not read again."""
        here: T | None = self.session.identity_map.get(identity_key(entity, row_id))
        return _required(here or self.find(entity, id=row_id), entity, row_id)

    def lock(self, entity: type[T], row_id: str) -> T:
        """The same, held until the unit ends."""
        return _required(self.find(entity, id=row_id, lock=True), entity, row_id)

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


@cache
def _wanted(
    entity: Any, conditions: tuple[ColumnElement[bool], ...], columns: tuple[str, ...], lock: bool
) -> Select[Any]:
    """Built once: making a statement costs more than the database's answer. `conditions` are constants."""
    table = inspect(entity).local_table
    wanted = select(entity).where(*conditions, *(table.c[name] == bindparam(name) for name in columns))
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return wanted


def _required(found: T | None, entity: type[T], row_id: str) -> T:
    if found is None:
        raise NotFound(entity.__name__.lower(), row_id)
    return found
