"""Installations: on SQLite alone, on PostgreSQL and Redis, or on each in turn."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.integration.browsers import a_tab
from tests.integration.whole.installation import Installation

Install = Callable[..., Installation]


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    """Make installations; they end with the test."""
    made: list[Installation] = []

    def make(database_url: str, queue_url: str, **settings: str) -> Installation:
        folder = tmp_path / f"installation-{len(made)}"
        folder.mkdir()
        made.append(Installation(folder, database_url, queue_url, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def on_sqlite(install: Install, tmp_path: Path) -> Installation:
    """The embedded defaults."""
    return install(f"sqlite:///{tmp_path}/ledger.sqlite", f"sqlite:///{tmp_path}/queue.sqlite")


@pytest.fixture
def on_servers(install: Install, postgres_url: str, redis_url: str) -> Installation:
    """PostgreSQL and Redis."""
    return install(postgres_url, redis_url)


@pytest.fixture
def on_postgres_alone(install: Install, postgres_url: str) -> Installation:
    """PostgreSQL for the ledger and for the bell."""
    return install(postgres_url, postgres_url)


@pytest.fixture(params=["on_sqlite", "on_servers"])
def installation(request: pytest.FixtureRequest) -> Installation:
    """Each in turn."""
    found: Installation = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def page() -> Iterator[Page]:
    """A new tab of the machine's own Chromium."""
    with a_tab() as tab:
        yield tab
