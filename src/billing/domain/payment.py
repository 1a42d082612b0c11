"""One attempt to pay an order, at one provider, and what of it goes back or is taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from billing.domain.dispute import Dispute
from billing.domain.errors import Conflict, IllegalMove, Invalid, RefundTooLarge
from billing.domain.money import Money, total
from billing.domain.refund import Refund, RefundCause


class PaymentStatus(StrEnum):
    """Where an attempt stands; a success is never undone by what comes later."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REQUIRES_ATTENTION = "requires_attention"


_PAID = {PaymentStatus.SUCCEEDED, PaymentStatus.REQUIRES_ATTENTION}
_ENDED = {PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.EXPIRED}
_MOVES: Mapping[PaymentStatus, set[PaymentStatus]] = {
    PaymentStatus.PENDING: _PAID | _ENDED,
    PaymentStatus.FAILED: _PAID,
    PaymentStatus.CANCELLED: _PAID,
    PaymentStatus.EXPIRED: _PAID,
    PaymentStatus.REQUIRES_ATTENTION: {PaymentStatus.SUCCEEDED},
    PaymentStatus.SUCCEEDED: set(),
}


@dataclass(eq=False, kw_only=True)
class Payment:
    """An attempt: what was asked, of whom, under which of the provider's ids, and what came of it.

    >>> from datetime import UTC
    >>> now = datetime(2027, 1, 31, tzinfo=UTC)
    >>> payment = Payment(id="pay_1", order_id="ord_1", attempt=1, gateway="stripe", amount=Money(1500, "USD"),
    ...                   created_at=now, expires_at=now)
    >>> payment.expire("nobody paid"), payment.is_open
    (True, False)
    >>> payment.succeed(Money(1500, "USD"))  # late, and it counts all the same
    >>> payment.fail("told later still"), payment.status.value
    (False, 'succeeded')

    `options` is what the provider was asked with (return addresses, e-mail), fixed before the first call so that
    a repeated call has the same body. `surplus` marks money that no item of the order needs. `under_way` says that
    a bank decides, and nobody has to do anything; `needs_customer` that it waits for the customer's consent.
    `attention` says why a person must find out how an open one stands. `billing_ref` is the recurring billing at the
    provider that began with it.
    """

    id: str
    order_id: str
    attempt: int
    gateway: str
    amount: Money
    created_at: datetime
    expires_at: datetime
    options: Mapping[str, str] = field(default_factory=dict)
    status: PaymentStatus = PaymentStatus.PENDING
    why: str | None = None
    session_ref: str | None = None
    payment_ref: str | None = None
    billing_ref: str | None = None
    redirect_url: str | None = None
    received: Money | None = None
    surplus: bool = False
    under_way: bool = False
    needs_customer: bool = False
    attention: str | None = None
    refunds: list[Refund] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether a customer could still pay by it."""
        return self.status is PaymentStatus.PENDING

    @property
    def has_money(self) -> bool:
        """Whether something was paid by it, be it the sum asked or another."""
        return self.status in _PAID

    @property
    def is_off_session(self) -> bool:
        """Whether a saved method is charged while the customer is not there: no page, and none that would close."""
        return "method_ref" in self.options

    @property
    def is_started(self) -> bool:
        """Whether the provider has told us its id for it."""
        return self.session_ref is not None or self.payment_ref is not None

    @property
    def returned(self) -> Money:
        """What went back or is reserved to."""
        return total((refund.amount for refund in self.refunds if refund.is_live), self._currency)

    @property
    def gone(self) -> Money:
        """What banks took back and have not given back: lost, or yet to be decided."""
        return total((dispute.gone for dispute in self.disputes), self._currency)

    @property
    def left(self) -> Money:
        """What is kept, and can still be refunded; never less than nothing, whatever was done at the provider."""
        received = self.received or Money.zero(self._currency)
        return max(received - self.returned - self.gone, Money.zero(self._currency))

    @property
    def contested(self) -> Dispute | None:
        """The dispute that stands between us and its money, if one does."""
        return next((dispute for dispute in self.disputes if dispute.stands), None)

    @property
    def is_lost(self) -> bool:
        """Whether banks have decided, and nothing of it is left."""
        return self.contested is None and not self.left.minor and any(dispute.is_lost for dispute in self.disputes)

    @property
    def _currency(self) -> str:
        return (self.received or self.amount).currency

    def bind(self, session_ref: str | None, payment_ref: str | None, billing_ref: str | None = None) -> None:
        """Learn the provider's ids; an id once known never changes."""
        refs = {"session_ref": session_ref, "payment_ref": payment_ref, "billing_ref": billing_ref}
        for name, ref in refs.items():
            known = getattr(self, name)
            if ref and known and ref != known:
                raise Conflict(f"payment {self.id}", f"its {name} is {known}, not {ref}")
            if ref and not known:
                setattr(self, name, ref)

    def succeed(self, received: Money) -> None:
        """The provider has proven that the sum asked was paid."""
        self.received = received
        self._move(PaymentStatus.SUCCEEDED, f"{received} received")

    def park(self, received: Money) -> None:
        """Another sum came than was asked: a person decides."""
        self.received = received
        self._move(PaymentStatus.REQUIRES_ATTENTION, f"{received} received, {self.amount} asked")

    # ------------------------------------------------------------------ paying back

    def require_refundable(self) -> None:
        """Conflict where nothing was paid, another sum than was asked (that is resolved first), or it is disputed."""
        if self.status is PaymentStatus.REQUIRES_ATTENTION:
            raise Conflict(f"payment {self.id}", "another sum came than was asked: resolve it first")
        if not self.has_money:
            raise Conflict(f"payment {self.id}", f"it is {self.status}; there is nothing to refund")
        if self.contested is not None:
            why = (
                "it is disputed, and the bank decides to whom its money goes: what is refunded now could go back twice"
            )
            raise Conflict(f"payment {self.id}", why)

    def open_refund(
        self,
        refund_id: str,
        amount: Money,
        cause: RefundCause,
        created_at: datetime,
        *,
        reason: str = "",
        item_ids: Sequence[str] = (),
    ) -> Refund:
        """Reserve a sum to go back: Conflict where `require_refundable` has one, RefundTooLarge beyond what is left."""
        self.require_refundable()
        if amount.currency != self._currency or amount.minor <= 0:
            raise Invalid("amount", f"must be more than nothing, in {self._currency}")
        if amount > self.left:
            raise RefundTooLarge(amount, self.left)
        return self.add_refund(refund_id, amount, cause, created_at, reason=reason, item_ids=item_ids)

    def add_refund(
        self,
        refund_id: str,
        amount: Money,
        cause: RefundCause,
        created_at: datetime,
        *,
        reason: str = "",
        item_ids: Sequence[str] = (),
    ) -> Refund:
        """The same without asking whether so much is left: what the provider has done is done."""
        refund = Refund(
            id=refund_id,
            payment_id=self.id,
            amount=amount,
            cause=cause,
            created_at=created_at,
            reason=reason,
            item_ids=list(item_ids),
        )
        self.refunds.append(refund)
        return refund

    # ------------------------------------------------------------------ ending without money

    def fail(self, why: str) -> bool:
        """The open attempt is over without money; False, and nothing, where it has ended before or was paid."""
        return self._end(PaymentStatus.FAILED, why)

    def cancel(self, why: str) -> bool:
        """The same: called off at the provider."""
        return self._end(PaymentStatus.CANCELLED, why)

    def expire(self, why: str) -> bool:
        """The same: nobody paid in time."""
        return self._end(PaymentStatus.EXPIRED, why)

    def _end(self, status: PaymentStatus, why: str) -> bool:
        if not self.is_open:
            return False
        self._move(status, why)
        return True

    def note(self, why: str) -> None:
        """Remember why the last try was declined; the page stays open."""
        if self.is_open:
            self.why, self.under_way = why, False

    def await_customer(self, why: str) -> bool:
        """The bank wants the customer's consent; False, and nothing, where that is known or all is decided."""
        if not self.is_open or self.needs_customer:
            return False
        self.why, self.under_way, self.needs_customer = why, False, True
        return True

    def wait(self) -> None:
        """A slow method was chosen: the provider decides later, and the page is of no more use."""
        if self.is_open:
            self.under_way, self.needs_customer = True, False

    def flag(self, why: str) -> None:
        """Nobody asks its provider any more: while it is open, a person must."""
        if self.is_open:
            self.attention = why

    def unflag(self) -> None:
        """A person has seen to it."""
        self.attention = None

    def _move(self, after: PaymentStatus, why: str) -> None:
        if after not in _MOVES[self.status]:
            raise IllegalMove(f"payment {self.id}", self.status, after)
        self.status, self.why, self.attention, self.needs_customer = after, why, None, False
