"""A round that is made once a business day, in bounded steps, by whichever worker comes first."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(eq=False, kw_only=True)
class DailyRound:
    """How far the round of a day is.

    >>> from datetime import UTC
    >>> now, lease = datetime(2027, 1, 31, 4, tzinfo=UTC), timedelta(minutes=1)
    >>> names = DailyRound(name="names")
    >>> names.take(now.date(), now, lease), names.take(now.date(), now, lease)  # another worker is at it
    (True, False)
    >>> names.leave(now.date(), None, "example.rw")
    >>> names.take(now.date(), now, lease), names.reached
    (True, 'example.rw')
    >>> names.leave(now.date(), "example.rw", None)  # the end
    >>> names.take(now.date(), now, lease)
    False
    >>> names.take(now.date() + timedelta(days=9), now, lease), names.reached  # days that were missed are not made up
    (True, None)

    `reached` is where its next step goes on. Whoever takes a step holds it until `held_until`, by the ledger's clock.
    """

    name: str
    day: date | None = None
    reached: str | None = None
    is_done: bool = False
    held_until: datetime | None = None
    version: int = 1

    def is_due(self, today: date, now: datetime) -> bool:
        """Whether there is a step to take that nobody is at."""
        if self.held_until is not None and now < self.held_until:
            return False
        return self.day is None or self.day < today or (self.day == today and not self.is_done)

    def take(self, today: date, now: datetime, lease: timedelta) -> bool:
        """Hold the next step; False where there is none. A new day begins anew, however far the last one came."""
        if not self.is_due(today, now):
            return False
        if self.day != today:
            self.day, self.reached, self.is_done = today, None, False
        self.held_until = now + lease
        return True

    def leave(self, day: date, before: str | None, after: str | None) -> None:
        """The step from `before` is done, and None is the end; nothing where somebody else is further by now."""
        if (self.day, self.reached, self.is_done) == (day, before, False):
            self.reached, self.is_done, self.held_until = after, after is None, None
