"""Circuit breakers in memory."""

from collections.abc import Sequence

from billing.adapters.memory.session import Session
from billing.domain.breaker import Breaker


class MemoryBreakers:
    """By name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str) -> Breaker | None:
        return self._session.find(Breaker, name)

    def lock(self, name: str) -> Breaker:
        found = self._session.find(Breaker, name, lock=True)
        if found is None:
            found = Breaker(name=name)
            self._session.add(name, found)
        return found

    def all(self) -> Sequence[Breaker]:
        return list(self._session.all(Breaker))
