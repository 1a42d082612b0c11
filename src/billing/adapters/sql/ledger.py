"""The ledger on an engine: begins units of work, and says whether it can be reached and is of this version."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Lock

from sqlalchemy import Engine

from billing.adapters.sql.at_once import AtOnce
from billing.adapters.sql.engine import BEGIN, READING, WRITING
from billing.adapters.sql.jobs import NewJobs
from billing.adapters.sql.mapping import map_domain
from billing.adapters.sql.migrations import head, revision_of
from billing.adapters.sql.opening import Opener
from billing.adapters.sql.patience import PAUSE_MS, Patience
from billing.adapters.sql.unit_of_work import Kept, SqlUnitOfWork
from billing.application.ports import Clock, Ids


class SqlLedger:
    """Opens units of work.

    `clock` is the machine's UTC clock, which is the ledger's on SQLite; PostgreSQL asks its server, unless `now`
    stands in for either. `busy_deadline_ms` is how long a unit tries to get SQLite's write lock,
    `busy_pause_ms` how soon it asks again: of two, who asks more often gets it sooner.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        ids: Ids,
        clock: Clock,
        ring_again: timedelta,
        context: Callable[[], Mapping[str, str]] = dict,
        busy_deadline_ms: int = 5_000,
        busy_pause_ms: float = PAUSE_MS,
        now: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        map_domain()
        self._monotonic = monotonic
        self._clock = now or (clock if engine.dialect.name == "sqlite" else None)
        self._new_jobs = NewJobs(ids, context, ring_again)
        patience = Patience(busy_deadline_ms, busy_pause_ms, monotonic)
        turn = Lock() if engine.dialect.name == "sqlite" else None
        self._write = Opener(engine.execution_options(**{BEGIN: WRITING}), patience, turn)
        self._read = Opener(engine.execution_options(**{BEGIN: READING}), patience)
        self._at_once = AtOnce(engine) if engine.dialect.name == "postgresql" else None
        self._kept = Kept()

    def __call__(self, by: str, *, reading: bool = False) -> SqlUnitOfWork:
        """A unit that is yet to be entered."""
        opener = self._read if reading else self._write
        return SqlUnitOfWork(opener, self._at_once, by, self._new_jobs, self._kept, self._clock, self._monotonic)

    def is_current(self) -> bool:
        """Whether its schema is the one that this version works on; LedgerUnavailable where it does not answer."""
        with self._read() as connection:
            return revision_of(connection) == head()
