"""What a payment provider has proven, in one language whichever provider it was."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from billing.domain.dispute import DisputeStatus
from billing.domain.money import Money
from billing.domain.offer import Cycle
from billing.domain.wallet import Card


@dataclass(frozen=True, kw_only=True)
class PaymentFact:
    """About one attempt, named by our own id where the provider carries it, and by the provider's ids."""

    payment_id: str | None = None
    session_ref: str | None = None
    payment_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentSucceeded(PaymentFact):
    """The money is ours; `billing_ref` is the recurring billing that began with it, if any did."""

    received: Money
    billing_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentPending(PaymentFact):
    """Nothing is decided: still open or, `under_way`, a slow method was chosen that decides later."""

    under_way: bool = False


@dataclass(frozen=True, kw_only=True)
class PaymentDeclined(PaymentFact):
    """One try was refused; the customer may try again on the same page."""

    why: str


@dataclass(frozen=True, kw_only=True)
class PaymentNeedsCustomer(PaymentFact):
    """The bank wants the customer's consent before it pays: nothing is decided, and nobody else can go on."""

    why: str


@dataclass(frozen=True, kw_only=True)
class PaymentFailed(PaymentFact):
    """The attempt is over without money."""

    why: str


@dataclass(frozen=True, kw_only=True)
class PaymentCancelled(PaymentFact):
    """The attempt was called off at the provider."""

    why: str


@dataclass(frozen=True, kw_only=True)
class PaymentExpired(PaymentFact):
    """The attempt's page is closed and nobody paid on it."""


@dataclass(frozen=True, kw_only=True)
class RefundFact(PaymentFact):
    """About one refund of an attempt, whoever made it; ours is named by our own id."""

    refund_id: str | None = None
    refund_ref: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class RefundPending(RefundFact):
    """The provider works on it."""


@dataclass(frozen=True, kw_only=True)
class RefundSucceeded(RefundFact):
    """The money is on its way back."""


@dataclass(frozen=True, kw_only=True)
class RefundFailed(RefundFact):
    """It did not come through, or the bank returned it, also after it had succeeded."""

    why: str


RefundNews = RefundPending | RefundSucceeded | RefundFailed
"""What may be told of one refund."""

PaymentNews = (
    PaymentSucceeded
    | PaymentPending
    | PaymentDeclined
    | PaymentNeedsCustomer
    | PaymentFailed
    | PaymentCancelled
    | PaymentExpired
    | RefundNews
)
"""What may be told of one payment."""


@dataclass(frozen=True, kw_only=True)
class DisputeStands(PaymentFact):
    """All of a dispute as it was when it was fetched; `withdrawn` and `reinstated` are all that ever moved."""

    dispute_ref: str
    amount: Money
    status: DisputeStatus
    reason: str
    withdrawn: Money
    reinstated: Money
    respond_by: datetime | None = None
    why: str


# ---------------------------------------------------------------------- saved payment methods


@dataclass(frozen=True, kw_only=True)
class MethodStands:
    """How a saved method stands; `customer_ref` is the account that it is, or was, attached to.

    `is_default` says that somebody has chosen it at the provider; what was not chosen there is not told to be none.
    """

    customer_ref: str
    method_ref: str
    is_attached: bool
    kind: str = "card"
    card: Card | None = None
    is_default: bool = False


# ---------------------------------------------------------------------- recurring billing


@dataclass(frozen=True, kw_only=True)
class BillingFact:
    """About the recurring billing of one subscription, named by the item that opened it and by the provider's id."""

    item_id: str | None = None
    billing_ref: str


class BillingStatus(StrEnum):
    """How a provider's recurring billing stands; `unknown` is a status that we do not know, and a person looks."""

    INCOMPLETE = "incomplete"  # its first payment has not come yet
    ACTIVE = "active"
    PAST_DUE = "past_due"
    TRIALING = "trialing"
    PAUSED = "paused"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class BillingStands(BillingFact):
    """All of it as it was at `as_of`: fetched, never an event's old snapshot.

    `plan` and `cycle` are None where the price is none that we mirrored. `period_end` is until when it is billed.
    """

    status: BillingStatus
    as_of: datetime
    anchor: datetime
    period_end: datetime
    cancel_at_period_end: bool
    price: Money
    plan: str | None
    cycle: Cycle | None
    customer_ref: str
    why: str = ""


class InvoiceReason(StrEnum):
    """Why the provider wrote an invoice; only `cycle` renews."""

    FIRST = "first"  # the first period, paid with the order
    CYCLE = "cycle"  # the next period
    CHANGE = "change"  # a change of plan: proration
    OTHER = "other"  # by hand, or a reason that we do not know


class InvoiceStatus(StrEnum):
    """Where an invoice stands; `paid` is final."""

    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


@dataclass(frozen=True, kw_only=True)
class CycleLine:
    """The line of an invoice that bills one period: its price, whatever else is on the invoice."""

    price: Money
    period_start: datetime
    period_end: datetime


@dataclass(frozen=True, kw_only=True)
class InvoiceStands(BillingFact):
    """All of an invoice; `collected` is what was paid on it, after credit, tax and proration.

    `payment_ref` is the charge that paid it, None where nothing was to be paid. `next_attempt_at` is when the provider
    tries again by itself; `needs_customer` says that the bank wants the customer's consent. `page_url` is the
    provider's page to pay it on.
    """

    invoice_ref: str
    reason: InvoiceReason
    status: InvoiceStatus
    total: Money
    collected: Money
    cycle: CycleLine | None = None
    payment_ref: str | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    needs_customer: bool = False
    in_flight: bool = False
    page_url: str | None = None
    why: str = ""


Fact = PaymentNews | DisputeStands | MethodStands | BillingStands | InvoiceStands
"""All that a provider can have proven."""
