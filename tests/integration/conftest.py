"""Databases by URL: `sqlite_url`, `postgres_url`, `database_url` (both) are empty; those with `ledger` are migrated."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.adapters.sql.migrations import upgrade
from tests.integration.postgres_servers import a_server
from tests.integration.redis_databases import new_redis_database
from tests.integration.sql_databases import empty, new_database

BOTH = ["sqlite", "postgresql"]


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with a_server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture
def redis_url() -> Iterator[str]:
    with new_redis_database() as url:
        yield url


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return url


# ---------------------------------------------------------------------- migrated once, empty for every test


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_ledger_url(_sqlite_template: Path, sqlite_url: str, tmp_path: Path) -> str:
    shutil.copy(_sqlite_template, tmp_path / "ledger.db")
    return sqlite_url


@pytest.fixture(scope="session")
def _postgres_ledger(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as url:
        upgrade(url)
        yield url


@pytest.fixture
def postgres_ledger_url(_postgres_ledger: str) -> Iterator[str]:
    yield _postgres_ledger
    empty(_postgres_ledger)


@pytest.fixture(params=BOTH)
def ledger_url(request: pytest.FixtureRequest) -> str:
    fixture = {"sqlite": "sqlite_ledger_url", "postgresql": "postgres_ledger_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url
