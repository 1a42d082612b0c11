"""A customer's bank questions a payment or takes it back: one dispute, how far it is, and what money it moved."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from billing.domain.money import Money


class DisputeStatus(StrEnum):
    """How far a dispute is, each further than those before it; what is told of it counts where it goes further."""

    UNKNOWN = "unknown"  # a status that we do not know: a person looks
    INQUIRY = "inquiry"  # the bank only asks, and takes nothing yet
    CLOSED = "closed"  # it came to nothing: an inquiry that was answered, or one prevented; a bank may come back
    NEEDS_RESPONSE = "needs_response"  # the money is taken; without our evidence in time it is lost
    UNDER_REVIEW = "under_review"  # the bank looks at the evidence
    LOST = "lost"
    WON = "won"


_FURTHER = {status: n for n, status in enumerate(DisputeStatus)}
_DECIDED = {DisputeStatus.LOST, DisputeStatus.WON}
_OPEN = set(DisputeStatus) - _DECIDED - {DisputeStatus.CLOSED}
_HARMLESS = {DisputeStatus.INQUIRY, DisputeStatus.CLOSED, DisputeStatus.WON}


@dataclass(eq=False, kw_only=True)
class Dispute:
    """What a bank questions of a payment; told late, doubled or in any order, it comes to stand the same.

    >>> from datetime import UTC
    >>> usd = lambda minor: Money(minor, "USD")
    >>> dispute = Dispute(id="dsp_1", payment_id="pay_1", dispute_ref="dp_1", amount=usd(1500), reason="fraudulent",
    ...                   created_at=datetime(2027, 1, 31, tzinfo=UTC), withdrawn=usd(0), reinstated=usd(0))
    >>> dispute.stand(DisputeStatus.UNDER_REVIEW, "evidence sent", withdrawn=usd(1500), reinstated=usd(0))
    True
    >>> dispute.stand(DisputeStatus.NEEDS_RESPONSE, "told late", withdrawn=usd(0), reinstated=usd(0))
    False
    >>> dispute.status.value, dispute.why, str(dispute.gone)
    ('under_review', 'evidence sent', '15.00 USD')
    >>> dispute.stand(DisputeStatus.WON, "won", withdrawn=usd(1500), reinstated=usd(0)), str(dispute.gone)
    (True, '0.00 USD')

    `withdrawn` and `reinstated` are all that was ever moved either way, so that they only grow. `respond_by` is until
    when the bank takes an answer. `item_ids` are the items whose price is back with the customer by it.
    """

    id: str
    payment_id: str
    dispute_ref: str
    amount: Money
    reason: str
    created_at: datetime
    withdrawn: Money
    reinstated: Money
    status: DisputeStatus = DisputeStatus.UNKNOWN
    why: str | None = None
    respond_by: datetime | None = None
    item_ids: list[str] = field(default_factory=list)
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether somebody has yet to decide or answer."""
        return self.status in _OPEN

    @property
    def is_decided(self) -> bool:
        """Won or lost, for good."""
        return self.status in _DECIDED

    @property
    def is_lost(self) -> bool:
        """Whether the money is the customer's again."""
        return self.status is DisputeStatus.LOST

    @property
    def stands(self) -> bool:
        """Whether the payment is contested: nothing is refunded or newly delivered for it. An inquiry bars nothing."""
        return self.is_open and self.status is not DisputeStatus.INQUIRY

    @property
    def gone(self) -> Money:
        """What the payment is short of because of it; what was won counts as back although it may be on its way."""
        nothing = Money.zero(self.withdrawn.currency)
        return nothing if self.status in _HARMLESS else max(self.withdrawn - self.reinstated, nothing)

    @property
    def told(self) -> str:
        """What a person must know of it, in a sentence."""
        match self.status:
            case DisputeStatus.UNKNOWN:
                then = f"how it stands is not known: {self.why}"
            case DisputeStatus.INQUIRY:
                then = f"the bank asks and takes nothing yet{self._until('answer')}"
            case DisputeStatus.NEEDS_RESPONSE:
                then = f"it is lost without evidence{self._until('due')}"
            case DisputeStatus.UNDER_REVIEW:
                then = "the bank looks at the evidence"
            case _:
                then = f"{self.status}: {self.why}"
        return f"{self.amount} disputed ({self.reason}), {then}"

    def _until(self, what: str) -> str:
        return f", {what} by {self.respond_by:%Y-%m-%d %H:%M} UTC" if self.respond_by else ""

    def stand(
        self,
        status: DisputeStatus,
        why: str,
        *,
        withdrawn: Money,
        reinstated: Money,
        respond_by: datetime | None = None,
    ) -> bool:
        """Learn how it stood at some moment; whether it is further now. A decision is never changed."""
        self.withdrawn, self.reinstated = max(self.withdrawn, withdrawn), max(self.reinstated, reinstated)
        if respond_by is not None:
            self.respond_by = max(self.respond_by or respond_by, respond_by)
        if self.is_decided or (self.why is not None and _FURTHER[status] <= _FURTHER[self.status]):
            return False
        self.status, self.why = status, why
        return True

    def cover(self, item_id: str) -> None:
        """The price of this item too is back with the customer by it."""
        self.item_ids = [*self.item_ids, item_id]
