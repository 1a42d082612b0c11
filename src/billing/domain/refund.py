"""Money on its way back: one repayment of one payment, and what it is for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from billing.domain.errors import Conflict, IllegalMove
from billing.domain.money import Money


class RefundStatus(StrEnum):
    """Where a refund stands; one that came through can still fail later, when the customer's bank returns it."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class RefundCause(StrEnum):
    """Why money goes back."""

    UNDELIVERED = "undelivered"  # an item can never be delivered: exactly its price
    SURPLUS = "surplus"  # paid twice, or after a cancel
    REQUESTED = "requested"  # somebody asked for it here
    PROVIDER = "provider"  # made at the provider, by its dashboard or by the provider itself


_BY_HAND = "requires_manual_refund"

_MOVES: Mapping[RefundStatus, set[RefundStatus]] = {
    RefundStatus.PENDING: {RefundStatus.SUCCEEDED, RefundStatus.FAILED},
    RefundStatus.SUCCEEDED: {RefundStatus.FAILED},
    RefundStatus.FAILED: set(),
}


@dataclass(eq=False, kw_only=True)
class Refund:
    """A sum of a payment that goes back, pending until the provider or a person has decided.

    >>> from datetime import UTC
    >>> refund = Refund(id="ref_1", payment_id="pay_1", amount=Money(1500, "USD"), cause=RefundCause.REQUESTED,
    ...                 created_at=datetime(2027, 1, 31, tzinfo=UTC))
    >>> refund.is_live  # its sum is reserved from the beginning
    True
    >>> refund.succeed("paid back"), refund.succeed("told again")
    (True, False)
    >>> refund.fail("the bank returned it"), refund.succeed("told late")
    (True, False)
    >>> refund.is_live, refund.attention
    (False, 'the bank returned it')

    `item_ids` are the items whose price it gives back. `try_no` is part of the provider's idempotency key: it rises
    only after a definite refusal, never with the attempts of a job. `attention` says what a person must look at.
    """

    id: str
    payment_id: str
    amount: Money
    cause: RefundCause
    created_at: datetime
    reason: str = ""
    item_ids: list[str] = field(default_factory=list)
    status: RefundStatus = RefundStatus.PENDING
    why: str | None = None
    attention: str | None = None
    refund_ref: str | None = None
    try_no: int = 1
    version: int = 1

    @property
    def is_pending(self) -> bool:
        """Whether nobody has decided yet."""
        return self.status is RefundStatus.PENDING

    @property
    def is_live(self) -> bool:
        """Whether its sum is gone or reserved."""
        return self.status is not RefundStatus.FAILED

    @property
    def needs_hand(self) -> bool:
        """Whether a person is to pay it, since its provider does not."""
        return self.is_pending and (self.attention or "").startswith(_BY_HAND)

    def bind(self, refund_ref: str | None) -> None:
        """Learn the provider's id; once known it never changes."""
        if refund_ref and self.refund_ref and refund_ref != self.refund_ref:
            raise Conflict(f"refund {self.id}", f"its id at the provider is {self.refund_ref}, not {refund_ref}")
        self.refund_ref = self.refund_ref or refund_ref

    def succeed(self, why: str) -> bool:
        """The money is on its way to the customer; False, and nothing, where it was decided before."""
        if not self.is_pending:
            return False
        self.attention = None
        self._move(RefundStatus.SUCCEEDED, why)
        return True

    def fail(self, why: str) -> bool:
        """It did not come through, or was returned: the sum is free again, and a person must know."""
        if self.status is RefundStatus.FAILED:
            return False
        self.attention = why
        self._move(RefundStatus.FAILED, why)
        return True

    def cover(self, item_id: str) -> None:
        """It gives back the price of this item too."""
        self.item_ids = [*self.item_ids, item_id]

    def try_again(self, why: str) -> None:
        """The provider has definitely refused the last try: the next has a key of its own."""
        self.try_no, self.why = self.try_no + 1, why

    def park(self, why: str) -> None:
        """A person must find out how it stands; its sum stays reserved."""
        self.attention = why

    def leave_to_hand(self, what: str) -> None:
        """Its provider pays nothing back: a person does, and says so; its sum stays reserved."""
        self.attention = f"{_BY_HAND}: {what}"

    def unpark(self) -> None:
        """A person has seen to it."""
        self.attention = None

    def _move(self, after: RefundStatus, why: str) -> None:
        if after not in _MOVES[self.status]:
            raise IllegalMove(f"refund {self.id}", self.status, after)
        self.status, self.why = after, why
