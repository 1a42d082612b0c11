"""What goes wrong, how often, and the switch points at which it does."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from random import Random
from typing import TypeVar

from billing.application.outcomes import Deadline, OutcomeUnknown, RetryLater
from billing.application.unit_of_work import LedgerUnavailable
from billing.domain import BillingError
from simulation.schedule import Died, Schedule

T = TypeVar("T")
_SOON_MS, _STALL_MS = (1, 400), (61_000, 400_000)
_AGES_SECONDS = 3600.0
_PROMPT_MS, _LATE_MS = 2_000, 90 * 60_000


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Probabilities, each of one occasion."""

    death: float = 0  # a process is gone at a switch point
    stall: float = 0  # a process sleeps there for longer than its lease
    call_fails: float = 0  # a call outward without effect
    call_hangs: float = 0  # nothing until the deadline; with or without effect
    answer_lost: float = 0  # an effect of which nobody hears
    ledger_away: float = 0  # a unit that can't begin, or whose commit is not confirmed
    bell_lost: float = 0
    webhook_lost: float = 0
    webhook_doubled: float = 0
    webhook_late: float = 0

    def scaled(self, by: float) -> "Faults":
        """Better or worse weather of the same kind."""
        return Faults(**{f.name: min(getattr(self, f.name) * by, 0.9) for f in fields(self)})


CALM = Faults()


class Weather:
    """The faults of the moment, and the dice that decide when they strike."""

    def __init__(self, schedule: Schedule, faults: Faults, dice: Random) -> None:
        self.schedule, self.faults, self.dice = schedule, faults, dice

    def clear_up(self) -> None:
        """Nothing fails any more."""
        self.faults = CALM

    def strikes(self, rate: float) -> bool:
        """Whether it happens now."""
        return rate > 0 and self.dice.random() < rate

    def loses(self, what: str) -> bool:
        """Whether a notification never comes."""
        is_lost = self.strikes(self.faults.webhook_lost)
        if is_lost:
            self.schedule.note(f"  the {what} is lost for good")
        return is_lost

    def arrivals(self, dice: Random) -> Iterator[int]:
        """After how many ms a notification comes: twice, perhaps, and late."""
        for _ in range(2 if self.strikes(self.faults.webhook_doubled) else 1):
            yield dice.randint(1, _LATE_MS if self.strikes(self.faults.webhook_late) else _PROMPT_MS)

    def point(self, what: str) -> None:
        """A switch point: others act, time passes, or the process dies."""
        schedule, faults, chance = self.schedule, self.faults, self.dice.random()
        if schedule.is_traced:
            schedule.note(what)
        if chance < faults.death:
            self._die(what)
        if self.strikes(faults.stall):
            if schedule.is_traced:
                schedule.note("  sleeps through its lease")
            schedule.sleep(self.dice.randint(*_STALL_MS))
        elif chance < 0.7:
            schedule.give_way()
        else:
            schedule.sleep(self.dice.randint(*_SOON_MS))

    def peril(self, what: str) -> None:
        """As a switch point, but nobody else acts: for where the ledger holds locks."""
        if self.strikes(self.faults.death):
            self._die(what)

    def may_lose_the_ledger(self, why: str) -> None:
        """A unit can't be begun, or its commit not be confirmed."""
        if self.strikes(self.faults.ledger_away):
            self.schedule.note(f"  the ledger is away: {why}")
            raise LedgerUnavailable(why)

    def call(self, what: str, deadline: Deadline, act: Callable[[Deadline], T]) -> T:
        """A call outward: asked, done or not, answered or not.

        What was sent in time arrives, however long the sender sleeps between: `act` gets a deadline that is far off.
        """
        deadline.remaining_seconds()
        self.point(f"{what}?")
        faults, schedule, chance = self.faults, self.schedule, self.dice.random()
        if chance < faults.call_fails:
            schedule.note(f"{what}: fails")
            raise RetryLater("it can't be reached")
        chance -= faults.call_fails
        if chance < faults.call_hangs + faults.answer_lost:
            self._lose(what, deadline, act, hangs=chance < faults.call_hangs)
        try:
            answer = act(_far_off(deadline))
        except BillingError as refusal:
            if schedule.is_traced:
                schedule.note(f"{what}: {refusal!r}")
            raise
        # A reading has a set in it, whose order is not the same in every process.
        self.point(f"{what}: {getattr(answer, 'facts', answer)}" if schedule.is_traced else what)
        return answer

    def _lose(self, what: str, deadline: Deadline, act: Callable[[Deadline], T], hangs: bool) -> None:
        takes_effect = not hangs or self.dice.random() < 0.5
        if takes_effect:
            with suppress(BillingError):
                act(_far_off(deadline))
        if hangs:
            with suppress(RetryLater):  # it slept through its deadline already
                self.schedule.sleep(int(deadline.remaining_seconds() * 1000) + 1)
        self.schedule.note(f"{what}: {'done, and ' if takes_effect else ''}no answer")
        raise OutcomeUnknown("no answer came")

    def _die(self, what: str) -> None:
        self.schedule.note(f"  is killed at: {what}")
        raise Died


def _far_off(deadline: Deadline) -> Deadline:
    return Deadline.after(_AGES_SECONDS, deadline.monotonic)
