"""How an order stands while money goes back."""

import pytest

from billing.domain import ItemStatus, Money, Order, OrderStatus, RefundCause
from billing.domain.order_status import delivery_status
from tests.builders import NOW, a_domain, a_hosting, a_paid_order

UNPAID, DUE, IN_PROGRESS, FULFILLED, FAILED, REFUNDED, CANCELLED = ItemStatus


@pytest.mark.parametrize(
    ("items", "status"),
    [
        ([DUE, DUE], OrderStatus.PAID),
        ([DUE, REFUNDED], OrderStatus.PAID),
        ([DUE, FULFILLED], OrderStatus.PROCESSING),
        ([IN_PROGRESS, FULFILLED], OrderStatus.PROCESSING),
        ([FAILED, FULFILLED], OrderStatus.PROCESSING),
        ([CANCELLED], OrderStatus.PROCESSING),
        ([CANCELLED, REFUNDED], OrderStatus.PROCESSING),
        ([FULFILLED, FULFILLED], OrderStatus.COMPLETED),
        ([FULFILLED, REFUNDED], OrderStatus.PARTIALLY_COMPLETED),
        ([FULFILLED, CANCELLED], OrderStatus.PARTIALLY_COMPLETED),
        ([REFUNDED, REFUNDED], OrderStatus.REFUNDED),
    ],
)
def test_a_paid_order_stands_as_its_items_do(items: list[ItemStatus], status: OrderStatus) -> None:
    order = a_paid_order(*[a_hosting()] * len(items))
    for item, stands in zip(order.items, items, strict=True):
        item.status = stands
    assert delivery_status(order.items) is status


def failed() -> Order:
    order = a_paid_order(a_domain(), a_hosting())
    order.fail_item(order.items[0].id, "taken")
    return order


def test_a_failed_item_needs_a_person_until_its_refund_is_under_way() -> None:
    order = failed()
    assert (order.status, order.why) == (
        OrderStatus.REQUIRES_ATTENTION,
        "example.rw, registration, 1 y: not delivered, taken",
    )
    item = order.items[0]
    refund = order.payments[0].open_refund("ref_1", item.price, RefundCause.UNDELIVERED, NOW, item_ids=[item.id])
    order.derive_status()
    assert (order.status, order.why) == (OrderStatus.PROCESSING, None)
    refund.fail("returned")
    order.derive_status()
    assert order.status is OrderStatus.REQUIRES_ATTENTION
    assert "refund of 15.00 USD: returned" in (order.why or "")


def test_a_refund_of_something_else_does_not_settle_a_failed_item() -> None:
    order = failed()
    order.payments[0].open_refund("ref_1", Money(1500, "USD"), RefundCause.REQUESTED, NOW)
    order.derive_status()
    assert order.status is OrderStatus.REQUIRES_ATTENTION


def test_surplus_is_owed_until_all_of_it_goes_back() -> None:
    order = a_paid_order(a_hosting())
    second = order.payments[0]
    second.surplus = True
    for minor, owed in ((100, "3.99 USD are surplus"), (399, None)):
        second.open_refund(f"ref_{minor}", Money(minor, "USD"), RefundCause.SURPLUS, NOW)
        order.derive_status()
        assert (owed in order.why) if owed and order.why else order.why is owed
