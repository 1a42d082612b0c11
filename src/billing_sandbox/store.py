"""One SQLite file of JSON documents: all the state the sandbox has."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Condition = tuple[str, Sequence[Any]]
"""A piece of SQL that is true of a wanted row, and its parameters."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    created INTEGER NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS documents_in_order ON documents (kind, position);
"""


class Store:
    """Documents by kind and id, for many threads: one connection, one lock, whole transactions."""

    def __init__(self, path: Path | str) -> None:
        """Open the file, or `":memory:"` for a store that ends with the process."""
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        # WAL with NORMAL loses nothing when the process is killed, only (perhaps) when the power fails.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self.define(_SCHEMA)

    def define(self, schema: str) -> None:
        """Run statements that may be run again at every start."""
        with self._lock:
            self._connection.executescript(schema)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens or nothing does; one inside another joins the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                yield

    def put(self, kind: str, document: Json) -> None:
        """Write a document under its `id`, new or anew; a rewritten one keeps its place in the order."""
        self.execute(
            "INSERT INTO documents (kind, id, created, json) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (kind, id) DO UPDATE SET created = excluded.created, json = excluded.json",
            (kind, document["id"], document.get("created", 0), json.dumps(document)),
        )

    def get(self, kind: str, id: str) -> Json | None:
        """The document, or None."""
        rows = self.execute("SELECT json FROM documents WHERE kind = ? AND id = ?", (kind, id))
        return json.loads(rows[0]["json"]) if rows else None

    def find(
        self,
        kind: str,
        conditions: Sequence[Condition] = (),
        *,
        newest_first: bool = True,
        limit: int = -1,
    ) -> list[Json]:
        """The documents of a kind that meet every condition, in the order they were first written."""
        where = " AND ".join(["kind = ?", *(sql for sql, _ in conditions)])
        values = [kind, *(value for _, given in conditions for value in given), limit]
        direction = "DESC" if newest_first else "ASC"
        sql = f"SELECT json FROM documents WHERE {where} ORDER BY position {direction} LIMIT ?"
        return [json.loads(row["json"]) for row in self.execute(sql, values)]

    def delete(self, kind: str, id: str | None = None) -> int:
        """Forget the document of this id, or all of a kind; gives how many there were."""
        sql, values = "DELETE FROM documents WHERE kind = ?", [kind]
        if id is not None:
            sql, values = f"{sql} AND id = ?", [kind, id]
        return len(self.execute(f"{sql} RETURNING id", values))

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Run one statement and fetch all its rows."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()


def field_is(name: str, value: Any) -> Condition:
    """The condition that a document's top-level field has this value."""
    assert name.isidentifier(), name
    return f"json_extract(json, '$.{name}') = ?", (value,)
