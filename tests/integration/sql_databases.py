"""Databases for tests: made for one test, gone after it."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import SystemRandom

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from billing.adapters.sql import mapping, records  # noqa: F401 - imported for their tables
from billing.adapters.sql.columns import metadata


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of a database that nobody else knows."""
    name = f"billing_test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def empty(url: str) -> None:
    """Put a migrated ledger back to where it was made."""
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE order_items SET subscription_id = NULL")
        for table in reversed(metadata.sorted_tables):
            if table.name != "installation":
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))


def free_port() -> int:
    """A port on loopback that nobody listens on, of those that no system hands out by itself.

    One of the others may be some connection's before whoever asked here listens on it.
    """
    dice = SystemRandom()
    while True:
        port = dice.randrange(12_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
