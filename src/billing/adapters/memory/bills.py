"""What the in-memory provider holds of recurring billing, and which fact each of it is."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from billing.domain.facts import BillingStands, BillingStatus, CycleLine, InvoiceReason, InvoiceStands, InvoiceStatus
from billing.domain.money import Money, total
from billing.domain.offer import Cycle


@dataclass(frozen=True)
class Price:
    """A price that may be billed; `plan` is None for one that somebody made at the provider's desk."""

    ref: str
    plan: str | None
    cycle: Cycle
    amount: Money


@dataclass
class Bill:
    """The recurring billing of one item: `periods` have been billed since `anchor`.

    `prorations` wait for the next invoice, and `balance` is the customer's credit, which it uses up.
    """

    ref: str
    installation: str
    item_id: str
    customer_ref: str
    price: Price
    anchor: datetime
    periods: int
    balance: Money
    status: BillingStatus = BillingStatus.ACTIVE
    cancel_at_period_end: bool = False
    why: str = ""
    prorations: list[Money] = field(default_factory=list)

    @property
    def period_start(self) -> datetime:
        """When the current period began."""
        return self.price.cycle.term.end(self.anchor, max(self.periods - 1, 0))

    @property
    def period_end(self) -> datetime:
        """Until when it is billed; in a trial, until when nothing is."""
        return self.price.cycle.term.end(self.anchor, self.periods)

    @property
    def refs(self) -> frozenset[str]:
        """The provider's ids in it."""
        return frozenset({self.ref, self.customer_ref})

    def change(self, price: Price, at: datetime) -> None:
        """Another price from now on: the rest of the old one is credited, and that of the new one charged."""
        left, whole = max(self.period_end - at, timedelta()), self.period_end - self.period_start
        if whole:  # in a trial there is nothing to prorate
            self.prorations += [-_share(self.price.amount, left, whole), _share(price.amount, left, whole)]
        self.price = price

    @property
    def is_over(self) -> bool:
        """Whether nothing more is billed."""
        return self.status is BillingStatus.ENDED

    def cancel(self, why: str, *, at_period_end: bool) -> None:
        """At once, or when the period turns; a repeat changes nothing."""
        if self.is_over:
            return
        if at_period_end:
            self.cancel_at_period_end, self.why = True, why
        else:
            self.status, self.why = BillingStatus.ENDED, why

    def turn(self) -> bool:
        """The current period is over: another begins, or, where it was called off, none; whether one does."""
        if self.cancel_at_period_end:
            self.status = BillingStatus.ENDED
            return False
        if self.status is BillingStatus.TRIALING:
            self.status = BillingStatus.ACTIVE
        self.periods += 1
        return True

    def fact(self, installation: str, as_of: datetime) -> BillingStands:
        """How it stands; our item is named only to the installation that began it."""
        is_ours = self.installation == installation
        return BillingStands(
            item_id=self.item_id if is_ours else None,
            billing_ref=self.ref,
            status=self.status,
            as_of=as_of,
            anchor=self.anchor,
            period_end=self.period_end,
            cancel_at_period_end=self.cancel_at_period_end,
            price=self.price.amount,
            plan=self.price.plan,
            cycle=self.price.cycle if self.price.plan else None,
            customer_ref=self.customer_ref,
            why=self.why,
        )


@dataclass
class Invoice:
    """What is billed at once: a period or none, and the lines beside it; `due` is what credit has left of that."""

    ref: str
    bill: Bill
    reason: InvoiceReason
    cycle: CycleLine | None
    others: list[Money]
    due: Money
    collected: Money
    status: InvoiceStatus = InvoiceStatus.OPEN
    payment_ref: str | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    needs_customer: bool = False
    in_flight: bool = False
    why: str = ""

    @property
    def total(self) -> Money:
        """All lines; less than nothing where more is credited than billed."""
        lines = [self.cycle.price, *self.others] if self.cycle else self.others
        return total(lines, self.due.currency)

    @property
    def refs(self) -> frozenset[str]:
        """The provider's ids in it."""
        return self.bill.refs | {self.ref} | ({self.payment_ref} if self.payment_ref else set())

    def fact(self, installation: str) -> InvoiceStands:
        """How it stands; our item is named only to the installation that began the billing."""
        return InvoiceStands(
            item_id=self.bill.item_id if self.bill.installation == installation else None,
            billing_ref=self.bill.ref,
            invoice_ref=self.ref,
            reason=self.reason,
            status=self.status,
            total=self.total,
            collected=self.collected,
            cycle=self.cycle,
            payment_ref=self.payment_ref,
            attempts=self.attempts,
            next_attempt_at=self.next_attempt_at,
            needs_customer=self.needs_customer,
            in_flight=self.in_flight,
            page_url=f"https://memory.example/{self.ref}",
            why=self.why,
        )


def _share(amount: Money, part: timedelta, whole: timedelta) -> Money:
    """Rounded to the nearest minor unit."""
    second = timedelta(seconds=1)
    return Money((amount.minor * (part // second) * 2 // (whole // second) + 1) // 2, amount.currency)
