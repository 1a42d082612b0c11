"""Terms in calendar months, always counted from their anchor so that no month-end drifts."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from typing import Self

from billing.domain.errors import Invalid

_MONTHS_A_YEAR = 12


def add_months(anchor: datetime, months: int) -> datetime:
    """The same day and wall-clock time that many months later, or the last day of a month too short for it.

    `Invalid` for a naive anchor, a months that is no int, or a result outside the calendar's years 1 to 9999.

    >>> from datetime import UTC
    >>> add_months(datetime(2027, 1, 31, 9, 30, tzinfo=UTC), 1).isoformat()
    '2027-02-28T09:30:00+00:00'
    """
    if anchor.utcoffset() is None:
        raise Invalid("anchor", "must carry a time zone")
    if type(months) is not int:
        raise Invalid("months", f"must be a whole number, not {months!r}")
    year, months_before = divmod(anchor.year * _MONTHS_A_YEAR + anchor.month - 1 + months, _MONTHS_A_YEAR)
    if not MINYEAR <= year <= MAXYEAR:
        raise Invalid("months", f"must end between the years {MINYEAR} and {MAXYEAR}")
    month = months_before + 1
    _, days = monthrange(year, month)
    return anchor.replace(year=year, month=month, day=min(anchor.day, days))


@dataclass(frozen=True, slots=True)
class Term:
    """The length of one period: at least one calendar month.

    >>> Term.years(2)
    Term(months=24)
    """

    months: int

    def __post_init__(self) -> None:
        if type(self.months) is not int or self.months < 1:
            raise Invalid("months", f"must be a whole number from 1, not {self.months!r}")

    @classmethod
    def years(cls, n: int) -> Self:
        """A term of n years, n from 1.

        >>> Term.years(1)
        Term(months=12)
        """
        if type(n) is not int or n < 1:
            raise Invalid("years", f"must be a whole number from 1, not {n!r}")
        return cls(n * _MONTHS_A_YEAR)

    def end(self, anchor: datetime, count: int = 1) -> datetime:
        """When the count-th period since the anchor ends; for count 0 the anchor, where the first one starts.

        `Invalid` for a naive anchor or a count below 0.

        >>> from datetime import UTC
        >>> anchor = datetime(2027, 1, 31, tzinfo=UTC)
        >>> [Term(1).end(anchor, count).strftime("%d %b") for count in (1, 2, 3)]
        ['28 Feb', '31 Mar', '30 Apr']
        """
        if type(count) is not int or count < 0:
            raise Invalid("count", f"must be a whole number from 0, not {count!r}")
        return add_months(anchor, self.months * count)

    def count_until(self, anchor: datetime, end: datetime, rounding: timedelta = timedelta()) -> int | None:
        """How many periods since the anchor are over at that end; None where none ends then, give or take `rounding`.

        >>> from datetime import UTC
        >>> anchor = datetime(2027, 1, 31, tzinfo=UTC)
        >>> [Term(1).count_until(anchor, datetime(2027, 3, day, tzinfo=UTC)) for day in (30, 31)]
        [None, 2]
        """
        months = (end.year - anchor.year) * _MONTHS_A_YEAR + end.month - anchor.month
        near = range(max(0, months // self.months - 1), months // self.months + 2)
        return next((count for count in near if abs(self.end(anchor, count) - end) <= rounding), None)
