"""Which items a sum of money pays back, and what that makes of them, whoever sent it and however."""

from collections.abc import Iterable, Sequence

from billing.domain.money import Money, total
from billing.domain.order import Order
from billing.domain.order_item import ItemStatus, OrderItem
from billing.domain.order_status import is_repaid
from billing.domain.payment import Payment


def can_be_called_off(item: OrderItem) -> bool:
    """Not begun, or given up with its job; no worker is at it, and none will be."""
    return item.is_wanted and (item.status is ItemStatus.DUE or item.attention is not None)


def is_over(item: OrderItem) -> bool:
    """Called off or paid back."""
    return item.status in (ItemStatus.CANCELLED, ItemStatus.REFUNDED)


def undelivered(order: Order) -> list[OrderItem]:
    """Failed items whose price is still owed."""
    return [i for i in order.items if i.status is ItemStatus.FAILED and not is_repaid(i, order.payments)]


def paid_back_by(order: Order, payment: Payment, amount: Money, *, is_all: bool) -> list[OrderItem]:
    """What a sum pays back that was sent without a word of what for; `is_all` is one that leaves nothing.

    Then it is all that is not delivered, but for deliveries that run; else failed items whose price it is exactly.
    """
    if payment is not order.paying:
        return []
    failed = undelivered(order)
    if is_all:
        return failed + [item for item in order.items if can_be_called_off(item)]
    for some in (failed, *([item] for item in failed)):
        if some and amount == total((item.price for item in some), order.currency):
            return some
    return []


def call_off(order: Order, items: Iterable[OrderItem]) -> None:
    """Whoever was to deliver them lets them be."""
    for item in items:
        item.attention = None
        if item.is_wanted:
            order.cancel_item(item.id, "called off, its price goes back")
    order.derive_status()


def covered_by(order: Order, item_ids: Sequence[str]) -> list[OrderItem]:
    """The items of these ids."""
    return [item for item in order.items if item.id in item_ids]


def close_books(order: Order, payment: Payment) -> None:
    """Once nothing is left, no failed item can be paid back any more: it was, with the rest.

    While a dispute stands nobody knows what will be left.
    """
    if payment is order.paying and payment.contested is None and not payment.left.minor:
        for item in undelivered(order):
            count_as_repaid(order, payment, item)


def count_as_repaid(order: Order, payment: Payment, item: OrderItem) -> None:
    """Nothing is left of what was paid, so its price went back with the rest, or is on its way."""
    live = [refund for refund in payment.refunds if refund.is_live]
    undecided = [refund for refund in live if refund.is_pending]
    lost = [dispute for dispute in payment.disputes if dispute.is_lost]
    for one in (undecided or live or lost)[-1:]:
        one.cover(item.id)
    item.attention = None
    if undecided:
        order.derive_status()
    else:
        order.repay_item(item.id, f"{item.why}; all that was paid went back")
