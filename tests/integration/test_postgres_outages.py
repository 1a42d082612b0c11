"""A server that goes away, comes back, or takes too long; and what it tells the time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import Engine, event

from billing.adapters.sql.engine import DatabaseLimits, make_engine
from billing.adapters.sql.ledger import SqlLedger
from billing.application.unit_of_work import LedgerUnavailable
from tests.builders import NOW, a_customer, an_order
from tests.contracts.ledger_jobs import REGISTER, an_arrival
from tests.integration.sql_databases import free_port
from tests.integration.sql_ledgers import a_ledger

SHORT = DatabaseLimits(lock_timeout_ms=200, statement_timeout_ms=2_000, connect_timeout_seconds=2)


@pytest.fixture
def engine(postgres_ledger_url: str) -> Iterator[Engine]:
    engine = make_engine(postgres_ledger_url)
    yield engine
    engine.dispose()


@pytest.fixture
def begin(engine: Engine) -> SqlLedger:
    begin = a_ledger(engine)
    with begin("setup") as uow:
        uow.customers.add(a_customer())
        uow.orders.add(an_order())
        uow.jobs.request(REGISTER)
        uow.commit()
    return begin


def test_a_server_that_does_not_answer_is_an_unavailable_ledger() -> None:
    engine = make_engine(f"postgresql://postgres@127.0.0.1:{free_port()}/nowhere", SHORT)
    ledger = a_ledger(engine)
    for reading in (False, True):
        with pytest.raises(LedgerUnavailable), ledger("test", reading=reading) as uow:
            uow.orders.overdue(NOW, 1)
    with pytest.raises(LedgerUnavailable), ledger("test") as uow:
        uow.inbox.take_in([an_arrival()])
    with pytest.raises(LedgerUnavailable):
        ledger.is_current()
    engine.dispose()


def disconnect_everybody(url: str) -> None:
    """As a restart of the server does."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("reading", [False, True])
def test_the_first_unit_after_a_restart_works(begin: SqlLedger, postgres_ledger_url: str, reading: bool) -> None:
    with begin("one") as one, begin("two") as two:
        assert one.now() <= two.now()
    disconnect_everybody(postgres_ledger_url)
    for _ in range(3):
        with begin("test", reading=reading) as uow:
            assert uow.orders.get("ord_1").id == "ord_1"


def test_the_first_notification_after_a_restart_is_stored(begin: SqlLedger, postgres_ledger_url: str) -> None:
    with begin("one") as one, begin("two") as two:
        assert one.now() <= two.now()
    disconnect_everybody(postgres_ledger_url)
    for number in range(3):
        with begin("test") as uow:
            assert uow.inbox.take_in([an_arrival(f"evt_{number}", f"told_{number}")]) == {f"evt_{number}"}


def test_a_connection_lost_within_a_unit_is_an_unavailable_ledger(begin: SqlLedger, postgres_ledger_url: str) -> None:
    with pytest.raises(LedgerUnavailable), begin("test") as uow:
        uow.orders.lock("ord_1").cancel()
        disconnect_everybody(postgres_ledger_url)
        uow.commit()
    with pytest.raises(LedgerUnavailable), begin("test") as uow, uow.savepoint():
        uow.orders.lock("ord_1").cancel()
        disconnect_everybody(postgres_ledger_url)
    with begin("reader", reading=True) as uow:
        assert uow.orders.get("ord_1").status == "pending"
        disconnect_everybody(postgres_ledger_url)


def test_a_pool_with_nothing_left_is_an_unavailable_ledger(postgres_ledger_url: str) -> None:
    engine = make_engine(postgres_ledger_url, DatabaseLimits(pool_size=1, pool_overflow=0, pool_timeout_seconds=0.1))
    begin = a_ledger(engine)
    with begin("first") as first, begin("second") as second:
        assert first.now()
        with pytest.raises(LedgerUnavailable):
            second.now()
        with pytest.raises(LedgerUnavailable):
            second.inbox.take_in([an_arrival()])
    engine.dispose()


def test_a_statement_that_takes_too_long_is_an_unavailable_ledger(postgres_ledger_url: str) -> None:
    engine = make_engine(postgres_ledger_url, DatabaseLimits(statement_timeout_ms=50))
    with a_ledger(engine)("test") as uow, pytest.raises(LedgerUnavailable):
        uow._work.connection.exec_driver_sql("SELECT pg_sleep(10)")
    engine.dispose()


def test_a_ledger_without_tables_is_unavailable(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    begin = a_ledger(engine)
    assert not begin.is_current()
    with pytest.raises(LedgerUnavailable), begin("test") as uow:
        uow.customers.get("cus_1")
    engine.dispose()


@pytest.mark.parametrize("reading", [False, True])
def test_the_server_tells_the_time_and_it_goes_on(begin: SqlLedger, reading: bool) -> None:
    with begin("test", reading=reading) as uow:
        first, second = uow.now(), uow.now()
    assert abs(datetime.now(UTC) - first) < timedelta(minutes=1)
    assert first < second


def test_a_reading_unit_can_write_nothing(begin: SqlLedger) -> None:
    with pytest.raises(Exception, match="read-only"), begin("test", reading=True) as uow:
        uow.jobs.request(REGISTER)


def test_a_transaction_begins_once(begin: SqlLedger, engine: Engine) -> None:
    warnings: list[str | None] = []

    def listen(connection: psycopg.Connection, _record: object) -> None:
        connection.add_notice_handler(lambda notice: warnings.append(notice.message_primary))

    event.listen(engine, "connect", listen)
    engine.dispose()
    with begin("test") as uow:
        uow.commit()
    assert warnings == []
