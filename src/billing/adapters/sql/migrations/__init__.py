"""The schema's versions, applied in one transaction under a lock, so that any number of processes may try at once."""

from functools import cache
from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url

from billing.adapters.sql.engine import BEGIN, READING, DatabaseLimits, make_engine

_PATIENCE_MS = 600_000
_LIMITS = DatabaseLimits(
    pool_size=1,
    pool_overflow=0,
    busy_timeout_ms=_PATIENCE_MS,
    lock_timeout_ms=_PATIENCE_MS,
    statement_timeout_ms=0,
    idle_in_transaction_timeout_ms=0,
)
_ADVISORY_LOCK = 0x62696C6C
"""Any number will do that nobody else locks in this database: it spells "bill"."""

_alembic = Lock()
"""The library keeps its context in the module: two threads of one process would write into each other's database."""


def upgrade(url: str, to: str = "head") -> str:
    """Bring the schema to this version or an earlier one, waiting for whoever else does; the revision it is at then."""
    _make_folder(url)
    engine = make_engine(url, _LIMITS)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
            config = _config()
            config.attributes["connection"] = connection
            with _alembic:
                command.upgrade(config, to)
            return str(revision_of(connection))
    finally:
        engine.dispose()


def current(url: str) -> str | None:
    """The revision that the schema is at; None where there is none yet."""
    engine = make_engine(url, _LIMITS)
    try:
        with engine.execution_options(**{BEGIN: READING}).connect() as connection:
            return revision_of(connection)
    finally:
        engine.dispose()


def revision_of(connection: Connection) -> str | None:
    """The same, on a connection."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def head() -> str | None:
    """The revision that this version works on."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _make_folder(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "billing.adapters.sql:migrations")
    config.set_main_option("path_separator", "os")
    return config
