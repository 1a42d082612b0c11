"""What a payment provider has proven, in one language whichever provider it was."""

from dataclasses import dataclass

from billing.domain.money import Money


@dataclass(frozen=True, kw_only=True)
class PaymentFact:
    """About one attempt, named by our own id where the provider carries it, and by the provider's ids."""

    payment_id: str | None = None
    session_ref: str | None = None
    payment_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentSucceeded(PaymentFact):
    """The money is ours."""

    received: Money


@dataclass(frozen=True, kw_only=True)
class PaymentPending(PaymentFact):
    """Nothing is decided: still open or, `under_way`, a slow method was chosen that decides later."""

    under_way: bool = False


@dataclass(frozen=True, kw_only=True)
class PaymentDeclined(PaymentFact):
    """One try was refused; the customer may try again on the same page."""

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


Fact = (
    PaymentSucceeded
    | PaymentPending
    | PaymentDeclined
    | PaymentFailed
    | PaymentCancelled
    | PaymentExpired
    | RefundPending
    | RefundSucceeded
    | RefundFailed
)
