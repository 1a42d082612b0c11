"""What is done once a business day: each round in bounded steps, by whichever worker comes first.

A round looks at how things stand and not at what happened since the last one. So it may be made twice, late, by several
workers at once, and after days on which nobody made it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from billing.application.ledger import Ledger
from billing.application.ports import Clock, Telemetry
from billing.application.unit_of_work import UnitOfWork
from billing.domain.daily_round import DailyRound


class DailySteps(Protocol):
    """One round, by its name in the ledger."""

    @property
    def name(self) -> str: ...

    def __call__(self, after: str | None) -> str | None:
        """See to a bounded number of things beyond `after`: where the next step goes on, None at the end.

        What can't be seen to is reported and left to the next day; it keeps nothing else waiting.
        """


@dataclass(frozen=True)
class DailyLimits:
    """At which hour of UTC a business day begins, and how long a worker may be at one step."""

    begins: timedelta
    lease: timedelta


@dataclass(frozen=True)
class OnceADay:
    """Take the next step of a round, unless the day's is done or another worker is at it."""

    ledger: Ledger
    steps: DailySteps
    limits: DailyLimits
    telemetry: Telemetry
    clock: Clock

    def __call__(self) -> bool:
        """Whether a step was taken; a worker that dies in it loses nothing, since its hold runs out."""
        today = (self.clock() - self.limits.begins).date()
        if not self.ledger.read(lambda uow: _is_due(uow, self.steps.name, today)):
            return False
        taken = self.ledger.write("daily round", lambda uow: self._take(uow, today))
        if taken is None:
            return False
        after = self.steps(taken.reached)
        self.ledger.write(
            "daily round", lambda uow: uow.rounds.lock(self.steps.name).leave(today, taken.reached, after)
        )
        if after is None:
            self.telemetry.event("daily_round_done", round=self.steps.name, day=today.isoformat())
        return True

    def _take(self, uow: UnitOfWork, today: date) -> DailyRound | None:
        found = uow.rounds.lock(self.steps.name)
        return found if found.take(today, uow.now(), self.limits.lease) else None


def _is_due(uow: UnitOfWork, name: str, today: date) -> bool:
    known = uow.rounds.get(name)
    return known is None or known.is_due(today, uow.now())


def place_of(at: datetime, last_id: str) -> str:
    """Where a step left off that goes by a time and then an id."""
    return f"{at.isoformat()} {last_id}"


def read_place(after: str | None) -> tuple[datetime, str] | None:
    """The same, as the next step wants it.

    >>> read_place(place_of(datetime(2027, 2, 28, 9), "sub_1"))
    (datetime.datetime(2027, 2, 28, 9, 0), 'sub_1')
    """
    if after is None:
        return None
    at, _, last_id = after.partition(" ")
    return datetime.fromisoformat(at), last_id
