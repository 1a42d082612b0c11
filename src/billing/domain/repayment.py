"""Which money of an order goes back, and what that means for its items: every refund begins and ends here."""

from collections.abc import Sequence
from datetime import datetime

from billing.domain.errors import Conflict, Invalid, RefundTooLarge
from billing.domain.money import Money, total
from billing.domain.order import Order
from billing.domain.order_item import ItemStatus, OrderItem
from billing.domain.order_status import is_repaid
from billing.domain.payment import Payment, PaymentStatus
from billing.domain.refund import Refund, RefundCause

_CALLED_OFF = "called off, its price goes back"


def owe_item(order: Order, item: OrderItem, refund_id: str, at: datetime) -> Refund | None:
    """A refund of exactly the price of an item that failed; None where it is paid back already.

    Where less than its price is left, the item waits for a person.
    """
    payment = order.paying
    if payment is None or is_repaid(item, order.payments):
        return None
    if not item.price.minor:
        order.repay_item(item.id, "it cost nothing")
        return None
    try:
        refund = payment.open_refund(
            refund_id, item.price, RefundCause.UNDELIVERED, at, reason=item.why or "", item_ids=(item.id,)
        )
    except RefundTooLarge as short:
        order.park_item(item.id, f"its price can't be paid back: {short}")
        return None
    order.derive_status()
    return refund


def owe_surplus(order: Order, payment: Payment, refund_id: str, at: datetime) -> Refund | None:
    """A refund of all that is left of a payment that no item needs; None where nothing is."""
    if not payment.left.minor:
        return None
    refund = payment.open_refund(refund_id, payment.left, RefundCause.SURPLUS, at, reason="nothing needs it")
    order.derive_status()
    return refund


def request_refund(
    order: Order,
    payment: Payment,
    refund_id: str,
    at: datetime,
    *,
    amount: Money | None = None,
    item_ids: Sequence[str] = (),
    reason: str = "",
) -> Refund:
    """What somebody asks to be paid back: a sum, or the price of some items, or all that is left.

    Undelivered items that it pays back are called off. Conflict for unpaid and parked payments, for items under
    delivery and for those that are paid back already; RefundTooLarge beyond what is left.
    """
    if payment.status is PaymentStatus.REQUIRES_ATTENTION:
        raise Conflict(f"payment {payment.id}", "another sum came than was asked: resolve it first")
    if not payment.has_money:
        raise Conflict(f"payment {payment.id}", f"it is {payment.status}; there is nothing to refund")
    if amount is not None and item_ids:
        raise Invalid("item_ids", "either a sum or items, not both")
    items = [] if amount is not None else _items(order, payment, item_ids)
    if amount is None:
        amount = total((item.price for item in items), order.currency) if item_ids else payment.left
    for item in items:
        _require_repayable(order, item)
    refund = payment.open_refund(
        refund_id, amount, RefundCause.REQUESTED, at, reason=reason, item_ids=[item.id for item in items]
    )
    for item in items:
        if item.status in (ItemStatus.DUE, ItemStatus.IN_PROGRESS):
            order.cancel_item(item.id, _CALLED_OFF)
    order.derive_status()
    return refund


def adopt_refund(order: Order, payment: Payment, refund_id: str, amount: Money, at: datetime) -> Refund:
    """A refund that was made at the provider, say in its dashboard.

    Items that were not delivered are called off by it where it gives back all that was left; failed ones are paid
    back by it also where it is exactly their price. It never undoes a delivery.
    """
    failed = [i for i in order.items if i.status is ItemStatus.FAILED and not is_repaid(i, order.payments)]
    due = [i for i in order.items if i.status is ItemStatus.DUE]
    covered: list[OrderItem] = []
    if payment is order.paying:
        if amount >= payment.left:
            covered = failed + due
        elif failed and amount == total((item.price for item in failed), order.currency):
            covered = failed
    refund = payment.add_refund(
        refund_id,
        amount,
        RefundCause.PROVIDER,
        at,
        reason="made at the provider",
        item_ids=[item.id for item in covered],
    )
    for item in covered:
        item.attention = None
        if item.status is ItemStatus.DUE:
            order.cancel_item(item.id, _CALLED_OFF)
    order.derive_status()
    return refund


def refund_succeeded(order: Order, refund: Refund, why: str) -> bool:
    """The money is on its way: what was not delivered is paid back; False for a repeat."""
    news = refund.succeed(why)
    for item in _covered(order, refund) if news else ():
        if item.status in (ItemStatus.FAILED, ItemStatus.CANCELLED):
            order.repay_item(item.id, f"{item.why}; paid back")
    order.derive_status()
    return news


def refund_failed(order: Order, refund: Refund, why: str) -> bool:
    """No money went back: its sum is free again and its items wait for a person; False for a repeat."""
    news = refund.fail(why)
    for item in _covered(order, refund) if news else ():
        if item.status in (ItemStatus.CANCELLED, ItemStatus.REFUNDED):
            order.fail_item(item.id, f"its refund failed: {why}")
    order.derive_status()
    return news


def _items(order: Order, payment: Payment, item_ids: Sequence[str]) -> list[OrderItem]:
    """Those that are named; without names all that are not yet paid back, where this payment pays them."""
    if item_ids:
        if payment is not order.paying:
            raise Conflict(f"payment {payment.id}", "no item was paid by it")
        return [order.item(item_id) for item_id in dict.fromkeys(item_ids)]
    if payment is not order.paying:
        return []
    return [i for i in order.items if not _is_over(i) and not is_repaid(i, order.payments)]


def _require_repayable(order: Order, item: OrderItem) -> None:
    if _is_over(item) or is_repaid(item, order.payments):
        raise Conflict(f"item {item.id}", "its price is paid back already, or on its way")
    if item.status is ItemStatus.IN_PROGRESS and item.attention is None:
        raise Conflict(f"item {item.id}", "its delivery is under way: it can be refunded when that has ended")


def _is_over(item: OrderItem) -> bool:
    return item.status in (ItemStatus.CANCELLED, ItemStatus.REFUNDED)


def _covered(order: Order, refund: Refund) -> list[OrderItem]:
    return [item for item in order.items if item.id in refund.item_ids]
