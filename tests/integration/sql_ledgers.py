"""Ledgers on an engine, and units that come to wait for one another."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from threading import Event, Thread
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import Engine

from billing.adapters.sql.ledger import SqlLedger
from billing.application.unit_of_work import UnitOfWork
from tests.builders import NOW
from tests.contracts.ledger_case import DEADLINE_SECONDS


def a_ledger(engine: Engine, **options: Any) -> SqlLedger:
    """With ids in the order of their making; on SQLite its clock stands still."""
    numbers = count(1)
    return SqlLedger(
        engine,
        ids=lambda prefix: f"{prefix}_{next(numbers):06d}",
        clock=lambda: NOW,
        ring_again=timedelta(seconds=30),
        **options,
    )


class Waiting:
    """A unit in a thread of its own, that comes to wait for another."""

    def __init__(self, begin: SqlLedger, work: Callable[[UnitOfWork], object]) -> None:
        self._begin, self._work = begin, work
        self._result: object = None
        self._started = Event()
        self._thread = Thread(target=self._run)
        self._thread.start()
        self._started.wait(DEADLINE_SECONDS)

    def _run(self) -> None:
        try:
            with self._begin("waiting") as uow:
                self._started.set()
                self._result = self._work(uow)
                uow.commit()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self._result = error

    def has_come_to_wait(self, url: str) -> None:
        """Return once the server sees it wait for a lock."""
        waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        give_up_at = monotonic() + DEADLINE_SECONDS
        with psycopg.connect(url, autocommit=True) as watcher:
            while monotonic() < give_up_at:
                if watcher.execute(waiting).fetchone():
                    return
        raise AssertionError("nobody waits")

    def end(self) -> object:
        """What it returned or raised."""
        self._thread.join(DEADLINE_SECONDS)
        assert not self._thread.is_alive()
        return self._result
