"""Where notifications are stored: those that come in at once share a commit, and none waits for more to come."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from billing.application.ledger import Ledger
from billing.application.records import Arrival
from billing.application.unit_of_work import LedgerUnavailable


class Turn(Protocol):
    """Waited for by one, once; it may have come before."""

    def wait(self) -> None: ...

    def come(self) -> None: ...


class ThreadTurn:
    """A thread's."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lock.acquire()

    def wait(self) -> None:
        """Until it comes."""
        self._lock.acquire()

    def come(self) -> None:
        """Let it go on."""
        self._lock.release()


@dataclass(eq=False)
class _Letter:
    """An arrival and what became of it."""

    arrival: Arrival
    turn: Turn
    is_done: bool = False
    is_new: bool = False
    failure: Exception | None = None

    def fail(self, failure: Exception) -> None:
        self.failure, self.is_done = failure, True


class Letterbox:
    """Whoever finds nobody writing writes, in one unit, all that have come meanwhile; then the next of them does.

    So there are as many commits as the ledger can do, and not as many as there are requests; a lone request waits for
    nobody. `turns` are what the requests of this process wait for; a unit takes no more than `letters_max`.
    """

    def __init__(self, ledger: Ledger, turns: Callable[[], Turn], letters_max: int = 100) -> None:
        self._ledger, self._turns, self._letters_max = ledger, turns, letters_max
        self._mutex = Lock()
        self._waiting: list[_Letter] = []
        self._is_writing = False

    def drop(self, arrival: Arrival) -> bool:
        """Returns once it is durable: whether it was new; LedgerUnavailable where nothing can be stored."""
        letter = _Letter(arrival, self._turns())
        if not self._writes_first(letter):
            letter.turn.wait()
        if not letter.is_done:
            self._write_what_waits()
        if letter.failure is not None:
            raise letter.failure
        return letter.is_new

    def _writes_first(self, letter: _Letter) -> bool:
        with self._mutex:
            self._waiting.append(letter)
            finds_nobody, self._is_writing = not self._is_writing, True
            return finds_nobody

    def _write_what_waits(self) -> None:
        """The first of them is the caller's own."""
        with self._mutex:
            batch, self._waiting = self._waiting[: self._letters_max], self._waiting[self._letters_max :]
        try:
            self._write(batch)
        finally:
            self._let_go_on(batch)

    def _let_go_on(self, batch: Sequence[_Letter]) -> None:
        """Those that were written, and one to write next: whoever died while it wrote leaves the others unwritten."""
        _own, *others = batch
        with self._mutex:
            self._waiting = [one for one in others if not one.is_done] + self._waiting
            following = self._waiting[:1]
            self._is_writing = bool(following)
        for letter in [one for one in others if one.is_done] + following:
            letter.turn.come()

    def _write(self, batch: Sequence[_Letter]) -> None:
        # In one order, so that two processes with the same notifications do not wait for one another in a circle.
        arrivals = sorted((one.arrival for one in batch), key=lambda arrival: (arrival.gateway, arrival.event_id))
        try:
            new = self._ledger.write("webhook", lambda uow: uow.inbox.take_in(arrivals))
        except LedgerUnavailable as away:
            for one in batch:
                one.fail(LedgerUnavailable(away.why))
        except Exception as failure:  # noqa: BLE001 - one of them may be to blame, whose request raises it
            if len(batch) == 1:
                batch[0].fail(failure)
            else:
                for one in batch:
                    self._write([one])
        else:
            for one in batch:
                one.is_new, one.is_done = one.arrival.id in new, True
