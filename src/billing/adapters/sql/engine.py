"""Engines for SQLite and PostgreSQL: what a connection is set to, and how a transaction begins on each.

The drivers run in autocommit and SQLAlchemy's `begin` event says BEGIN, since a unit of work needs its own kind:
writing units take the write lock at once on SQLite, and learn the server's time on PostgreSQL in the same round trip.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from billing.adapters.sql.errors import translate
from billing.adapters.sql.patience import Patience

BEGIN = "billing_begin"
"""The execution option that names one of these kinds; without it a plain, patient transaction begins."""

READING, WRITING = "reading", "writing"
SERVER_TIME = "billing_server_time"
"""The key in `connection.info` of the server's time when the last writing transaction began."""

_BEGIN_SQLITE = {None: "BEGIN IMMEDIATE", READING: "BEGIN", WRITING: "BEGIN IMMEDIATE"}
_BEGIN_POSTGRES = {
    None: "BEGIN",
    READING: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    WRITING: "SELECT clock_timestamp(); BEGIN",
}


@dataclass(frozen=True, kw_only=True)
class DatabaseLimits:
    """Bounds on every wait for a database; those from `connect_timeout_seconds` on are for PostgreSQL."""

    pool_size: int = 10
    pool_overflow: int = 10
    pool_timeout_seconds: float = 5
    busy_timeout_ms: int = 10_000
    connect_timeout_seconds: int = 5
    lock_timeout_ms: int = 5_000
    statement_timeout_ms: int = 15_000
    idle_in_transaction_timeout_ms: int = 30_000
    tcp_user_timeout_ms: int = 20_000


def make_engine(url: str, limits: DatabaseLimits | None = None) -> Engine:
    """An engine of which nothing is asked yet; LedgerUnavailable and the like are what its errors come out as."""
    parsed, limits = make_url(url), limits or DatabaseLimits()
    engine = _make_sqlite(parsed, limits) if parsed.get_backend_name() == "sqlite" else _make_postgres(parsed, limits)
    event.listen(engine, "handle_error", translate)
    return engine


# ---------------------------------------------------------------------- SQLite


def _make_sqlite(url: URL, limits: DatabaseLimits) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ValueError("a ledger on SQLite needs a file")
    engine = create_engine(
        url,
        connect_args={"timeout": limits.busy_timeout_ms / 1000, "isolation_level": None},
        hide_parameters=True,
        **_pool_of(limits),
    )
    patience = f"PRAGMA busy_timeout={limits.busy_timeout_ms:d}"

    def connected(dbapi: Any, _record: object) -> None:
        # Two that make a new file WAL at the same moment: one is refused at once, whatever SQLite's own patience.
        Patience(limits.busy_timeout_ms).insist(lambda: dbapi.execute("PRAGMA journal_mode=WAL").close())
        # An acknowledged webhook survives a power cut.
        dbapi.execute("PRAGMA synchronous=FULL").close()
        dbapi.execute("PRAGMA foreign_keys=ON").close()

    def begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get(BEGIN)
        # SQLite's own waiting sleeps up to 100 ms at a time; the unit of work asks again every 1-2 ms instead.
        connection.exec_driver_sql("PRAGMA busy_timeout=0" if kind else patience)
        connection.exec_driver_sql(_BEGIN_SQLITE[kind])
        if kind == READING:
            # A deferred BEGIN takes nothing; this read takes the snapshot, so that only a beginning can be busy.
            connection.exec_driver_sql("SELECT 1 FROM sqlite_schema LIMIT 1")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begin)
    return engine


# ---------------------------------------------------------------------- PostgreSQL


def _make_postgres(url: URL, limits: DatabaseLimits) -> Engine:
    settings = {
        "lock_timeout": limits.lock_timeout_ms,
        "statement_timeout": limits.statement_timeout_ms,
        "idle_in_transaction_session_timeout": limits.idle_in_transaction_timeout_ms,
        "timezone": "UTC",
    }
    engine = create_engine(
        url,
        connect_args={
            "autocommit": True,
            "connect_timeout": limits.connect_timeout_seconds,
            "tcp_user_timeout": limits.tcp_user_timeout_ms,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
        hide_parameters=True,
        **_pool_of(limits),
    )

    def begin(connection: Connection) -> None:
        began = connection.exec_driver_sql(_BEGIN_POSTGRES[connection.get_execution_options().get(BEGIN)])
        if began.returns_rows:
            connection.info[SERVER_TIME] = began.scalar_one()

    event.listen(engine, "begin", begin)
    return engine


def _pool_of(limits: DatabaseLimits) -> dict[str, Any]:
    return {
        "pool_size": limits.pool_size,
        "max_overflow": limits.pool_overflow,
        "pool_timeout": limits.pool_timeout_seconds,
    }
