"""Where notifications are stored: those that come in at once share a commit, and none waits for more to come."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Lock

from billing.application.ledger import Ledger
from billing.application.records import Arrival
from billing.application.unit_of_work import LedgerUnavailable


@dataclass(eq=False)
class _Letter:
    """An arrival and what became of it; `alone` after it shared a unit that failed."""

    arrival: Arrival
    is_new: bool | None = None
    away: str | None = None
    alone: bool = False

    @property
    def is_done(self) -> bool:
        return self.is_new is not None or self.away is not None


class Letterbox:
    """Whoever holds the pen writes down all that have come meanwhile, in one unit.

    So there are as many commits as the ledger can do, and not as many as there are requests; a lone request waits for
    nobody. `pen` is a lock of this process.
    """

    def __init__(self, ledger: Ledger, pen: AbstractContextManager[object]) -> None:
        self._ledger, self._pen = ledger, pen
        self._mutex = Lock()
        self._waiting: list[_Letter] = []

    def drop(self, arrival: Arrival) -> bool:
        """Returns once it is durable: whether it was new; LedgerUnavailable where nothing can be stored."""
        letter = _Letter(arrival)
        with self._mutex:
            self._waiting.append(letter)
        with self._pen:
            if not letter.is_done:
                self._write(letter, self._others(letter))
        if letter.away is not None:
            raise LedgerUnavailable(letter.away)
        return letter.is_new is True

    def _others(self, letter: _Letter) -> Sequence[_Letter]:
        """Those that wait behind it, taken out with it: at most as many as the web server has threads."""
        with self._mutex:
            self._waiting = [one for one in self._waiting if one is not letter]
            if letter.alone:
                return []
            others, self._waiting = self._waiting, []
            return others

    def _write(self, letter: _Letter, others: Sequence[_Letter]) -> None:
        batch = [letter, *others]
        try:
            new = self._store(batch)
        except LedgerUnavailable as away:
            for one in batch:
                one.away = away.why
        except Exception:
            if not others:
                raise
            for one in batch:
                one.alone = True  # one of them may be to blame: from now on each is written by its own request
            self._write(letter, [])
        else:
            for one in batch:
                one.is_new = one.arrival.id in new

    def _store(self, batch: Sequence[_Letter]) -> Collection[str]:
        # In one order, so that two processes with the same notifications do not wait for one another in a circle.
        arrivals = sorted((one.arrival for one in batch), key=lambda arrival: (arrival.gateway, arrival.event_id))
        return self._ledger.write("webhook", lambda uow: uow.inbox.take_in(arrivals))
