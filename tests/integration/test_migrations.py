"""The schema that migrations make is the one that the tables describe, on both databases."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from billing.adapters.sql import mapping, migrations, records  # noqa: F401 - imported for their tables
from billing.adapters.sql.columns import metadata
from billing.adapters.sql.engine import make_engine
from billing.adapters.sql.migrations import current, head, upgrade
from tests.integration.sql_databases import new_database

PROCESSES = 4
# Columns, constraints and indexes as each database writes them out itself.
SQLITE_SHAPE = ("SELECT name, sql FROM sqlite_schema",)
POSTGRES_SHAPE = (
    """SELECT table_name, column_name, data_type, is_nullable, character_maximum_length, collation_name, column_default
       FROM information_schema.columns WHERE table_schema = 'public'""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = make_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def shape_of(connection: Connection) -> set[str]:
    """Every part of the schema in the database's own words, whatever their order, white space and quotes."""
    queries = SQLITE_SHAPE if connection.dialect.name == "sqlite" else POSTGRES_SHAPE
    rows = (row for query in queries for row in connection.execute(text(query)))
    said = {" ".join(sorted(" ".join(map(str, row)).replace(",", " ").replace('"', "").split())) for row in rows}
    return {line for line in said if "alembic" not in line}


@pytest.fixture
def other_url(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A second empty database of the same kind."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'other.db'}"
        return
    with new_database(request.getfixturevalue("postgres_server")) as url:
        yield url


def test_an_empty_database_is_brought_to_this_version(database_url: str) -> None:
    assert current(database_url) is None
    assert upgrade(database_url) == head() == current(database_url)
    assert upgrade(database_url) == head()


def test_the_migrated_schema_is_the_one_that_is_mapped(database_url: str) -> None:
    upgrade(database_url)
    with connected(database_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_checks_and_conditions_of_indexes_are_the_ones_that_are_mapped(database_url: str, other_url: str) -> None:
    upgrade(database_url)
    with connected(other_url) as connection, connection.begin():
        metadata.create_all(connection)
    with connected(database_url) as migrated, connected(other_url) as mapped:
        made, wanted = shape_of(migrated), shape_of(mapped)
        assert made - wanted == set()
        assert wanted - made == set()
        assert len(wanted) >= len(metadata.tables)


def test_every_constraint_has_a_name(database_url: str) -> None:
    upgrade(database_url)
    assert all(constraint.name for table in metadata.tables.values() for constraint in table.constraints)


def test_an_installation_is_named_once_and_at_random(database_url: str, other_url: str) -> None:
    names = []
    for url in (database_url, other_url, database_url):
        upgrade(url)
        with connected(url) as connection:
            names.append(connection.execute(text("SELECT id FROM installation")).scalar_one())
    assert names[0] == names[2] != names[1]
    assert names[0].startswith("ins_")
    assert len(names[0]) == len("ins_") + 2 * 16


def test_processes_that_upgrade_together_do_it_once(database_url: str) -> None:
    program = "import sys; from billing.adapters.sql.migrations import upgrade; print(upgrade(sys.argv[1]))"
    started = [
        subprocess.Popen([sys.executable, "-c", program, database_url], stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    assert {process.communicate(timeout=60)[0].strip() for process in started} == {head()}
    assert {process.returncode for process in started} == {0}
    with connected(database_url) as connection:
        assert connection.execute(text("SELECT count(*) FROM installation")).scalar_one() == 1


def test_an_upgrade_that_fails_leaves_nothing(database_url: str) -> None:
    with connected(database_url) as connection, connection.begin():
        connection.execute(text("CREATE TABLE jobs (id INTEGER)"))
    with pytest.raises(Exception, match="jobs"):
        upgrade(database_url)
    assert current(database_url) is None
    with connected(database_url) as connection:
        assert not connection.dialect.has_table(connection, "customers")


def test_disputes_of_before_are_their_payments_gateways(database_url: str) -> None:
    upgrade(database_url, "0016")
    at, usd = {"created_at": "2027-01-01"}, {"amount_minor": 500, "amount_currency": "USD"}
    ends, moved = at | {"expires_at": "2027-01-02"}, {"withdrawn_minor": 500, "withdrawn_currency": "USD"}
    moved |= {"reinstated_minor": 0, "reinstated_currency": "USD"}
    rows: dict[str, dict[str, object]] = {
        "customers": at | {"id": "cus_1", "name": "Aline", "email": "aline@example.rw", "language": "en"},
        "orders": ends
        | {"id": "ord_1", "number": "1", "customer_id": "cus_1", "currency": "USD", "status": "completed"},
        "payments": ends
        | usd
        | {"id": "pay_1", "order_id": "ord_1", "attempt": 1, "gateway": "stripe", "options": "{}"}
        | {"status": "succeeded", "surplus": False},
        "disputes": at
        | usd
        | moved
        | {"id": "dsp_1", "payment_id": "pay_1", "dispute_ref": "dp_1", "reason": "fraudulent"}
        | {"status": "won", "item_ids": "[]"},
    }
    with connected(database_url) as connection, connection.begin():
        for table, row in rows.items():
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({', '.join(row)}, version) VALUES ({values}, 7)"), row)
    upgrade(database_url)
    with connected(database_url) as connection:
        found = connection.execute(text("SELECT id, payment_id, gateway, dispute_ref, status, version FROM disputes"))
        assert [tuple(row) for row in found] == [("dsp_1", "pay_1", "stripe", "dp_1", "won", 7)]


def test_there_is_no_way_back() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent)).get_revision("head")
    with pytest.raises(NotImplementedError, match="backup"):
        script.module.downgrade()


def test_a_ledger_on_sqlite_gets_its_folder(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / secrets.token_hex(4) / 'ledger.db'}"
    assert upgrade(url) == head()
