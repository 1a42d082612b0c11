"""What the in-memory provider holds of an attempt, and which fact it is."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypedDict

from billing.domain.facts import (
    Fact,
    PaymentCancelled,
    PaymentDeclined,
    PaymentExpired,
    PaymentFailed,
    PaymentNeedsCustomer,
    PaymentPending,
    PaymentSucceeded,
    RefundFailed,
    RefundPending,
    RefundSucceeded,
)
from billing.domain.money import Money, total


class Told(StrEnum):
    """How a page stands, and the type of the notification that tells it."""

    OPEN = "payment.open"
    DECLINED = "payment.declined"
    SUBMITTED = "payment.submitted"
    NEEDS_CUSTOMER = "payment.needs_customer"
    PAID = "payment.paid"
    FAILED = "payment.failed"
    CANCELLED = "payment.cancelled"
    EXPIRED = "payment.expired"


class Back(StrEnum):
    """How a refund stands, and the type of the notification that tells it."""

    PENDING = "refund.pending"
    SUCCEEDED = "refund.succeeded"
    FAILED = "refund.failed"


@dataclass
class PaidBack:
    """Money that went back, or is to: `refund_id` is ours, and None where it was made at the provider's desk."""

    ref: str
    amount: Money
    refund_id: str | None
    state: Back = Back.SUCCEEDED
    why: str = ""


PAYABLE = frozenset({Told.OPEN, Told.DECLINED})
CLOSABLE = PAYABLE | {Told.NEEDS_CUSTOMER}
UNDECIDED = CLOSABLE | {Told.SUBMITTED}
READABLE = frozenset(Told) | frozenset(Back)
ATTACHED, DETACHED, UPDATED, NOT_SAVED = "method.attached", "method.detached", "method.updated", "method.not_saved"
CHOSEN = "method.chosen"
KEPT = frozenset({ATTACHED, DETACHED, UPDATED, CHOSEN, NOT_SAVED})
"""The types of notifications about saved methods."""


@dataclass
class Page:
    """One attempt; `amount` is what was asked and, once paid, what came. Off session it has no `session_ref`."""

    payment_id: str
    session_ref: str | None
    installation: str
    amount: Money
    state: Told = Told.OPEN
    payment_ref: str | None = None
    why: str = ""
    refunds: list["PaidBack"] = field(default_factory=list)

    @property
    def refs(self) -> frozenset[str]:
        """The provider's ids in it."""
        return frozenset(ref for ref in (self.session_ref, self.payment_ref) if ref)

    def close(self) -> None:
        """Nobody can pay on it any more; one that is decided, or with the bank, stays as it is."""
        if self.state in CLOSABLE and self.session_ref:
            self.state = Told.EXPIRED
        elif self.state in CLOSABLE:
            self.state, self.why = Told.CANCELLED, "abandoned"

    @property
    def left(self) -> Money:
        """What of the money has not gone back."""
        back = (refund.amount for refund in self.refunds if refund.state is not Back.FAILED)
        return self.amount - total(back, self.amount.currency) if self.state is Told.PAID else self.amount.times(0)

    def refund_fact(self, refund: PaidBack, installation: str) -> Fact:
        """What a refund of it proves."""
        ours = self.installation == installation
        about: _AboutRefund = {
            **self._about(installation),
            "refund_id": refund.refund_id if ours else None,
            "refund_ref": refund.ref,
            "amount": refund.amount,
        }
        match refund.state:
            case Back.PENDING:
                return RefundPending(**about)
            case Back.SUCCEEDED:
                return RefundSucceeded(**about)
            case Back.FAILED:
                return RefundFailed(**about, why=refund.why)

    def _about(self, installation: str) -> "_About":
        return {
            "payment_id": self.payment_id if self.installation == installation else None,
            "session_ref": self.session_ref,
            "payment_ref": self.payment_ref,
        }

    def fact(self, installation: str) -> Fact:
        """What it proves; our payment is named only to the installation that started it."""
        about = self._about(installation)
        match self.state:
            case Told.PAID:
                return PaymentSucceeded(**about, received=self.amount)
            case Told.DECLINED:
                return PaymentDeclined(**about, why=self.why)
            case Told.NEEDS_CUSTOMER:
                return PaymentNeedsCustomer(**about, why=self.why)
            case Told.FAILED:
                return PaymentFailed(**about, why=self.why)
            case Told.CANCELLED:
                return PaymentCancelled(**about, why=self.why)
            case Told.EXPIRED:
                return PaymentExpired(**about)
            case Told.OPEN | Told.SUBMITTED:
                return PaymentPending(**about, under_way=self.state is Told.SUBMITTED)


def page_in(told: dict[str, Any]) -> Page:
    """The page that a notification tells of, as it was then."""
    details = {**told["page"], "amount": Money(**told["page"]["amount"])}
    state = details["state"] if "refund" in told else told["type"]
    return Page(**{**details, "state": Told(state)})


def refund_in(told: dict[str, Any]) -> PaidBack | None:
    """The refund in it, if it tells of one."""
    details = told.get("refund")
    if details is None:
        return None
    return PaidBack(**{**details, "amount": Money(**details["amount"]), "state": Back(details["state"])})


class _About(TypedDict):
    payment_id: str | None
    session_ref: str | None
    payment_ref: str | None


class _AboutRefund(_About):
    refund_id: str | None
    refund_ref: str
    amount: Money
