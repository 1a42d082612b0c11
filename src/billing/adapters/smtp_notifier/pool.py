"""The lines to the mail server: kept open between mails, shared by all threads, each lent to one mail at a time."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from billing.adapters.smtp_notifier.config import SmtpConfig
from billing.adapters.smtp_notifier.line import SmtpLine, brief
from billing.application.outcomes import Deadline


class LinePool:
    """Keeps what was opened for the next mail, the last used first; the deadline stays with the mail.

    It has no thread: what has been idle for too long is never used again, and closed when the next line comes back.
    """

    def __init__(
        self, open_line: Callable[[Deadline], SmtpLine], config: SmtpConfig, monotonic: Callable[[], float]
    ) -> None:
        self._open_line, self._config, self._monotonic = open_line, config, monotonic
        self._idle: list[tuple[SmtpLine, float]] = []  # with the moment since when; the oldest first
        self._lock = threading.Lock()
        self._closed = False
        os.register_at_fork(after_in_child=self._abandon)

    @contextmanager
    def lend(self, deadline: Deadline, *, fresh: bool = False) -> Iterator[SmtpLine]:
        """A line for one mail, a new one if `fresh`; RetryLater where none is to be had in time."""
        line = None if fresh else self._take(deadline)
        line = line or self._open_line(deadline)
        try:
            yield line
        finally:
            self._give_back(line, deadline)

    def close(self, deadline: Deadline) -> None:
        """Say goodbye on the idle lines; those on loan are closed when they come back."""
        with self._lock:
            self._closed = True
            outworn = self._sort_out()
        _leave(outworn, deadline)

    def _take(self, deadline: Deadline) -> SmtpLine | None:
        with self._lock:
            if not self._idle or not self._may_serve(*self._idle[-1]):
                return None  # none of those before is younger
            line, _ = self._idle.pop()
        line.deadline = deadline
        return line

    def _give_back(self, line: SmtpLine, deadline: Deadline) -> None:
        with self._lock:
            self._idle.append((line, self._monotonic()))
            outworn = self._sort_out()
        _leave(outworn, deadline)

    def _sort_out(self) -> list[SmtpLine]:
        """Take out those that may not serve again, and the oldest of too many."""
        serving = [one for one in self._idle if self._may_serve(*one)]
        spare = max(0, len(serving) - self._config.idle_lines_max)
        outworn = [one for one in self._idle if one not in serving] + serving[:spare]
        self._idle = serving[spare:]
        return [line for line, _ in outworn]

    def _may_serve(self, line: SmtpLine, since: float) -> bool:
        young = self._monotonic() - since < self._config.line_idle_seconds
        return line.is_at_rest and young and line.mails < self._config.line_mails_max and not self._closed

    def _abandon(self) -> None:
        """In a forked process: the lines are the parent's, who must not hear a goodbye, and the lock may be held."""
        self._lock, idle, self._idle = threading.Lock(), self._idle, []
        for line, _ in idle:
            line.close()


def _leave(lines: list[SmtpLine], deadline: Deadline) -> None:
    """Within one short while for all of them."""
    soon = brief(deadline)
    for line in lines:
        line.leave(soon)
