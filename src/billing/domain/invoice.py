"""An invoice that a provider wrote for a subscription which it bills by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from billing.domain.errors import Conflict
from billing.domain.facts import CycleLine, InvoiceReason, InvoiceStands, InvoiceStatus
from billing.domain.money import Money

_LATER: Mapping[InvoiceStatus, set[InvoiceStatus]] = {
    InvoiceStatus.OPEN: {InvoiceStatus.PAID, InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE},
    InvoiceStatus.UNCOLLECTIBLE: {InvoiceStatus.PAID, InvoiceStatus.VOID},
    InvoiceStatus.VOID: {InvoiceStatus.PAID},
    InvoiceStatus.PAID: set(),
}
_OWED = {InvoiceReason.CYCLE, InvoiceReason.CHANGE}


@dataclass(eq=False, kw_only=True)
class Invoice:
    """One invoice, by our id and the provider's; told of in whatever order, it ends up the same.

    >>> from datetime import UTC
    >>> now = datetime(2027, 2, 28, tzinfo=UTC)
    >>> price, nothing = Money(499, "USD"), Money(0, "USD")
    >>> invoice = Invoice(id="inv_1", subscription_id="sub_1", gateway="stripe", invoice_ref="in_1", created_at=now,
    ...                   billing_ref="sub_at_stripe", reason=InvoiceReason.CYCLE, total=price, collected=nothing)
    >>> told = dict(billing_ref="sub_at_stripe", invoice_ref="in_1", reason=InvoiceReason.CYCLE, total=price)
    >>> invoice.take(InvoiceStands(status=InvoiceStatus.OPEN, collected=nothing, attempts=1, **told))
    >>> invoice.is_owed
    True
    >>> invoice.take(InvoiceStands(status=InvoiceStatus.PAID, collected=price, payment_ref="pi_1", **told))
    >>> invoice.take(InvoiceStands(status=InvoiceStatus.OPEN, collected=nothing, attempts=2, **told))  # told late
    >>> invoice.status.value, invoice.is_owed, invoice.payment_ref
    ('paid', False, 'pi_1')

    `line_price`, `period_start` and `period_end` are those of the line that bills a period, None where none does.
    `has_failed` stays once a try to collect it has come to nothing. `order_id` is the renewal that it paid for, and
    `attention` why a paid one waits for a person instead.
    """

    id: str
    subscription_id: str
    gateway: str
    invoice_ref: str
    billing_ref: str
    reason: InvoiceReason
    total: Money
    collected: Money
    created_at: datetime
    status: InvoiceStatus = InvoiceStatus.OPEN
    why: str | None = None
    line_price: Money | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    payment_ref: str | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    has_failed: bool = False
    needs_customer: bool = False
    in_flight: bool = False
    page_url: str | None = None
    order_id: str | None = None
    attention: str | None = None
    version: int = 1

    @classmethod
    def of(cls, invoice_id: str, subscription_id: str, gateway: str, stands: InvoiceStands, at: datetime) -> "Invoice":
        """A new one, as it is told of first."""
        invoice = cls(
            id=invoice_id,
            subscription_id=subscription_id,
            gateway=gateway,
            invoice_ref=stands.invoice_ref,
            billing_ref=stands.billing_ref,
            reason=stands.reason,
            total=stands.total,
            collected=stands.collected,
            created_at=at,
        )
        invoice.take(stands)
        return invoice

    @property
    def cycle(self) -> CycleLine | None:
        """The line that bills a period, if one does."""
        if self.line_price is None or self.period_start is None or self.period_end is None:
            return None
        return CycleLine(price=self.line_price, period_start=self.period_start, period_end=self.period_end)

    @property
    def pays_period(self) -> bool:
        """Whether the next period is paid by it; a line that costs nothing, of a trial, is no such period."""
        bills_period = self.reason is InvoiceReason.CYCLE and self.cycle is not None and self.cycle.price.minor > 0
        return self.status is InvoiceStatus.PAID and bills_period

    @property
    def is_owed(self) -> bool:
        """Whether the customer must do something about it: it was tried in vain, and is still to be paid."""
        return self.status is InvoiceStatus.OPEN and self.has_failed

    @property
    def is_in_flight(self) -> bool:
        """Whether a charge for it is under way at the bank, which decides first."""
        return self.status is InvoiceStatus.OPEN and self.in_flight

    def take(self, stands: InvoiceStands) -> None:
        """Learn how it stands; a paid one stays paid, and what was told of fewer attempts than are known is old."""
        if stands.status is not self.status and stands.status not in _LATER[self.status]:
            return
        if stands.status is self.status and (stands.attempts < self.attempts or self.status is InvoiceStatus.PAID):
            return
        self.status, self.why = stands.status, stands.why or None
        self.total, self.collected = stands.total, stands.collected
        self.attempts = max(self.attempts, stands.attempts)
        self.next_attempt_at, self.page_url = stands.next_attempt_at, stands.page_url
        self.needs_customer, self.in_flight = stands.needs_customer, stands.in_flight
        self.payment_ref = stands.payment_ref or self.payment_ref
        if stands.cycle is not None:
            self.line_price = stands.cycle.price
            self.period_start, self.period_end = stands.cycle.period_start, stands.cycle.period_end
        tried = stands.needs_customer or (stands.attempts > 0 and not stands.in_flight)
        if self.status is InvoiceStatus.OPEN and self.reason in _OWED and tried:
            self.has_failed = True

    def renew_by(self, order_id: str) -> None:
        """The renewal that it pays for is written; Conflict for a second one."""
        if self.order_id is not None:
            raise Conflict(f"invoice {self.invoice_ref}", f"it has paid for order {self.order_id} already")
        self.order_id, self.attention = order_id, None

    def park(self, why: str) -> None:
        """It is paid, and a person decides what for."""
        self.attention = why
