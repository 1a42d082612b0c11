"""The same scenarios on a real database: its ledger, and its rows past every use case."""

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from billing.adapters.sql import mail_tables, records, tables, work_tables
from billing.adapters.sql.ledger import SqlLedger
from billing.application.ports import Clock, Ids
from billing.application.records import Transition
from simulation.books import Books, Dues
from simulation.world import RING_AGAIN, Bookkeeping, OpenLedger

T = TypeVar("T")
_DUES = select(
    select(func.min(work_tables.jobs.c.ring_at)).where(work_tables.open_job).scalar_subquery(),
    select(func.min(tables.orders.c.expires_at)).where(tables.pending).scalar_subquery(),
    select(func.min(mail_tables.alerts.c.raised_at)).where(mail_tables.untold).scalar_subquery(),
    select(func.max(mail_tables.mails.c.created_at)).where(mail_tables.digest).scalar_subquery(),
)


class SqlBooks(Books):
    """Reads in sessions of its own, and again only after something was committed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._read: dict[type, list[Any]] = {}
        event.listen(engine, "commit", lambda connection: self._read.clear())

    def rows(self, cls: type[T]) -> list[T]:
        if cls not in self._read:
            with Session(self._engine) as session:
                self._read[cls] = list(session.scalars(select(cls)))
        return self._read[cls]

    def find(self, cls: type[T], key: str) -> T | None:
        with Session(self._engine) as session:
            return session.get(cls, key)

    def moves(self) -> Iterable[Transition]:
        columns: Any = records.transitions.c
        with self._engine.connect() as connection:
            rows = connection.execute(select(*(columns[name] for name in Transition.__dataclass_fields__)))
            return [Transition(**row) for row in rows.mappings()]

    def dues(self) -> Dues:
        with self._engine.connect() as connection:
            return Dues(*connection.execute(_DUES).one())


def sql_ledger(engine: Engine) -> OpenLedger:
    """A migrated, empty ledger; its units hold locks, so that nobody else acts within one."""

    def open_ledger(now: Clock, ids: Ids) -> Bookkeeping:
        ledger = SqlLedger(engine, ids=ids, clock=now, now=now, ring_again=RING_AGAIN)
        return Bookkeeping(ledger, SqlBooks(engine), interleaves=False)

    return open_ledger
