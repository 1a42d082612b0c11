"""How an order stands, read off its items and payments: the first rule that fits."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from billing.domain.order_item import ItemStatus, OrderItem
from billing.domain.payment import Payment, PaymentStatus


class OrderStatus(StrEnum):
    """Derived from the items and payments, never set by hand."""

    PENDING = "pending"
    PAID = "paid"
    PROCESSING = "processing"
    COMPLETED = "completed"
    PARTIALLY_COMPLETED = "partially_completed"
    REQUIRES_ATTENTION = "requires_attention"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"


def unsettled(items: Sequence[OrderItem], payments: Sequence[Payment]) -> Iterator[str]:
    """What a person must settle, a sentence each."""
    for item in items:
        if item.attention:
            yield f"{item.what}: {item.attention}"
        elif item.status is ItemStatus.FAILED and not is_repaid(item, payments):
            yield f"{item.what}: not delivered, {item.why}"
    for payment in payments:
        if payment.status is PaymentStatus.REQUIRES_ATTENTION:
            yield f"payment {payment.attempt}: {payment.why}"
        elif payment.attention:
            yield f"payment {payment.attempt}: {payment.attention}"
        elif payment.surplus and payment.left.minor:
            yield f"payment {payment.attempt}: {payment.left} are surplus and owed back"
        for refund in payment.refunds:
            if refund.attention:
                yield f"refund of {refund.amount}: {refund.attention}"
        for dispute in payment.disputes:
            if dispute.is_open:
                yield f"payment {payment.attempt}: {dispute.told}"


def is_repaid(item: OrderItem, payments: Sequence[Payment]) -> bool:
    """Whether its price is back or on its way: refunded, or lost to the customer's bank."""
    return any(
        any(refund.is_live and item.id in refund.item_ids for refund in payment.refunds)
        or any(dispute.is_lost and item.id in dispute.item_ids for dispute in payment.disputes)
        for payment in payments
    )


def delivery_status(items: Sequence[OrderItem]) -> OrderStatus:
    """How far a paid order is in which nothing waits for a person."""
    statuses = {item.status for item in items}
    if statuses & {ItemStatus.IN_PROGRESS, ItemStatus.FAILED} or {ItemStatus.DUE, ItemStatus.FULFILLED} <= statuses:
        return OrderStatus.PROCESSING  # a failed item is one whose refund is under way
    if ItemStatus.DUE in statuses:
        return OrderStatus.PAID
    if statuses == {ItemStatus.FULFILLED}:
        return OrderStatus.COMPLETED
    if ItemStatus.FULFILLED in statuses:
        return OrderStatus.PARTIALLY_COMPLETED
    if ItemStatus.CANCELLED in statuses:
        return OrderStatus.PROCESSING  # called off, and the money is not back yet
    return OrderStatus.REFUNDED
