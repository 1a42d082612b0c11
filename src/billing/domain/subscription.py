"""A hosting subscription: paid periods counted from their anchor, whoever bills them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from billing.domain.catalogue import Cycle
from billing.domain.domain_name import DomainName
from billing.domain.errors import Conflict, IllegalMove
from billing.domain.facts import BillingStands, BillingStatus, CycleLine
from billing.domain.money import Money
from billing.domain.subscription_change import Change, ChangeKind

UNPAID = "unpaid"
"""The hold of a period that nobody has paid for."""

BILLING = "billing"
"""The concern about how its provider bills it."""

_ROUNDING = timedelta(days=1)
"""By how much a provider may round the ends of periods."""


class SubscriptionStatus(StrEnum):
    """What the customer has of it: `cancelled` was called off at once, `ended` is over in any other way."""

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
    SubscriptionStatus.SUSPENDED: {SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE} | _OVER,
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
    >>> hosting.fall_due(end_of_january, "not paid"), hosting.recover("paid"), hosting.status.value
    (True, True, 'active')
    >>> [hosting.hold(dispute, "its payment is disputed") for dispute in ("dsp_1", "dsp_2", "dsp_1")]
    [True, True, False]
    >>> [(hosting.release(dispute, "won"), hosting.status.value) for dispute in ("dsp_1", "dsp_2")]
    [(True, 'suspended'), (True, 'active')]

    `current_period_end` is always the end of the `periods`-th period since `anchor`, so that months of different
    length never make it drift (31 January, 28 February, 31 March). `gateway` bills it by itself, or is about to;
    `billing_ref` names that billing, `as_of` when it was last told how it stands, and `adopts_anchor` that its first
    word of the anchor counts. `former_price` was billed for periods that began before `priced_since`. `change` is what
    the provider has yet to be told or has not answered to, the `changes`-th of all. `holds` are what service is
    suspended for, a dispute by its id or `unpaid`: it goes on when the last of them is over. `concerns` are what a
    person must look at, each by its topic, and `attention` all of them in a sentence. `look_at` is when the tick has to
    look next. Ended by its provider, it was served `served_until` then.
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
    past_due_since: datetime | None = None
    gateway: str | None = None
    billing_ref: str | None = None
    adopts_anchor: bool = False
    as_of: datetime | None = None
    former_price: Money | None = None
    priced_since: datetime | None = None
    change: Change | None = None
    changes: int = 0
    concerns: Mapping[str, str] = field(default_factory=dict)
    attention: str | None = None
    holds: list[str] = field(default_factory=list)
    look_at: datetime | None = None
    served_until: datetime | None = None
    version: int = 1

    # ------------------------------------------------------------------ what it is

    @property
    def is_over(self) -> bool:
        """Whether it has ended for good."""
        return self.status in _OVER

    @property
    def is_renewable(self) -> bool:
        """Whether further periods may be sold."""
        return self.anchor is not None and not self.is_over

    @property
    def is_billed_by_provider(self) -> bool:
        """Whether its renewals are charged by the provider, and not by orders of the customer's."""
        return self.billing_ref is not None

    @property
    def goes_on_by_order(self) -> bool:
        """Whether it goes on by itself and no provider bills it: orders of ours have the customer pay each period."""
        wanted = self.auto_renew and not self.cancel_at_period_end
        return wanted and self.gateway is None and self.status is SubscriptionStatus.ACTIVE

    # ------------------------------------------------------------------ periods

    def activate(self, at: datetime) -> None:
        """The first period begins."""
        self._move(SubscriptionStatus.ACTIVE, "first period paid")
        self._count(at, 1)

    def renew(self, cycles: int, at: datetime, restart_after: timedelta) -> None:
        """Add paid periods: after the current one, or from `at` where service ended longer ago than `restart_after`.

        Counting from an expiry long past would sell time that is over.
        """
        anchor, end = self._require_renewable()
        self.past_due_since, self.holds = None, [cause for cause in self.holds if cause != UNPAID]
        self._serve("renewed")
        if self.status is SubscriptionStatus.ACTIVE:
            self.why = "renewed"
        if at > end + restart_after:
            self._count(at, cycles)
        else:
            self._count(anchor, self.periods + cycles)

    def renew_until(self, end: datetime) -> None:
        """Its provider was paid up to then: the period's end counted from the anchor; time once paid for is kept.


        An end that is not counted from the anchor, which a person has accepted, is the new anchor. Whether it is
        past due its invoices say.
        """
        if self.anchor is None or self.current_period_end is None or not self.takes_period(end):
            raise Conflict(f"subscription {self.id}", f"it is {self.status} and can't be renewed")
        periods = self.periods_until(end)
        if periods is not None and periods > self.periods:
            self._count(self.anchor, periods)
        elif periods is None and end > self.current_period_end:
            self._count(end, 0)

    def takes_period(self, end: datetime) -> bool:
        """Whether a period that its provider was paid for, until then, can be had, or was had before it was over."""
        was_served = self.served_until is not None and end <= self.served_until + _ROUNDING
        return self.is_renewable or was_served

    def periods_until(self, end: datetime) -> int | None:
        """How many periods after its anchor that is; None where no period ends then."""
        return None if self.anchor is None else self.cycle.term.count_until(self.anchor, end, _ROUNDING)

    def agrees_to(self, line: CycleLine) -> bool:
        """Whether a period is billed at the price that was frozen for it."""
        before_change = self.priced_since is not None and line.period_start < self.priced_since
        return line.price == self.price or (before_change and line.price == self.former_price)

    # ------------------------------------------------------------------ billed by a provider

    def bind(self, gateway: str, billing_ref: str) -> None:
        """Learn who bills it, under which id; once known it never changes."""
        if self.billing_ref is not None and (self.gateway, self.billing_ref) != (gateway, billing_ref):
            raise Conflict(f"subscription {self.id}", f"it is billed as {self.billing_ref}, not {billing_ref}")
        self.gateway, self.billing_ref = gateway, billing_ref

    def follow(self, stands: BillingStands, at: datetime) -> None:
        """Learn how its billing stands, whatever the order in which that is told.

        What is older than what is known is no news, but for an end, which is final. The billing's status alone does
        not make it past due: its invoices do.
        """
        if self.is_over:
            return
        if stands.status is BillingStatus.ENDED:
            self._note_served(stands)
            self._end_as(stands)
            return
        if self.as_of is not None and stands.as_of < self.as_of:
            return
        is_first, self.as_of = self.as_of is None, stands.as_of
        if self.adopts_anchor:
            self._count(stands.anchor, self.periods)
            self.adopts_anchor = False
        if is_first and self.cancel_at_period_end and self.change is None:
            # called off before it was billed: its provider has yet to be told
            self.change, self.changes = Change(kind=ChangeKind.CANCEL_AT_PERIOD_END), self.changes + 1
        self.cancel_at_period_end = stands.cancel_at_period_end
        if self.change is not None and self.change.is_met_by(stands):
            self._carry_out(self.change, at)
        self.mind(BILLING, doubt(self, stands))

    def _note_served(self, stands: BillingStands) -> None:
        """Where nothing is owed, all that was billed was served; word of its payment may come after the end."""
        if self.status is SubscriptionStatus.ACTIVE:
            self.served_until = stands.period_end

    def _end_as(self, stands: BillingStands) -> None:
        if self.change is not None and self.change.kind is ChangeKind.CANCEL:
            self._carry_out(self.change, stands.as_of)
        elif self.cancel_at_period_end:
            self.end("cancelled, and its last period is over")
        else:
            self.end(f"ended by its provider: {stands.why}" if stands.why else "ended by its provider")

    def adopt(self, stands: BillingStands, at: datetime) -> None:
        """A person takes what its provider bills for what is agreed; a price of no plan of ours is of the same one."""
        if stands.cycle in (None, self.cycle):
            self._price(stands.plan or self.plan, stands.price, at)
        self.follow(stands, at)

    # ------------------------------------------------------------------ changes

    def ask(self, change: Change, at: datetime) -> None:
        """Somebody wants it changed: done at once where no provider bills it, else written down until it is told.

        What stands already, or is on its way, is not asked again. Conflict where it is over, where another change is
        on its way (a cancel overtakes it), and for a change of plan that nobody could charge for.
        """
        cancels = change.kind in (ChangeKind.CANCEL, ChangeKind.CANCEL_AT_PERIOD_END)
        if self.is_over and cancels:
            return
        if self.is_over:
            raise Conflict(f"subscription {self.id}", f"it is {self.status}")
        if self.change is not None and change.kind is not ChangeKind.CANCEL:
            if (change.kind, change.plan) != (self.change.kind, self.change.plan):
                raise Conflict(f"subscription {self.id}", f"another change is on its way: {self.change}")
            return
        if self._stands(change):
            return
        if change.kind is ChangeKind.CHANGE_PLAN and self.status is not SubscriptionStatus.ACTIVE:
            raise Conflict(f"subscription {self.id}", f"it is {self.status}: what is owed is paid first")
        if self.is_billed_by_provider:
            self.change, self.changes = change, self.changes + 1
        elif change.kind is ChangeKind.CHANGE_PLAN:
            raise Conflict(f"subscription {self.id}", "no provider bills it, which the difference could be charged by")
        else:
            self._carry_out(change, at)

    def _stands(self, change: Change) -> bool:
        match change.kind:
            case ChangeKind.CANCEL:
                return self.change is not None and self.change.kind is ChangeKind.CANCEL
            case ChangeKind.CANCEL_AT_PERIOD_END:
                return self.cancel_at_period_end
            case ChangeKind.RESUME:
                return not self.cancel_at_period_end
            case ChangeKind.CHANGE_PLAN:
                return change.plan == self.plan

    def confirm(self, stands: BillingStands, at: datetime) -> None:
        """Its provider has carried the change out that it was told of, and stands so now."""
        if self.change is not None and not self.is_over:
            if self.change.kind is ChangeKind.CANCEL:
                self._note_served(stands)
            self._carry_out(self.change, at)
        self.follow(stands, at)

    def drop_change(self) -> None:
        """Its provider will not do it, or nobody wants it any more."""
        self.change = None

    def _carry_out(self, change: Change, at: datetime) -> None:
        self.change = None
        match change:
            case Change(kind=ChangeKind.CANCEL):
                self._finish(SubscriptionStatus.CANCELLED, "cancelled by the customer")
            case Change(kind=ChangeKind.CANCEL_AT_PERIOD_END):
                self.cancel_at_period_end = True
            case Change(kind=ChangeKind.RESUME):
                self.cancel_at_period_end = False
            case Change(plan=str(plan), price=Money() as price):
                self._price(plan, price, at)

    def _price(self, plan: str, price: Money, at: datetime) -> None:
        if (plan, price) != (self.plan, self.price):
            self.former_price, self.priced_since = self.price, at
            self.plan, self.price = plan, price

    # ------------------------------------------------------------------ dunning

    def fall_due(self, at: datetime, why: str) -> bool:
        """A period is not paid, service goes on for now; False where that is no news."""
        served = (SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED)
        if self.status not in served or self.past_due_since is not None:
            return False
        self.past_due_since = self.look_at = at
        self._serve(why)
        return True

    def suspend(self, why: str) -> bool:
        """Service stops until somebody pays; False where it has stopped for that, or is over."""
        return self.hold(UNPAID, why)

    def recover(self, why: str) -> bool:
        """Nothing is owed any more, and service is back at once, unless something else holds it; else False."""
        if self.past_due_since is None or self.is_over:
            return False
        self.past_due_since, self.look_at = None, self.current_period_end
        self.holds = [cause for cause in self.holds if cause != UNPAID]
        self._serve(why)
        return True

    def hold(self, cause: str, why: str) -> bool:
        """Suspended while `cause` stands; False, and nothing, where it is known, or there is no service to stop."""
        if cause in self.holds or self.is_over or self.anchor is None:
            return False
        self.holds = [*self.holds, cause]
        self._serve(why)
        return True

    def release(self, cause: str, why: str) -> bool:
        """`cause` is over, and service goes on unless something else stands; False for one that held nothing."""
        if cause not in self.holds or self.is_over:
            return False
        self.holds = [one for one in self.holds if one != cause]
        self._serve(why)
        return True

    def _serve(self, why: str) -> None:
        """Suspended while anything holds it, else past due or active."""
        after = SubscriptionStatus.PAST_DUE if self.past_due_since else SubscriptionStatus.ACTIVE
        if self.holds:
            after = SubscriptionStatus.SUSPENDED
        if after is not self.status:
            self._move(after, why)

    def end(self, why: str) -> None:
        """Over for good, at once; a repeat changes nothing."""
        if not self.is_over:
            self._finish(SubscriptionStatus.ENDED, why)

    def look_again(self, at: datetime) -> None:
        """Nothing is to be done about it before then."""
        self.look_at = at

    # ------------------------------------------------------------------ a person's part

    def mind(self, topic: str, why: str | None) -> bool:
        """A person must look at this or, without a reason, nobody must any more; True for a new reason."""
        if self.concerns.get(topic) == why:
            return False
        told = {**self.concerns, topic: why}
        self.concerns = {known: reason for known, reason in sorted(told.items()) if reason is not None}
        self.attention = "; ".join(self.concerns.values()) or None
        return why is not None

    # ------------------------------------------------------------------ within

    def _require_renewable(self) -> tuple[datetime, datetime]:
        if not self.is_renewable or self.anchor is None or self.current_period_end is None:
            raise Conflict(f"subscription {self.id}", f"it is {self.status} and can't be renewed")
        return self.anchor, self.current_period_end

    def _count(self, anchor: datetime, periods: int) -> None:
        self.anchor, self.periods = anchor, periods
        self.current_period_end = self.cycle.term.end(anchor, periods)
        self.look_at = None if self.is_over else self.current_period_end

    def _finish(self, status: SubscriptionStatus, why: str) -> None:
        self._move(status, why)
        self.change = self.past_due_since = self.look_at = None
        self.mind(BILLING, None)

    def _move(self, after: SubscriptionStatus, why: str) -> None:
        if after not in _MOVES[self.status]:
            raise IllegalMove(f"subscription {self.id}", self.status, after)
        self.status, self.why = after, why


def doubt(subscription: Subscription, stands: BillingStands) -> str | None:
    """What of its billing a person must look at, since nobody here has asked for it."""
    match stands.status:
        case BillingStatus.TRIALING:
            return "its provider gives it a trial"
        case BillingStatus.PAUSED:
            return "its provider does not bill it for now"
        case BillingStatus.UNKNOWN:
            return f"its billing has a status that is not known here: {stands.why}"
    agreed = subscription.plan, subscription.cycle, subscription.price
    billed = stands.plan or subscription.plan, stands.cycle or subscription.cycle, stands.price
    if billed != agreed:
        return f"its provider bills {', '.join(map(str, billed))}, and not {', '.join(map(str, agreed))}"
    if subscription.periods_until(stands.period_end) is None:
        return f"its provider bills it until {stands.period_end:%Y-%m-%d}, which is not counted from its anchor"
    return None
