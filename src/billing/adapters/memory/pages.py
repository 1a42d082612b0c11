"""What the in-memory provider holds of an attempt, and which fact it is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from billing.domain.facts import (
    Fact,
    PaymentCancelled,
    PaymentDeclined,
    PaymentExpired,
    PaymentFailed,
    PaymentPending,
    PaymentSucceeded,
)
from billing.domain.money import Money


class Told(StrEnum):
    """How a page stands, and the type of the notification that tells it."""

    OPEN = "payment.open"
    DECLINED = "payment.declined"
    SUBMITTED = "payment.submitted"
    PAID = "payment.paid"
    FAILED = "payment.failed"
    CANCELLED = "payment.cancelled"
    EXPIRED = "payment.expired"


PAYABLE = frozenset({Told.OPEN, Told.DECLINED})
UNDECIDED = PAYABLE | {Told.SUBMITTED}
READABLE = frozenset(Told)


@dataclass
class Page:
    """One attempt; `amount` is what was asked and, once paid, what came."""

    payment_id: str
    session_ref: str
    installation: str
    amount: Money
    state: Told = Told.OPEN
    payment_ref: str | None = None
    why: str = ""

    @property
    def refs(self) -> frozenset[str]:
        """The provider's ids in it."""
        return frozenset(ref for ref in (self.session_ref, self.payment_ref) if ref)

    def fact(self, installation: str) -> Fact:
        """What it proves; our payment is named only to the installation that started it."""
        about: _About = {
            "payment_id": self.payment_id if self.installation == installation else None,
            "session_ref": self.session_ref,
            "payment_ref": self.payment_ref,
        }
        match self.state:
            case Told.PAID:
                return PaymentSucceeded(**about, received=self.amount)
            case Told.DECLINED:
                return PaymentDeclined(**about, why=self.why)
            case Told.FAILED:
                return PaymentFailed(**about, why=self.why)
            case Told.CANCELLED:
                return PaymentCancelled(**about, why=self.why)
            case Told.EXPIRED:
                return PaymentExpired(**about)
            case Told.OPEN | Told.SUBMITTED:
                return PaymentPending(**about)


class _About(TypedDict):
    payment_id: str | None
    session_ref: str | None
    payment_ref: str | None
