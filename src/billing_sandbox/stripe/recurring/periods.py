"""Billing periods, counted from their anchor: 31 January, 28 February, 31 March."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MONTHS_A_YEAR = 12
_LOOK_AHEAD_MONTHS = 13


@dataclass(frozen=True)
class Rhythm:
    """How often a price is charged: every so many days, weeks, months or years."""

    interval: str
    count: int = 1


@dataclass(frozen=True)
class Cycle:
    """All periods of a subscription: before its anchor and after it."""

    anchor: int
    rhythm: Rhythm
    day: int | None = None
    """The day of the month it means, where the anchor's own month is too short for it."""

    def boundary(self, number: int) -> int:
        """Where period `number` begins, in Unix seconds; the one that begins at the anchor is 0."""
        anchor, steps = datetime.fromtimestamp(self.anchor, UTC), number * self.rhythm.count
        match self.rhythm.interval:
            case "day":
                moved = anchor + timedelta(days=steps)
            case "week":
                moved = anchor + timedelta(weeks=steps)
            case "month":
                moved = self._moved(anchor, steps)
            case _:
                moved = self._moved(anchor, steps * _MONTHS_A_YEAR)
        return int(moved.timestamp())

    def period_at(self, moment: int) -> tuple[int, int]:
        """The whole period in which a moment lies; the moment it begins belongs to it."""
        number = self._guess(moment)
        while self.boundary(number) > moment:
            number -= 1
        while self.boundary(number + 1) <= moment:
            number += 1
        return self.boundary(number), self.boundary(number + 1)

    def _guess(self, moment: int) -> int:
        days = {"day": 1, "week": 7, "month": 30, "year": 365}[self.rhythm.interval] * self.rhythm.count
        return (moment - self.anchor) // (days * 86_400)

    def _moved(self, anchor: datetime, months: int) -> datetime:
        return _on_day(anchor, anchor.year * _MONTHS_A_YEAR + anchor.month - 1 + months, self.day or anchor.day)


def next_anchor(config: Mapping[str, int | None], now: int) -> int:
    """The first moment from now on that a `billing_cycle_anchor_config` names; what it leaves open is as it is now.

    Where the month that comes next has no such day, it is the last day of that month.
    """
    today = datetime.fromtimestamp(now, UTC)
    hour, minute, second = (
        now_has if given is None else given
        for given, now_has in (
            (config.get("hour"), today.hour),
            (config.get("minute"), today.minute),
            (config.get("second"), today.second),
        )
    )
    at = today.replace(hour=hour, minute=minute, second=second)
    first, month = today.year * _MONTHS_A_YEAR + today.month - 1, config.get("month")
    day = config["day_of_month"]
    assert day is not None
    for months in range(first, first + _LOOK_AHEAD_MONTHS):
        candidate = _on_day(at, months, day)
        if month in (None, candidate.month) and candidate >= today:
            return int(candidate.timestamp())
    raise AssertionError(f"no moment is like {config}")


def share(amount: int, part_seconds: int, whole_seconds: int) -> int:
    """The part of an amount that belongs to a part of the time, rounded half away from nothing."""
    sign = 1 if amount >= 0 else -1
    return sign * ((2 * abs(amount) * part_seconds + whole_seconds) // (2 * whole_seconds))


def _on_day(at: datetime, months: int, day: int) -> datetime:
    year, month = divmod(months, _MONTHS_A_YEAR)
    return at.replace(year=year, month=month + 1, day=min(day, monthrange(year, month + 1)[1]))
