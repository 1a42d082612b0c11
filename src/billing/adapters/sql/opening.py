"""How a unit gets its transaction: patiently where SQLite is busy, and once more where a server was restarted."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from billing.adapters.sql.patience import Patience
from billing.application.unit_of_work import LedgerUnavailable


class StaleConnection(LedgerUnavailable):
    """the ledger can't be reached: {why}"""


@dataclass(frozen=True)
class Opener:
    """Connections with a transaction begun, of the kind that the engine's options name."""

    engine: Engine
    patience: Patience

    def __call__(self) -> Connection:
        """LedgerUnavailable where there is none to be had."""
        try:
            return self._open()
        except StaleConnection:
            # That noticed a restarted server, and every connection of before is dropped by now.
            return self._open()

    def _open(self) -> Connection:
        try:
            connection = self.engine.connect()
        except PoolTimeout as none_free:
            raise LedgerUnavailable(str(none_free)) from none_free
        try:
            self.patience.insist(connection.begin)
        except LedgerUnavailable as failed:
            stale = connection.invalidated
            connection.close()
            if stale:
                raise StaleConnection(failed.why) from failed
            raise
        return connection
