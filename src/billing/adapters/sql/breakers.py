"""Circuit breakers by name."""

from collections.abc import Sequence

from sqlalchemy import select

from billing.adapters.sql.work import Work
from billing.adapters.sql.work_tables import breakers
from billing.domain.breaker import Breaker


class SqlBreakers:
    """A few rows that are read often."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def get(self, name: str) -> Breaker | None:
        return self._work.find(Breaker, name=name)

    def lock(self, name: str) -> Breaker:
        found = self._work.find(Breaker, name=name, lock=True)
        if found is None:
            self._work.insert_if_new(
                breakers, ("name",), {"name": name, "failures": 0, "opens": 0, "probing": False, "version": 1}
            )
            found = self._work.find(Breaker, name=name, lock=True)
        assert found is not None, "breakers are never deleted"
        return found

    def all(self) -> Sequence[Breaker]:
        return self._work.session.scalars(select(Breaker).order_by(breakers.c.name)).all()
