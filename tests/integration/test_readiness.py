"""Readiness: the first thing that is missing is named with what to do about it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from billing.adapters.memory.queue import MemoryQueue
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.sql import migrations
from billing.adapters.sql.engine import make_engine
from billing.adapters.sql.ledger import SqlLedger
from billing.application.ledger import Ledger
from billing.entrypoints.readiness import readiness
from tests.builders import NOW, a_catalogue

UPGRADE = {"database": "ok", "schema": "is not what this program needs: run billing db upgrade"}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/billing.sqlite"


@pytest.fixture
def begin(url: str):
    engine = make_engine(url)
    yield SqlLedger(engine, ids=lambda prefix: f"{prefix}_1", clock=lambda: NOW, ring_again=timedelta(seconds=9))
    engine.dispose()


@pytest.fixture
def ledger(begin: SqlLedger) -> Ledger:
    return Ledger(begin, MemoryQueue(), MemoryTelemetry())


@pytest.fixture
def ready(begin: SqlLedger, ledger: Ledger) -> Callable[[], object]:
    return lambda: readiness(begin.is_current, ledger)


def test_a_fresh_file_needs_an_upgrade_and_then_a_price_list(url: str, ready, ledger: Ledger) -> None:
    assert ready() == UPGRADE
    migrations.upgrade(url)
    assert ready()["catalogue"] == "none is loaded: run billing catalogue load"
    ledger.write("test", lambda uow: uow.catalogues.add(a_catalogue()))
    assert set(ready().values()) == {"ok"}


def test_a_schema_of_another_version_needs_an_upgrade(tmp_path: Path, url: str, ready) -> None:
    migrations.upgrade(url)
    with closing(sqlite3.connect(tmp_path / "billing.sqlite")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'older'")
    assert ready() == UPGRADE


def test_a_database_that_is_away_is_named(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/no/such.sqlite")
    away = SqlLedger(engine, ids=lambda prefix: prefix, clock=lambda: NOW, ring_again=timedelta(seconds=9))
    ledger = Ledger(away, MemoryQueue(), MemoryTelemetry())
    assert readiness(away.is_current, ledger) == {"database": "unable to open database file"}
