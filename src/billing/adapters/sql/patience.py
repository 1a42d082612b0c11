"""Asking again while SQLite is busy."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from billing.adapters.sql.errors import is_busy

PAUSE_MS = 1.0


@dataclass(frozen=True)
class Patience:
    """For how long; asking after one to two pauses serves all in time, where SQLite's own waiting lets some starve."""

    deadline_ms: int
    pause_ms: float = PAUSE_MS
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def insist(self, attempt: Callable[[], object]) -> None:
        """Try until it is not refused as busy; at the deadline the refusal comes out."""
        give_up_at = self.monotonic() + self.deadline_ms / 1000
        while True:
            try:
                attempt()
                return
            except Exception as refused:
                if not is_busy(refused) or self.monotonic() >= give_up_at:
                    raise
                self.sleep((1 + self.jitter()) * self.pause_ms / 1000)
