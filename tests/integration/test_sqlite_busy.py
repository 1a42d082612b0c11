"""SQLite's one write lock: who waits for it, how long, and what is durable."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest
from sqlalchemy import Engine

from billing.adapters.sql.engine import DatabaseLimits, make_engine
from billing.application.unit_of_work import LedgerUnavailable
from billing.domain import JobKind, JobRequest, NotFound
from tests.builders import a_customer
from tests.contracts.ledger_case import DEADLINE_SECONDS, in_parallel
from tests.integration.sql_ledgers import a_ledger

WRITERS, UNITS_EACH = 6, 25
DEADLINE_MS = 200
NEW_FILES = 20


@pytest.fixture
def engine(sqlite_ledger_url: str) -> Iterator[Engine]:
    engine = make_engine(sqlite_ledger_url)
    yield engine
    engine.dispose()


def test_a_writer_waits_for_the_writer_before_it(engine: Engine) -> None:
    begin = a_ledger(engine, busy_deadline_ms=DEADLINE_SECONDS * 1000)
    order: list[str] = []
    waiting = Event()

    def second() -> None:
        waiting.set()
        with begin("second") as uow:
            order.append(f"second sees {uow.customers.get('cus_1').name}")

    thread = Thread(target=second)
    with begin("first") as uow:
        thread.start()
        assert waiting.wait(DEADLINE_SECONDS)
        uow.customers.add(a_customer())
        order.append("first commits")
        uow.commit()
    thread.join(DEADLINE_SECONDS)
    assert order == ["first commits", "second sees Aline Uwase"]


def test_a_writer_gives_up_at_its_deadline(engine: Engine) -> None:
    begin = a_ledger(engine, busy_deadline_ms=DEADLINE_MS)
    with begin("first"):
        started = monotonic()
        with pytest.raises(LedgerUnavailable), begin("second"):
            pass
        assert DEADLINE_MS / 1000 <= monotonic() - started < 10
    with begin("third") as uow:
        uow.customers.add(a_customer())
        uow.commit()


def test_readers_wait_for_nobody(engine: Engine) -> None:
    begin = a_ledger(engine, busy_deadline_ms=0)
    with begin("writer") as uow:
        uow.customers.add(a_customer())
        with begin("reader", reading=True) as reader, pytest.raises(NotFound):
            reader.customers.get("cus_1")
        uow.commit()


def test_readiness_waits_for_nobody(engine: Engine) -> None:
    begin = a_ledger(engine, busy_deadline_ms=0)
    with begin("writer"):
        assert begin.is_current()


def test_a_reader_keeps_the_view_it_began_with(engine: Engine) -> None:
    begin = a_ledger(engine)
    with begin("reader", reading=True) as reader:
        with begin("writer") as uow:
            uow.customers.add(a_customer())
            uow.commit()
        with pytest.raises(NotFound):
            reader.customers.get("cus_1")


def test_writers_in_a_crowd_all_get_their_turn(engine: Engine) -> None:
    begin = a_ledger(engine, busy_deadline_ms=DEADLINE_SECONDS * 1000)

    def write(writer: int) -> float:
        longest = 0.0
        for n in range(UNITS_EACH):
            started = monotonic()
            with begin(f"writer {writer}") as uow:
                longest = max(longest, monotonic() - started)
                uow.jobs.request(JobRequest(JobKind.CHECK_PAYMENT, f"pay_{writer}_{n}"))
                uow.commit()
        return longest

    waits = in_parallel(WRITERS, write)
    with begin("reader", reading=True) as uow:
        assert sum(uow.jobs.counts().values()) == WRITERS * UNITS_EACH
    assert all(isinstance(wait, float) and wait < DEADLINE_SECONDS for wait in waits)


def test_a_connection_is_durable_and_strict(engine: Engine) -> None:
    with engine.connect() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_only_units_of_work_are_impatient(engine: Engine) -> None:
    limits = DatabaseLimits()

    def patience_ms(connection: object) -> object:
        return connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()  # type: ignore[attr-defined]

    with a_ledger(engine)("test") as uow:
        assert patience_ms(uow._work.connection) == 0
    with engine.begin() as connection:
        assert patience_ms(connection) == limits.busy_timeout_ms


def test_a_broken_file_is_an_unavailable_ledger(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"this is no database" * 100)
    engine = make_engine(f"sqlite:///{path}")
    begin = a_ledger(engine)
    with pytest.raises(LedgerUnavailable):
        begin.is_current()
    with pytest.raises(LedgerUnavailable), begin("test"):
        pass
    engine.dispose()


def test_a_ledger_without_tables_is_unavailable(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    begin = a_ledger(engine)
    assert not begin.is_current()
    with pytest.raises(LedgerUnavailable), begin("test") as uow:
        uow.customers.get("cus_1")
    engine.dispose()


def test_connections_that_open_a_new_file_together_all_get_in(tmp_path: Path) -> None:
    def open_it(url: str) -> str:
        engine = make_engine(url)
        with engine.connect() as connection:
            mode: str = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        engine.dispose()
        return mode

    for n in range(NEW_FILES):
        url = f"sqlite:///{tmp_path / str(n)}.db"
        assert set(in_parallel(WRITERS, lambda _, url=url: open_it(url))) == {"wal"}


def test_a_ledger_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="file"):
        make_engine("sqlite://")


def test_what_somebody_else_locks_is_waited_for_too(engine: Engine, tmp_path: Path) -> None:
    begin = a_ledger(engine, busy_deadline_ms=DEADLINE_MS)
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerUnavailable), begin("test"):
        pass
    other.execute("ROLLBACK")
    other.close()
    with begin("test") as uow:
        uow.commit()
