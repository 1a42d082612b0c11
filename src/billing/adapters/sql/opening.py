"""How a unit gets its transaction: patiently where SQLite is busy, and once more where a server was restarted."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from billing.adapters.sql.errors import Busy
from billing.adapters.sql.patience import Patience
from billing.application.unit_of_work import LedgerUnavailable

T = TypeVar("T")


class StaleConnection(LedgerUnavailable):
    """the ledger can't be reached: {why}"""


def despite_a_restart(attempt: Callable[[], T]) -> T:
    """Once more where it noticed that the server was restarted: every connection of before is dropped by then."""
    try:
        return attempt()
    except StaleConnection:
        return attempt()


@dataclass(frozen=True)
class Opener:
    """Connections with a transaction begun, of the kind that the engine's options name.

    Where SQLite lets one write at a time, the threads of a process wait for their `turn` here: only whose turn it is
    asks for the file's lock, and whoever holds that is not held up by the others' asking.
    """

    engine: Engine
    patience: Patience
    turn: "Lock | None" = None

    def __call__(self) -> Connection:
        """LedgerUnavailable where there is none to be had."""
        if self.turn is not None and not self.turn.acquire(timeout=self.patience.deadline_ms / 1000):
            raise Busy("another thread of this process is writing")
        try:
            return despite_a_restart(self._open)
        except BaseException:
            self.end_turn()
            raise

    def end_turn(self) -> None:
        """The next thread may write."""
        if self.turn is not None:
            self.turn.release()

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
