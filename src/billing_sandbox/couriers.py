"""Errands that are run when they fall due: one thread claims them, others run them, each with an HTTP session."""

import threading
import time
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Generic, NamedTuple, TypeVar

import requests

from billing_sandbox.faults import Fault

_BACKOFF_FIRST_SECONDS = 0.2
_BACKOFF_MAX_SECONDS = 10.0
_IDLE_SECONDS = 1.0
_DELAY_SECONDS = 1.0

Errand = TypeVar("Errand")


class Couriers(Generic[Errand]):
    """The threads; what is owed, and what became of it, its owner keeps."""

    def __init__(
        self,
        claim: Callable[[], Iterable[Errand]],
        next_due: Callable[[], float | None],
        run: Callable[[requests.Session, Errand], None],
        workers: int,
    ) -> None:
        """`claim` gives what is due, once; `next_due` when (Unix seconds) to ask again, None while nothing is owed."""
        self._claim, self._next_due, self._run, self._workers = claim, next_due, run, workers
        self._claimed: SimpleQueue[Errand] = SimpleQueue()
        self._wake = threading.Event()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Run errands from now on; returns at once."""
        threading.Thread(target=self._dispatch, daemon=True).start()
        for _ in range(self._workers):
            threading.Thread(target=self._work, daemon=True).start()

    def stop(self) -> None:
        """Begin no more of them."""
        self._stopped.set()
        self._wake.set()

    def wake(self) -> None:
        """Look again now: something is owed that was not, or sooner."""
        self._wake.set()

    def _dispatch(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            for errand in self._claim():
                self._claimed.put(errand)
            self._wake.wait(self._pause_seconds())

    def _pause_seconds(self) -> float:
        due = self._next_due()
        return _IDLE_SECONDS if due is None else min(max(due - time.time(), 0.0), _IDLE_SECONDS)

    def _work(self) -> None:
        http = requests.Session()
        http.trust_env = False
        while not self._stopped.is_set():
            self._run(http, self._claimed.get())


class Fate(NamedTuple):
    """What becomes of a notification: so many of it are owed, in that state, so much later."""

    copies: int = 1
    state: str = "waiting"
    after_seconds: float = 0.0


def fate(fault: Fault | None) -> Fate:
    """That which a fault orders; an answer that is lost makes a second delivery, just as a duplicate is one."""
    match fault:
        case Fault(kind="lose"):
            return Fate(state="lost")
        case Fault(kind="delay" | "slow"):
            return Fate(after_seconds=_DELAY_SECONDS if fault.seconds is None else fault.seconds)
        case Fault(kind="duplicate" | "lose_answer"):
            return Fate(copies=2)
    return Fate()


def backoff_seconds(attempts: int) -> float:
    """How long to wait after so many attempts that failed."""
    return float(min(_BACKOFF_FIRST_SECONDS * 2 ** min(attempts - 1, 10), _BACKOFF_MAX_SECONDS))
