"""Which money of an order goes back, and what that means for its items: every refund begins and ends here."""

from collections.abc import Sequence
from datetime import datetime

from billing.domain.contact import line_problem
from billing.domain.covering import (
    call_off,
    can_be_called_off,
    close_books,
    count_as_repaid,
    covered_by,
    is_over,
    paid_back_by,
    undelivered,
)
from billing.domain.errors import Conflict, Invalid, RefundTooLarge
from billing.domain.money import Money, total
from billing.domain.order import Order
from billing.domain.order_item import ItemStatus, OrderItem
from billing.domain.order_status import is_repaid
from billing.domain.payment import Payment
from billing.domain.refund import Refund, RefundCause

_REASON_CHARS_MAX = 500


def owe_item(order: Order, item: OrderItem, refund_id: str, at: datetime) -> Refund | None:
    """A refund of exactly the price of an item that failed; None where it is paid back already.

    Where nothing is left, it went back with what was paid back before. Where less than its price is left, the item
    waits for a person; while the payment is disputed, for the bank.
    """
    payment = order.paying
    if payment is None or is_repaid(item, order.payments):
        return None
    if not item.price.minor:
        order.repay_item(item.id, "it cost nothing")
        return None
    if payment.contested is not None:
        return None
    if not payment.left.minor:
        count_as_repaid(order, payment, item)
        return None
    try:
        refund = payment.open_refund(
            refund_id, item.price, RefundCause.UNDELIVERED, at, reason=item.why or "", item_ids=(item.id,)
        )
    except RefundTooLarge as short:
        order.park_item(item.id, f"its price can't be paid back: {short}")
        return None
    _see_to([earlier for earlier in payment.refunds if item.id in earlier.item_ids])
    close_books(order, payment)
    order.derive_status()
    return refund


def owe_surplus(order: Order, payment: Payment, refund_id: str, at: datetime) -> Refund | None:
    """A refund of all that is left of a payment that no item needs; None where nothing is, or while it is disputed."""
    if not payment.left.minor or payment.contested is not None:
        return None
    refund = payment.open_refund(refund_id, payment.left, RefundCause.SURPLUS, at, reason="nothing needs it")
    _see_to([earlier for earlier in payment.refunds if earlier.cause is RefundCause.SURPLUS])
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
    reason: str,
) -> Refund:
    """What somebody asks to be paid back: a sum, or the price of some items, or all that is left.

    Undelivered items that it pays back are called off; a sum that leaves nothing pays back all of them. Conflict for
    unpaid and parked payments, for items under delivery and for those that are paid back already; RefundTooLarge
    beyond what is left; Invalid for a reason that is not one line of text.
    """
    if problem := line_problem(reason, _REASON_CHARS_MAX):
        raise Invalid("reason", problem)
    payment.require_refundable()
    if amount is not None and item_ids:
        raise Invalid("item_ids", "either a sum or items, not both")
    items: list[OrderItem] = []
    if item_ids:
        items = _named(order, payment, item_ids)
        amount = total((item.price for item in items), order.currency)
    elif amount is None or amount == payment.left:
        items, amount = _unpaid_back(order, payment), payment.left
        if not amount.minor:
            raise Conflict(f"payment {payment.id}", "all of it went back, or is on its way")
    for item in items:
        _require_repayable(order, item)
    refund = payment.open_refund(
        refund_id, amount, RefundCause.REQUESTED, at, reason=reason, item_ids=[item.id for item in items]
    )
    _see_to(payment.refunds)
    call_off(order, items)
    close_books(order, payment)
    return refund


def given_up(
    order: Order, payment: Payment, amount: Money | None = None, item_ids: Sequence[str] = ()
) -> list[OrderItem]:
    """The items that such a request would call off although their delivery had begun: it may have taken effect."""
    covers_all = not item_ids and (amount is None or amount == payment.left)
    return [
        item
        for item in _unpaid_back(order, payment)
        if (covers_all or item.id in item_ids) and item.status is ItemStatus.IN_PROGRESS and can_be_called_off(item)
    ]


def adopt_refund(
    order: Order, payment: Payment, refund_id: str, amount: Money, at: datetime, meant: Refund | None = None
) -> Refund:
    """A refund that the provider has made and we have not: in its dashboard, or after we had given up `meant`.

    Items that were not delivered are called off by it where it gives back all that was left; failed ones are paid
    back by it also where it is exactly their price. It never undoes a delivery.
    """
    if meant is None:
        is_all = payment.contested is None and amount >= payment.left
        covered = paid_back_by(order, payment, amount, is_all=is_all)
    else:
        covered = [item for item in undelivered(order) if payment is order.paying and item.id in meant.item_ids]
    refund = payment.add_refund(
        refund_id,
        amount,
        RefundCause.PROVIDER,
        at,
        reason=f"refund {meant.id} after all" if meant else "made at the provider",
        item_ids=[item.id for item in covered],
    )
    call_off(order, covered)
    close_books(order, payment)
    return refund


def adopt_failed_refund(payment: Payment, refund_id: str, amount: Money, at: datetime) -> Refund:
    """One that we hear of when it has failed already: it calls nothing off."""
    return payment.add_refund(refund_id, amount, RefundCause.PROVIDER, at, reason="made at the provider")


def refund_succeeded(order: Order, refund: Refund, why: str) -> bool:
    """The money is on its way: what was not delivered is paid back; False for a repeat."""
    news = refund.succeed(why)
    for item in covered_by(order, refund.item_ids) if news else ():
        if item.status in (ItemStatus.FAILED, ItemStatus.CANCELLED):
            order.repay_item(item.id, f"{item.why}; paid back")
    order.derive_status()
    return news


def refund_failed(order: Order, refund: Refund, why: str) -> bool:
    """No money went back: its sum is free again and its items wait for a person; False for a repeat.

    Where nothing is left all the same, the provider has paid everything back by other refunds, and these items too.
    """
    news = refund.fail(why)
    payment = order.payment(refund.payment_id)
    for item in covered_by(order, refund.item_ids) if news else ():
        if not item.price.minor and item.status is ItemStatus.CANCELLED:
            order.repay_item(item.id, "it cost nothing")
        elif item.price.minor and item.status in (ItemStatus.CANCELLED, ItemStatus.REFUNDED):
            order.fail_item(item.id, f"its refund failed: {why}")
    close_books(order, payment)
    order.derive_status()
    return news


def _see_to(refunds: Sequence[Refund]) -> None:
    """What these owed and failed to pay back is asked for anew."""
    for earlier in refunds:
        if not earlier.is_live:
            earlier.unpark()


def _named(order: Order, payment: Payment, item_ids: Sequence[str]) -> list[OrderItem]:
    if payment is not order.paying:
        raise Conflict(f"payment {payment.id}", "no item was paid by it")
    known = {item.id: item for item in order.items}
    if unknown := [item_id for item_id in item_ids if item_id not in known]:
        raise Invalid("item_ids", f"{unknown[0]} is no item of its order")
    items = [known[item_id] for item_id in dict.fromkeys(item_ids)]
    if not any(item.price.minor for item in items):
        raise Conflict(f"item {items[0].id}", "it cost nothing; there is nothing to pay back")
    return items


def _unpaid_back(order: Order, payment: Payment) -> list[OrderItem]:
    """All that it paid for and that is not paid back yet."""
    if payment is not order.paying:
        return []
    return [i for i in order.items if not is_over(i) and not is_repaid(i, order.payments)]


def _require_repayable(order: Order, item: OrderItem) -> None:
    if is_over(item) or is_repaid(item, order.payments):
        raise Conflict(f"item {item.id}", "its price is paid back already, or on its way")
    if item.is_wanted and not can_be_called_off(item):
        raise Conflict(f"item {item.id}", "its delivery is under way: it can be refunded when that has ended")
