"""A hosting subscription: paid periods counted from their anchor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from billing.domain.catalogue import Cycle
from billing.domain.domain_name import DomainName
from billing.domain.errors import Conflict, IllegalMove
from billing.domain.money import Money


class SubscriptionStatus(StrEnum):
    """What the customer has of it."""

    PENDING = "pending"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    ENDED = "ended"


_OVER = {SubscriptionStatus.CANCELLED, SubscriptionStatus.ENDED}
_MOVES: Mapping[SubscriptionStatus, set[SubscriptionStatus]] = {
    SubscriptionStatus.PENDING: {SubscriptionStatus.ACTIVE} | _OVER,
    SubscriptionStatus.ACTIVE: {SubscriptionStatus.PAST_DUE, SubscriptionStatus.SUSPENDED} | _OVER,
    SubscriptionStatus.PAST_DUE: {SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED} | _OVER,
    SubscriptionStatus.SUSPENDED: {SubscriptionStatus.ACTIVE} | _OVER,
    SubscriptionStatus.CANCELLED: set(),
    SubscriptionStatus.ENDED: set(),
}


@dataclass(eq=False, kw_only=True)
class Subscription:
    """Hosting of one plan for one customer, at the price frozen when it was bought.

    >>> from datetime import UTC
    >>> end_of_january = datetime(2027, 1, 31, tzinfo=UTC)
    >>> hosting = Subscription(id="sub_1", customer_id="cus_1", item_id="itm_1", plan="starter", cycle=Cycle.MONTHLY,
    ...                        price=Money(499, "USD"), domain=None, auto_renew=False, created_at=end_of_january)
    >>> hosting.activate(end_of_january)
    >>> f"{hosting.current_period_end:%d %b}"
    '28 Feb'
    >>> hosting.renew(1, end_of_january, restart_after=timedelta(days=30))
    >>> f"{hosting.current_period_end:%d %b}"
    '31 Mar'

    `current_period_end` is always the end of the `periods`-th period since `anchor`, so that months of different
    length never make it drift (31 January, 28 February, 31 March). Where a provider bills it by itself, `gateway` and
    `billing_ref` name that billing. `attention` says what a person must look at.
    """

    id: str
    customer_id: str
    item_id: str
    plan: str
    cycle: Cycle
    price: Money
    domain: DomainName | None
    auto_renew: bool
    created_at: datetime
    status: SubscriptionStatus = SubscriptionStatus.PENDING
    why: str | None = None
    anchor: datetime | None = None
    periods: int = 0
    current_period_end: datetime | None = None
    cancel_at_period_end: bool = False
    gateway: str | None = None
    billing_ref: str | None = None
    attention: str | None = None
    version: int = 1

    def activate(self, at: datetime) -> None:
        """The first period begins."""
        self._move(SubscriptionStatus.ACTIVE, "first period paid")
        self._count(at, 1)

    def renew(self, cycles: int, at: datetime, restart_after: timedelta) -> None:
        """Add paid periods: after the current one, or from `at` where service ended longer ago than `restart_after`.

        Counting from an expiry long past would sell time that is over.
        """
        if not self.is_renewable or self.anchor is None or self.current_period_end is None:
            raise Conflict(f"subscription {self.id}", f"it is {self.status} and can't be renewed")
        if self.status is not SubscriptionStatus.ACTIVE:
            self._move(SubscriptionStatus.ACTIVE, "renewed")
        self.why = "renewed"
        if at > self.current_period_end + restart_after:
            self._count(at, cycles)
        else:
            self._count(self.anchor, self.periods + cycles)

    def end(self, why: str) -> None:
        """Over for good, at once; a repeat changes nothing."""
        if self.status not in _OVER:
            self._move(SubscriptionStatus.ENDED, why)

    @property
    def is_renewable(self) -> bool:
        """Whether further periods may be sold."""
        return self.anchor is not None and self.status not in _OVER

    @property
    def is_over(self) -> bool:
        """Whether it has ended for good."""
        return self.status in _OVER

    @property
    def is_billed_by_provider(self) -> bool:
        """Whether its renewals are charged by the provider, and not by orders of the customer's."""
        return self.billing_ref is not None

    def bind(self, gateway: str, billing_ref: str) -> None:
        """Learn who bills it, under which id; once known it never changes."""
        if self.billing_ref is not None and (self.gateway, self.billing_ref) != (gateway, billing_ref):
            raise Conflict(f"subscription {self.id}", f"it is billed as {self.billing_ref}, not {billing_ref}")
        self.gateway, self.billing_ref = gateway, billing_ref

    def _count(self, anchor: datetime, periods: int) -> None:
        self.anchor, self.periods = anchor, periods
        self.current_period_end = self.cycle.term.end(anchor, periods)

    def _move(self, after: SubscriptionStatus, why: str) -> None:
        if after not in _MOVES[self.status]:
            raise IllegalMove(f"subscription {self.id}", self.status, after)
        self.status, self.why = after, why
