"""When a provider that tells nothing by itself is asked about an attempt."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class PollSchedule:
    """The ages of an attempt, rising, at which its provider is asked how it stands; after the last nobody asks.

    Whoever was asked just now, for whatever reason, is asked again no sooner than `apart` later.

    >>> schedule = PollSchedule((timedelta(seconds=10), timedelta(minutes=1), timedelta(hours=1)))
    >>> schedule.wait(timedelta(seconds=4)).seconds
    6
    >>> schedule.wait(timedelta(seconds=10)).seconds
    50
    >>> schedule.wait(timedelta(hours=1)) is None
    True
    >>> PollSchedule(schedule.ages, apart=timedelta(seconds=5)).wait(timedelta(seconds=9)).seconds
    5
    """

    ages: tuple[timedelta, ...]
    apart: timedelta = timedelta()

    def wait(self, age: timedelta) -> timedelta | None:
        """How long from that age until it is asked next; None where it is not asked any more."""
        return next((max(due - age, self.apart) for due in self.ages if due > age), None)
