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
    """Nothing is decided: still open, or a slow method that is under way."""


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


Fact = PaymentSucceeded | PaymentPending | PaymentDeclined | PaymentFailed | PaymentCancelled | PaymentExpired
