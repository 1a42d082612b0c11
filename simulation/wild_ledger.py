"""The ledger's port in bad weather: units that can't begin, commits unconfirmed, processes that die at both."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from billing.application.ledger import Begin
from billing.application.records import Transition
from billing.application.unit_of_work import UnitOfWork
from simulation.weather import Weather


@dataclass
class WildLedger:
    """`interleaves` says whether others may act within a unit: the twin checks versions, a real one holds locks."""

    begin: Begin
    weather: Weather
    interleaves: bool
    committed: Callable[[str], None]

    def __call__(self, by: str, *, reading: bool = False) -> "WildUnit":
        return WildUnit(self, self.begin(by, reading=reading), by)


class WildUnit(UnitOfWork):
    """A unit of the ledger behind it."""

    def __init__(self, ledger: WildLedger, unit: UnitOfWork, by: str) -> None:
        self._ledger, self._unit, self._by = ledger, unit, by

    def __getattr__(self, name: str) -> Any:
        return getattr(self._unit, name)

    def __enter__(self) -> Self:
        weather = self._ledger.weather
        weather.point(f"unit of {self._by}")
        weather.may_lose_the_ledger("it does not answer")
        self._unit.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._unit.__exit__(*exc)

    def commit(self) -> None:
        weather = self._ledger.weather
        self._switch(f"commit of {self._by}")
        weather.may_lose_the_ledger("the connection broke before the commit")
        self._unit.commit()
        if weather.schedule.is_traced:
            weather.schedule.note(f"committed: {self._by}")
        self._ledger.committed(self._by)
        weather.may_lose_the_ledger("the connection broke after the commit")
        self._switch(f"after the commit of {self._by}")

    def _switch(self, where: str) -> None:
        if self._ledger.interleaves:
            self._ledger.weather.point(where)
        else:
            self._ledger.weather.peril(where)

    def now(self) -> datetime:
        return self._unit.now()

    def moves(self) -> Sequence[Transition]:
        return self._unit.moves()

    def savepoint(self) -> AbstractContextManager[None]:
        return self._unit.savepoint()

    def installation(self) -> str:
        return self._unit.installation()
