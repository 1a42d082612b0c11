"""Ringing in a thread of its own: nobody waits for the queue, and bells that come close together go in one round."""

import atexit
import os
import threading
import time
from collections.abc import Callable, Mapping

from billing.application.ports import JobQueue


class Bellringer(JobQueue):
    """Rings by another queue: the first bell at once, those that follow within `gather_seconds` together.

    A process that ends rings first for what is waiting; for what one that is killed did not ring, the sweep does.
    """

    def __init__(self, inner: JobQueue, gather_seconds: float, sleep: Callable[[float], object] = time.sleep) -> None:
        self._inner, self._gather_seconds, self._sleep = inner, gather_seconds, sleep
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)
        atexit.register(self.flush)

    def _begin_anew(self) -> None:
        """Neither the thread nor whoever holds a lock comes along into a fork; what waits there, the parent rings."""
        self._changed, self._round = threading.Condition(), threading.Lock()
        self._bells: dict[str, int] = {}
        self._thread: threading.Thread | None = None

    def ring(self, bells: Mapping[str, int]) -> None:
        """Returns before they are heard."""
        with self._changed:
            self._bells.update(bells)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._on_and_on, name="bellringer", daemon=True)
                self._thread.start()
            self._changed.notify()

    def flush(self) -> None:
        """Ring here and now for all that waits, after the round that is under way."""
        with self._round:
            with self._changed:
                bells, self._bells = self._bells, {}
            if bells:
                self._inner.ring(bells)

    def _on_and_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._bells)
            self.flush()
            self._sleep(self._gather_seconds)
