"""Which money of an order goes back, and what that means for its items: every refund begins and ends here."""

from collections.abc import Sequence
from datetime import datetime

from billing.domain.contact import line_problem
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
    waits for a person.
    """
    payment = order.paying
    if payment is None or is_repaid(item, order.payments):
        return None
    if not item.price.minor:
        order.repay_item(item.id, "it cost nothing")
        return None
    if not payment.left.minor:
        _count_as_repaid(order, payment, item)
        return None
    try:
        refund = payment.open_refund(
            refund_id, item.price, RefundCause.UNDELIVERED, at, reason=item.why or "", item_ids=(item.id,)
        )
    except RefundTooLarge as short:
        order.park_item(item.id, f"its price can't be paid back: {short}")
        return None
    _close_books(order, payment)
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
    for earlier in payment.refunds:
        if not earlier.is_live:
            earlier.unpark()  # whoever asks anew has seen that it failed
    _call_off(order, items)
    _close_books(order, payment)
    return refund


def given_up(
    order: Order, payment: Payment, amount: Money | None = None, item_ids: Sequence[str] = ()
) -> list[OrderItem]:
    """The items that such a request would call off although their delivery had begun: it may have taken effect."""
    covers_all = not item_ids and (amount is None or amount == payment.left)
    return [
        item
        for item in _unpaid_back(order, payment)
        if (covers_all or item.id in item_ids) and item.status is ItemStatus.IN_PROGRESS and _can_be_called_off(item)
    ]


def adopt_refund(
    order: Order, payment: Payment, refund_id: str, amount: Money, at: datetime, meant: Refund | None = None
) -> Refund:
    """A refund that the provider has made and we have not: in its dashboard, or after we had given up `meant`.

    Items that were not delivered are called off by it where it gives back all that was left; failed ones are paid
    back by it also where it is exactly their price. It never undoes a delivery.
    """
    covered = _paid_back_by(order, payment, amount, meant)
    refund = payment.add_refund(
        refund_id,
        amount,
        RefundCause.PROVIDER,
        at,
        reason=f"refund {meant.id} after all" if meant else "made at the provider",
        item_ids=[item.id for item in covered],
    )
    _call_off(order, covered)
    _close_books(order, payment)
    return refund


def adopt_failed_refund(payment: Payment, refund_id: str, amount: Money, at: datetime) -> Refund:
    """One that we hear of when it has failed already: it calls nothing off."""
    return payment.add_refund(refund_id, amount, RefundCause.PROVIDER, at, reason="made at the provider")


def refund_succeeded(order: Order, refund: Refund, why: str) -> bool:
    """The money is on its way: what was not delivered is paid back; False for a repeat."""
    news = refund.succeed(why)
    for item in _covered(order, refund) if news else ():
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
    for item in _covered(order, refund) if news else ():
        if not item.price.minor and item.status is ItemStatus.CANCELLED:
            order.repay_item(item.id, "it cost nothing")
        elif item.price.minor and item.status in (ItemStatus.CANCELLED, ItemStatus.REFUNDED):
            order.fail_item(item.id, f"its refund failed: {why}")
    _close_books(order, payment)
    order.derive_status()
    return news


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
    return [i for i in order.items if not _is_over(i) and not is_repaid(i, order.payments)]


def _paid_back_by(order: Order, payment: Payment, amount: Money, meant: Refund | None) -> list[OrderItem]:
    if payment is not order.paying:
        return []
    failed = [i for i in order.items if i.status is ItemStatus.FAILED and not is_repaid(i, order.payments)]
    if meant is not None:
        return [item for item in failed if item.id in meant.item_ids]
    if amount >= payment.left:
        return failed + [item for item in order.items if _can_be_called_off(item)]
    for some in (failed, *([item] for item in failed)):
        if some and amount == total((item.price for item in some), order.currency):
            return some
    return []


def _require_repayable(order: Order, item: OrderItem) -> None:
    if _is_over(item) or is_repaid(item, order.payments):
        raise Conflict(f"item {item.id}", "its price is paid back already, or on its way")
    if item.is_wanted and not _can_be_called_off(item):
        raise Conflict(f"item {item.id}", "its delivery is under way: it can be refunded when that has ended")


def _call_off(order: Order, items: Sequence[OrderItem]) -> None:
    for item in items:
        item.attention = None
        if item.is_wanted:
            order.cancel_item(item.id, "called off, its price goes back")
    order.derive_status()


def _can_be_called_off(item: OrderItem) -> bool:
    """Not begun, or given up with its job; no worker is at it, and none will be."""
    return item.is_wanted and (item.status is ItemStatus.DUE or item.attention is not None)


def _close_books(order: Order, payment: Payment) -> None:
    """Once nothing is left, no failed item can be paid back any more: it was, with the rest."""
    for item in order.items if payment is order.paying and not payment.left.minor else ():
        if item.status is ItemStatus.FAILED and not is_repaid(item, order.payments):
            _count_as_repaid(order, payment, item)


def _count_as_repaid(order: Order, payment: Payment, item: OrderItem) -> None:
    """Nothing is left of what was paid, so its price went back with the rest, or is on its way."""
    live = [refund for refund in payment.refunds if refund.is_live]
    undecided = [refund for refund in live if refund.is_pending]
    for refund in (undecided or live)[-1:]:
        refund.cover(item.id)
    item.attention = None
    if undecided:
        order.derive_status()
    else:
        order.repay_item(item.id, f"{item.why}; all that was paid went back")


def _is_over(item: OrderItem) -> bool:
    return item.status in (ItemStatus.CANCELLED, ItemStatus.REFUNDED)


def _covered(order: Order, refund: Refund) -> list[OrderItem]:
    return [item for item in order.items if item.id in refund.item_ids]
