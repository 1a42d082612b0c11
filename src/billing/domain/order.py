"""An order: what a customer asked for, the attempts to pay it, and the one place that moves both.

Its row is the lock of everything below it: whoever moves an item or a payment holds the order first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from billing.domain.contact import Contact
from billing.domain.dispute import Dispute
from billing.domain.errors import Conflict, NotFound
from billing.domain.money import Money, total
from billing.domain.order_item import ItemStatus, OrderItem
from billing.domain.order_status import OrderStatus, delivery_status, unsettled
from billing.domain.payment import Payment, PaymentStatus
from billing.domain.refund import Refund

Row = TypeVar("Row", OrderItem, Payment)


class Settlement(StrEnum):
    """What a proven payment meant to its order."""

    PAID = "paid"  # the first one: deliver
    LATE = "late"  # the first one, after expiry: deliver what can still be had
    REPEATED = "repeated"  # known already
    SURPLUS = "surplus"  # nothing needs it: pay it back
    MISMATCHED = "mismatched"  # another sum than asked: a person decides


@dataclass(eq=False, kw_only=True)
class Order:
    """One basket of one customer in one currency; prices are frozen on its items. Times are aware, in UTC.

    >>> from datetime import UTC, timedelta
    >>> from billing.domain import DomainName, DomainRegistration
    >>> now = datetime(2027, 1, 31, tzinfo=UTC)
    >>> name = OrderItem.of("itm_1", 0, DomainRegistration(domain=DomainName("example.rw")), Money(1500, "USD"))
    >>> order = Order(id="ord_1", number="7K3M", customer_id="cus_1", currency="USD", items=[name],
    ...               created_at=now, expires_at=now + timedelta(days=1))
    >>> payment = order.open_attempt("pay_1", "stripe", {}, now, order.expires_at)
    >>> order.record_success(payment, Money(1500, "USD"), now).value, order.status.value
    ('paid', 'paid')
    >>> order.begin_item("itm_1").status.value, order.status.value
    ('in_progress', 'processing')
    >>> order.fulfil_item("itm_1", "registered")
    >>> order.status.value
    'completed'
    """

    id: str
    number: str
    customer_id: str
    currency: str
    created_at: datetime
    expires_at: datetime
    items: list[OrderItem]
    registrant: Contact | None = None
    payments: list[Payment] = field(default_factory=list)
    status: OrderStatus = OrderStatus.PENDING
    why: str | None = None
    paid_at: datetime | None = None
    closed_as: OrderStatus | None = None
    version: int = 1

    @property
    def total(self) -> Money:
        """What the order costs."""
        return total((item.price for item in self.items), self.currency)

    @property
    def is_paid(self) -> bool:
        """Whether a payment for it was accepted."""
        return self.paid_at is not None

    @property
    def renews_by_itself(self) -> bool:
        """Whether anything in it is to be charged again without its customer."""
        return any(item.renews_by_itself for item in self.items)

    @property
    def sole_recurring(self) -> OrderItem | None:
        """The item that is all of the order, where that is hosting which renews by itself."""
        match self.items:
            case [item] if item.opens_subscription and item.renews_by_itself:
                return item
        return None

    def recurring_with(self, payment: Payment) -> OrderItem | None:
        """The item that a provider bills from this payment on: all of the order, paid on a page by a known account.

        What is charged off session is paid once, as is everything that is bought in company.
        """
        is_known = bool(payment.options.get("customer_ref"))
        return self.sole_recurring if is_known and not payment.is_off_session else None

    def item(self, item_id: str) -> OrderItem:
        """The item of that id, or NotFound."""
        return _one(self.items, item_id, "item")

    def payment(self, payment_id: str) -> Payment:
        """The attempt of that id, or NotFound."""
        return _one(self.payments, payment_id, "payment")

    def refund(self, refund_id: str) -> tuple[Payment, Refund]:
        """The refund of that id with its payment, or NotFound."""
        for payment in self.payments:
            for refund in payment.refunds:
                if refund.id == refund_id:
                    return payment, refund
        raise NotFound("refund", refund_id)

    def dispute(self, dispute_id: str) -> tuple[Payment, Dispute]:
        """The dispute of that id with its payment, or NotFound."""
        for payment in self.payments:
            for dispute in payment.disputes:
                if dispute.id == dispute_id:
                    return payment, dispute
        raise NotFound("dispute", dispute_id)

    @property
    def paying(self) -> Payment | None:
        """The payment that pays the items; what is surplus or parked pays none."""
        paid = (p for p in self.payments if p.status is PaymentStatus.SUCCEEDED and not p.surplus)
        return next(paid, None)

    # ------------------------------------------------------------------ paying

    def open_attempt(
        self, payment_id: str, gateway: str, options: Mapping[str, str], now: datetime, expires_at: datetime
    ) -> Payment:
        """A new attempt for the whole sum; Conflict unless the order is payable and no other attempt is open."""
        self.require_payable(now)
        if any(payment.is_open for payment in self.payments):
            raise Conflict(f"order {self.number}", "another attempt to pay it is open")
        payment = Payment(
            id=payment_id,
            order_id=self.id,
            attempt=len(self.payments) + 1,
            gateway=gateway,
            amount=self.total,
            options=dict(options),
            created_at=now,
            expires_at=min(expires_at, self.expires_at),
        )
        payment.under_way = payment.is_off_session  # it is the bank's from the first call on: no cancel overtakes it
        self.payments.append(payment)
        return payment

    def require_payable(self, now: datetime) -> None:
        """Conflict unless somebody may still start to pay it."""
        if self.status is not OrderStatus.PENDING:
            raise Conflict(f"order {self.number}", f"it is {self.status} and takes no payment")
        if now >= self.expires_at:
            raise Conflict(f"order {self.number}", "it has expired")

    def record_success(self, payment: Payment, received: Money, at: datetime) -> Settlement:
        """Take a proven payment in: always recorded first, then judged; safe to repeat."""
        if payment.has_money:
            return Settlement.REPEATED
        if received != payment.amount:
            payment.park(received)
            settlement = Settlement.MISMATCHED
        else:
            settlement = self._take(payment, received, at)
        self.derive_status()
        return settlement

    def record_collection(
        self, payment_id: str, gateway: str, collected: Money, payment_ref: str | None, at: datetime
    ) -> Payment:
        """Its provider has collected by itself: the price, less what credit paid and more by tax, as one payment.

        Surplus where the order is paid or was cancelled.
        """
        payment = Payment(
            id=payment_id,
            order_id=self.id,
            attempt=len(self.payments) + 1,
            gateway=gateway,
            amount=collected,
            payment_ref=payment_ref,
            created_at=at,
            expires_at=at,
        )
        self.payments.append(payment)
        self._take(payment, collected, at)
        self.derive_status()
        return payment

    def accept(self, payment: Payment, at: datetime) -> Settlement:
        """A person takes the sum that came for the one that was asked; Conflict where it can't pay this order."""
        received = self._parked(payment)
        if received.currency != self.currency:
            raise Conflict(f"payment {payment.id}", f"{received} can't pay an order in {self.currency}: refund it")
        if self.is_paid or self.closed_as is OrderStatus.CANCELLED:
            raise Conflict(f"payment {payment.id}", "its order needs no money: refund it")
        if payment.contested is not None:
            raise Conflict(f"payment {payment.id}", "it is disputed: the bank decides first")
        if payment.left != received:
            raise Conflict(f"payment {payment.id}", f"{received - payment.left} of it went back: refund the rest")
        settlement = self._take(payment, received, at)
        self.derive_status()
        return settlement

    def reject(self, payment: Payment) -> None:
        """A person does not take the sum that came: all of it is owed back."""
        self._take_as_surplus(payment, self._parked(payment))
        self.derive_status()

    def _parked(self, payment: Payment) -> Money:
        if payment.status is not PaymentStatus.REQUIRES_ATTENTION or payment.received is None:
            raise Conflict(f"payment {payment.id}", f"it is {payment.status}; there is nothing to resolve")
        return payment.received

    def _take(self, payment: Payment, received: Money, at: datetime) -> Settlement:
        if self.is_paid or self.closed_as is OrderStatus.CANCELLED:
            self._take_as_surplus(payment, received)
            return Settlement.SURPLUS
        payment.succeed(received)
        self.paid_at = at
        if self.closed_as is OrderStatus.EXPIRED:
            return Settlement.LATE
        for item in self.items:
            item.move(ItemStatus.DUE, "paid")
        return Settlement.PAID

    def _take_as_surplus(self, payment: Payment, received: Money) -> None:
        payment.succeed(received)
        payment.surplus, payment.why = True, f"{received} received, surplus"

    def cancel(self, why: str = "cancelled by the customer") -> None:
        """Nobody wants it any more, while nothing is paid; a repeat changes nothing."""
        if self.closed_as is OrderStatus.CANCELLED:
            return
        if self.status is not OrderStatus.PENDING:
            raise Conflict(f"order {self.number}", self._why_not_cancelled())
        if any(payment.is_open and payment.under_way for payment in self.payments):
            raise Conflict(f"order {self.number}", "a payment is under way at the bank; it decides first")
        self._close(OrderStatus.CANCELLED, why)

    def _why_not_cancelled(self) -> str:
        """And what to do instead."""
        if self.paying is not None:
            return f"it is {self.status}; what is paid is refunded, not cancelled: refund payment {self.paying.id}"
        parked = next(
            (payment for payment in self.payments if payment.status is PaymentStatus.REQUIRES_ATTENTION), None
        )
        if parked is not None:
            return f"another sum than was asked came by payment {parked.id}: resolve it first"
        return f"it is {self.status}: {self.why}" if self.why else f"it is {self.status} already"

    def expire(self, now: datetime) -> bool:
        """Close an order that nobody paid in time; False where there was nothing to close."""
        if self.status is not OrderStatus.PENDING or now < self.expires_at:
            return False
        self._close(OrderStatus.EXPIRED, "not paid in time")
        return True

    def _close(self, closed_as: OrderStatus, why: str) -> None:
        self.closed_as = closed_as
        for item in self.items:
            item.move(ItemStatus.CANCELLED, why)
        self.derive_status()

    # ------------------------------------------------------------------ delivering

    def revive_item(self, item_id: str) -> None:
        """Paid after expiry: the item is due after all."""
        self._move_item(item_id, ItemStatus.DUE, "paid after the order had expired")

    def begin_item(self, item_id: str) -> OrderItem:
        """Delivery starts; a repeat changes nothing."""
        item = self.item(item_id)
        if item.status is not ItemStatus.IN_PROGRESS:
            self._move_item(item_id, ItemStatus.IN_PROGRESS, "delivery started")
        return item

    def fulfil_item(self, item_id: str, why: str) -> None:
        """Delivered."""
        self.item(item_id).attention = None
        self._move_item(item_id, ItemStatus.FULFILLED, why)

    def fail_item(self, item_id: str, why: str) -> None:
        """It can never be delivered; its price is owed back."""
        self.item(item_id).attention = None
        self._move_item(item_id, ItemStatus.FAILED, why)

    def cancel_item(self, item_id: str, why: str) -> None:
        """Called off before it was delivered."""
        self.item(item_id).attention = None
        self._move_item(item_id, ItemStatus.CANCELLED, why)

    def repay_item(self, item_id: str, why: str) -> None:
        """Not delivered, and its price is paid back."""
        self.item(item_id).attention = None
        self._move_item(item_id, ItemStatus.REFUNDED, why)

    def park_item(self, item_id: str, why: str) -> None:
        """Delivery stopped where only a person can go on; the item stays as it is."""
        self.item(item_id).attention = why
        self.derive_status()

    def resume_item(self, item_id: str) -> None:
        """A person sent it on its way again."""
        self.item(item_id).attention = None
        self.derive_status()

    def _move_item(self, item_id: str, after: ItemStatus, why: str) -> None:
        self.item(item_id).move(after, why)
        self.derive_status()

    # ------------------------------------------------------------------ status

    def unsettled(self) -> list[str]:
        """What a person must settle, a sentence each."""
        return list(unsettled(self.items, self.payments))

    def derive_status(self) -> None:
        """Read the status anew off items, payments and refunds; whoever moves one of them calls this."""
        reasons = self.unsettled()
        self.status = OrderStatus.REQUIRES_ATTENTION if reasons else self._settled_status()
        self.why = "; ".join(reasons) or None

    def _settled_status(self) -> OrderStatus:
        if not self.is_paid:
            return self.closed_as or OrderStatus.PENDING
        return delivery_status(self.items)


def _one(rows: Iterable[Row], row_id: str, entity: str) -> Row:
    for row in rows:
        if row.id == row_id:
            return row
    raise NotFound(entity, row_id)
