"""What the in-memory provider holds of an attempt, and which fact it is."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypedDict

from billing.domain.dispute import DisputeStatus
from billing.domain.facts import (
    DisputeStands,
    Fact,
    PaymentCancelled,
    PaymentDeclined,
    PaymentExpired,
    PaymentFailed,
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


class Contest(StrEnum):
    """The type of a notification about a dispute; how that stands is asked when it is read."""

    OPENED = "dispute.opened"
    MOVED = "dispute.moved"
    DECIDED = "dispute.decided"


@dataclass
class Contested:
    """Money that a customer's bank questions; `withdrawn` and `reinstated` are what it has moved."""

    ref: str
    amount: Money
    reason: str
    status: DisputeStatus
    withdrawn: Money
    reinstated: Money
    respond_by: datetime

    @property
    def stands(self) -> bool:
        """Whether the provider refuses to refund it meanwhile."""
        return self.status in (DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW)


PAYABLE = frozenset({Told.OPEN, Told.DECLINED})
UNDECIDED = PAYABLE | {Told.SUBMITTED}
READABLE = frozenset(Told) | frozenset(Back) | frozenset(Contest)


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
    refunds: list[PaidBack] = field(default_factory=list)
    disputes: list[Contested] = field(default_factory=list)

    @property
    def refs(self) -> frozenset[str]:
        """The provider's ids in it."""
        return frozenset(ref for ref in (self.session_ref, self.payment_ref) if ref)

    @property
    def left(self) -> Money:
        """What of the money has not gone back, and was not taken back."""
        if self.state is not Told.PAID:
            return self.amount.times(0)
        back = [refund.amount for refund in self.refunds if refund.state is not Back.FAILED]
        return self.amount - total([*back, self.taken], self.amount.currency)

    @property
    def taken(self) -> Money:
        """What banks have withdrawn and not reinstated."""
        return total((one.withdrawn - one.reinstated for one in self.disputes), self.amount.currency)

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

    def dispute_fact(self, dispute: Contested, installation: str) -> Fact:
        """How a dispute of it stands."""
        return DisputeStands(
            **self._about(installation),
            dispute_ref=dispute.ref,
            amount=dispute.amount,
            status=dispute.status,
            reason=dispute.reason,
            withdrawn=dispute.withdrawn,
            reinstated=dispute.reinstated,
            respond_by=dispute.respond_by,
            why=f"{dispute.status} at the bank",
        )

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
            case Told.FAILED:
                return PaymentFailed(**about, why=self.why)
            case Told.CANCELLED:
                return PaymentCancelled(**about, why=self.why)
            case Told.EXPIRED:
                return PaymentExpired(**about)
            case Told.OPEN | Told.SUBMITTED:
                return PaymentPending(**about, under_way=self.state is Told.SUBMITTED)


def page_of(told: dict[str, Any]) -> Page:
    """The page as a notification shows it, at the moment that this tells of."""
    details = {**told["page"], "amount": Money(**told["page"]["amount"])}
    state = details["state"] if {"refund", "dispute"} & told.keys() else told["type"]
    return Page(**{**details, "state": Told(state)})


def refund_of(told: dict[str, Any]) -> PaidBack | None:
    """The refund that a notification tells of, if it does."""
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
