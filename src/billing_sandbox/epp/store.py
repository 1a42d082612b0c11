"""The registry's records in one SQLite file: every command is one transaction."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts (
    id TEXT PRIMARY KEY, roid TEXT NOT NULL, sponsor TEXT NOT NULL, created TEXT NOT NULL,
    voice TEXT NOT NULL, fax TEXT NOT NULL, email TEXT NOT NULL, postal TEXT NOT NULL, auth_info TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS hosts (
    name TEXT PRIMARY KEY, roid TEXT NOT NULL, sponsor TEXT NOT NULL, created TEXT NOT NULL,
    addresses TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS domains (
    name TEXT PRIMARY KEY, roid TEXT NOT NULL, sponsor TEXT NOT NULL, registrant TEXT NOT NULL,
    created TEXT NOT NULL, updated TEXT, expires TEXT NOT NULL, forced_status TEXT, auth_info TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS domain_contacts (domain TEXT NOT NULL, role TEXT NOT NULL, contact TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS domain_hosts (domain TEXT NOT NULL, host TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS effects (
    kind TEXT NOT NULL, domain TEXT NOT NULL, at TEXT NOT NULL, years INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS commands (name TEXT PRIMARY KEY, received INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY CHECK (id = 1), balance INTEGER);
CREATE INDEX IF NOT EXISTS effects_by_domain ON effects (domain);
CREATE INDEX IF NOT EXISTS roles_by_domain ON domain_contacts (domain);
CREATE INDEX IF NOT EXISTS roles_by_contact ON domain_contacts (contact);
CREATE INDEX IF NOT EXISTS domains_by_registrant ON domains (registrant);
CREATE INDEX IF NOT EXISTS hosts_by_domain ON domain_hosts (domain);
INSERT OR IGNORE INTO account (id, balance) VALUES (1, NULL);
"""


class Store:
    """One connection under one lock, opened when first needed; commands take turns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commits at the end of the block, rolls back when it raises."""
        with self._lock:
            if self._db is None:
                self._db = self._open()
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db

    def close(self) -> None:
        """Closes the file; the next transaction opens it again."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(SCHEMA)
        return db


_DOMAINS = (
    "SELECT name, registrant, created, expires,"
    " (SELECT count(*) FROM effects e WHERE e.domain = d.name AND e.kind = 'create') AS creates,"
    " (SELECT count(*) FROM effects e WHERE e.domain = d.name AND e.kind = 'renew') AS renews,"
    " coalesce(forced_status, iif(EXISTS (SELECT 1 FROM domain_hosts h WHERE h.domain = d.name),"
    " 'ok', 'inactive')) AS status, sponsor FROM domains d"
)


def domain(db: sqlite3.Connection, name: str) -> dict[str, object]:
    """One domain as `state` shows it; `KeyError` where there is none."""
    row = db.execute(f"{_DOMAINS} WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise KeyError(name)
    return dict(row)


def state(db: sqlite3.Connection) -> dict[str, object]:
    """All that the registry holds, as one JSON-ready document without secrets."""
    domains = db.execute(f"{_DOMAINS} ORDER BY name")
    contacts = db.execute("SELECT id, email, created, sponsor FROM contacts ORDER BY id")
    hosts = db.execute("SELECT name, created FROM hosts ORDER BY name")
    return {
        "domains": [dict(row) for row in domains],
        "contacts": [dict(row) for row in contacts],
        "hosts": [dict(row) for row in hosts],
        "commands": dict(db.execute("SELECT name, received FROM commands ORDER BY name").fetchall()),
        "balance": db.execute("SELECT balance FROM account").fetchone()[0],
    }
