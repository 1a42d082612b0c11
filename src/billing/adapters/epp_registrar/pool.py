"""The sessions with one registry: few, shared by all threads, each lent to one at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from billing.adapters.epp_registrar.session import Session
from billing.application.outcomes import Deadline, RetryLater


class SessionPool:
    """Keeps what was opened for the next command, the last used first; what died in the meantime is replaced."""

    def __init__(self, open_session: Callable[[Deadline], Session], sessions_max: int) -> None:
        self._open_session = open_session
        self._free = threading.BoundedSemaphore(sessions_max)
        self._idle: list[Session] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def lend(self, deadline: Deadline, *, fresh: bool = False) -> Iterator[Session]:
        """A session that is alive, a new one if `fresh`; RetryLater where none is free in time or to be had."""
        if not self._free.acquire(timeout=deadline.remaining_seconds()):
            raise RetryLater("every session with the registry is busy")
        try:
            session = self._take(deadline, fresh)
            try:
                yield session
            finally:
                self._give_back(session)
        finally:
            self._free.release()

    def close(self, deadline: Deadline) -> None:
        """Log out of the idle sessions; those on loan are hung up when they come back."""
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
        for session in idle:
            session.logout(deadline)

    def _take(self, deadline: Deadline, fresh: bool) -> Session:
        while not fresh and (session := self._pop()) is not None:
            if self._lives(session, deadline):
                return session
        if self._closed:
            raise RetryLater("the sessions with the registry are closed")
        if fresh and (spare := self._pop()) is not None:
            spare.close()  # one more would be one too many
        return self._open_session(deadline)

    def _lives(self, session: Session, deadline: Deadline) -> bool:
        lives = False
        try:
            lives = session.is_alive(deadline)
        finally:
            if not lives:
                session.close()
        return lives

    def _pop(self) -> Session | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _give_back(self, session: Session) -> None:
        with self._lock:
            if session.is_usable and not self._closed:
                self._idle.append(session)
                return
        session.close()
