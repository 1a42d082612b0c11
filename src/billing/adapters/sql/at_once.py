"""Single statements on PostgreSQL, each its own transaction, straight to the driver.

What a webhook waits for is one such statement, and nothing in it needs what SQLAlchemy does around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from billing.adapters.sql.errors import named
from billing.adapters.sql.opening import StaleConnection, despite_a_restart
from billing.application.unit_of_work import LedgerUnavailable


@dataclass(frozen=True)
class AtOnce:
    """Takes its connections, which are in autocommit, from the pool of an engine."""

    engine: Engine

    def __call__(self, statement: str, values: Sequence[object]) -> Sequence[tuple[Any, ...]]:
        """The rows of a statement, with $1 for its first value, that may be repeated; fails as all on this engine does.

        The server's own placeholders: psycopg translates others anew at every call that has more than 50 values.
        """
        return despite_a_restart(lambda: self._execute(statement, values))

    def _execute(self, statement: str, values: Sequence[object]) -> Sequence[tuple[Any, ...]]:
        try:
            pooled = self.engine.raw_connection()
        except PoolTimeout as none_free:
            raise LedgerUnavailable(str(none_free)) from none_free
        except psycopg.Error as failure:
            raise _named(failure) from failure
        connection: Any = pooled.driver_connection
        try:
            return psycopg.RawCursor(connection).execute(statement, values).fetchall()
        except psycopg.Error as failure:
            if not connection.closed:
                raise _named(failure) from failure
            pooled.invalidate(failure)
            self.engine.dispose()
            raise StaleConnection(str(failure)) from failure
        finally:
            pooled.close()


def _named(failure: psycopg.Error) -> BaseException:
    """A defect stays what it is."""
    away = isinstance(failure, psycopg.OperationalError | psycopg.InterfaceError)
    return named(failure, is_away=away) or failure
