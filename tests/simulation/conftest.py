"""Migrated, empty ledgers on SQLite and PostgreSQL, as the integration tests have them."""

from tests.integration.conftest import (
    _postgres_ledger,
    _sqlite_template,
    ledger_url,
    postgres_ledger_url,
    postgres_server,
    sqlite_ledger_url,
    sqlite_url,
)

__all__ = [
    "_postgres_ledger",
    "_sqlite_template",
    "ledger_url",
    "postgres_ledger_url",
    "postgres_server",
    "sqlite_ledger_url",
    "sqlite_url",
]
