"""A renewal that we offer by ourselves: one for each thing and the end of its term, and what is due on a day.

Days are those of the calendar in UTC, so that it does not matter at what hour somebody looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_DAY = timedelta(days=1)


def days_until(moment: datetime, now: datetime) -> int:
    """How many days of the calendar are left; less than none once it is over.

    >>> from datetime import UTC
    >>> days_until(datetime(2027, 2, 1, 0, 5, tzinfo=UTC), datetime(2027, 1, 31, 23, 55, tzinfo=UTC))
    1
    """
    return (moment.date() - now.date()).days


@dataclass(frozen=True, slots=True)
class RenewalPolicy:
    """When customers are told, a declined charge is tried again, and a person is called.

    >>> from datetime import UTC
    >>> policy = RenewalPolicy()
    >>> expiry = datetime(2027, 3, 31, 9, tzinfo=UTC)
    >>> [policy.milestone(expiry, expiry - timedelta(days=days)) for days in (31, 30, 20, 7, 0.1, 0)]
    [None, 30, 30, 7, 1, None]
    >>> tries = [expiry - timedelta(days=30)]
    >>> policy.is_charge_due(tries, expiry, tries[0]), policy.is_charge_due(tries, expiry, tries[0] + timedelta(days=1))
    (False, True)

    `mail_days` count down to the expiry. `retry_days` are counted from each decline to the next try. `alert_days` are
    counted down to the last day on which the registry renews.
    """

    mail_days: tuple[int, ...] = (30, 14, 7, 3, 1)
    retry_days: tuple[int, ...] = (1, 3, 5, 7)
    alert_days: int = 3

    def milestone(self, expires_at: datetime, now: datetime) -> int | None:
        """The last of the milestones that has come; those that were missed before it are not made up for."""
        left = days_until(expires_at, now)
        return min((days for days in self.mail_days if left <= days), default=None) if now < expires_at else None

    def within(self, term: timedelta) -> "RenewalPolicy":
        """The same for what lasts no longer than `term`: nobody is told in its first half.

        >>> RenewalPolicy().within(timedelta(days=31)).mail_days, RenewalPolicy().within(timedelta(days=365)).mail_days
        ((14, 7, 3, 1), (30, 14, 7, 3, 1))
        >>> RenewalPolicy(mail_days=(30, 20)).within(timedelta(days=31)).mail_days  # once, however early
        (20,)
        """
        late = tuple(days for days in self.mail_days if 2 * days * _DAY <= term)
        return replace(self, mail_days=late or (min(self.mail_days),))

    def is_charge_due(self, declined_at: Sequence[datetime], expires_at: datetime, now: datetime) -> bool:
        """Whether a method that was declined so often is charged on this day; the first charge is always due.

        However often it was declined, it is tried once more on the day before the expiry.
        """
        if not declined_at:
            return True
        last, final = declined_at[-1], expires_at - _DAY
        if days_until(final, last) > 0 and days_until(final, now) <= 0:
            return True
        if len(declined_at) > len(self.retry_days):
            return False
        return days_until(last + self.retry_days[len(declined_at) - 1] * _DAY, now) <= 0

    def is_at_risk(self, last_day: datetime, now: datetime) -> bool:
        """Whether a person must see to it now."""
        return days_until(last_day, now) <= self.alert_days


@dataclass(eq=False, kw_only=True)
class Renewal:
    """The renewal of a name at its expiry, or of hosting at its period's end, and the order that pays it.

    `subject_id` is the registration's or the subscription's. `is_withdrawn` says that we took the order back, since
    automatic renewal was switched off or the customer ordered a renewal of their own: another may take its place. None
    does by itself where the customer cancelled it.
    """

    id: str
    subject_id: str
    expires_at: datetime
    order_id: str
    created_at: datetime
    is_withdrawn: bool = False
    version: int = 1

    def withdraw(self) -> None:
        """Its order is taken back."""
        self.is_withdrawn = True

    def reopen(self, order_id: str) -> None:
        """Another order takes the place of one that was taken back."""
        self.order_id, self.is_withdrawn = order_id, False
