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
    PaymentNeedsCustomer,
    PaymentPending,
    PaymentSucceeded,
    RefundFailed,
    RefundNews,
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
CLOSABLE = PAYABLE | {Told.NEEDS_CUSTOMER}
UNDECIDED = CLOSABLE | {Told.SUBMITTED}
READABLE = frozenset(Told) | frozenset(Back) | frozenset(Contest)
ATTACHED, DETACHED, UPDATED, NOT_SAVED = "method.attached", "method.detached", "method.updated", "method.not_saved"
CHOSEN = "method.chosen"
KEPT = frozenset({ATTACHED, DETACHED, UPDATED, CHOSEN, NOT_SAVED})
"""The types of notifications about saved methods."""


@dataclass
class Page:
    """One attempt; `amount` is what was asked and, once paid, what came. Off session it has no `session_ref`.

    What was collected by recurring billing has no page and no payment of ours: then both ids are None.
    """

    payment_id: str | None
    session_ref: str | None
    installation: str
    amount: Money
    state: Told = Told.OPEN
    payment_ref: str | None = None
    billing_ref: str | None = None
    why: str = ""
    refunds: list[PaidBack] = field(default_factory=list)
    disputes: list[Contested] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What it is kept under: our payment's id or, where it has none, the provider's."""
        return self.payment_id or str(self.payment_ref)

    @property
    def refs(self) -> frozenset[str]:
        """The provider's ids in it."""
        return frozenset(ref for ref in (self.session_ref, self.payment_ref, self.billing_ref) if ref)

    def close(self) -> None:
        """Nobody can pay on it any more; one that is decided, or with the bank, stays as it is."""
        if self.state in CLOSABLE and self.session_ref:
            self.state = Told.EXPIRED
        elif self.state in CLOSABLE:
            self.state, self.why = Told.CANCELLED, "abandoned"

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

    def refund_fact(self, refund: PaidBack, installation: str) -> RefundNews:
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
                return PaymentSucceeded(**about, received=self.amount, billing_ref=self.billing_ref)
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
    state = details["state"] if {"refund", "dispute"} & told.keys() else told["type"]
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
