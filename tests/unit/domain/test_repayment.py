"""Whatever happens in whatever order: no money is made or lost, and nothing is both delivered and paid back."""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.domain import BillingError, Conflict, ItemStatus, Money, Order, Payment, Refund, RefundCause, RefundStatus
from billing.domain.order_status import is_repaid
from billing.domain.repayment import (
    adopt_failed_refund,
    adopt_refund,
    owe_item,
    owe_surplus,
    refund_failed,
    refund_succeeded,
    request_refund,
)
from tests.builders import NOW, a_domain, a_hosting, a_paid_order

PRICES = (1500, 499, 0)
ITEM = st.integers(0, len(PRICES) - 1)
REFUND = st.integers(0, 9)
SUM = st.integers(1, 2200)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["begin", "fulfil", "fail", "park", "ask for item"]), ITEM),
        st.tuples(st.sampled_from(["succeed", "return"]), REFUND),
        st.tuples(st.sampled_from(["ask for sum", "made elsewhere", "failed elsewhere"]), SUM),
        st.tuples(st.just("ask for all"), st.just(0)),
    ),
    max_size=30,
)


class Story:
    """A paid order of three items, one of them free, and what happens to it."""

    def __init__(self) -> None:
        self.order: Order = a_paid_order(a_domain(), a_hosting(), a_hosting())
        self.payment: Payment = self.order.payments[0]
        for item, price in zip(self.order.items, PRICES, strict=True):
            item.price = Money(price, "USD")
        self.payment.received = self.payment.amount = self.order.total
        self.made_here = set[str]()

    def tell(self, what: str, which: int) -> None:
        """One thing that happens; what the domain refuses does not."""
        order, payment = self.order, self.payment
        item = order.items[which % len(PRICES)]
        new = f"ref_{len(payment.refunds)}"
        match what:
            case "begin":
                order.begin_item(item.id)
            case "fulfil":
                order.fulfil_item(item.id, "delivered")
            case "park" if item.is_wanted:
                order.park_item(item.id, "a puzzle")
            case "fail" if item.is_wanted:
                order.fail_item(item.id, "taken")
                owe_item(order, item, new, NOW)
                owe_item(order, item, f"{new}_again", NOW)
            case "ask for item":
                request_refund(order, payment, new, NOW, item_ids=[item.id], reason="asked")
            case "ask for sum":
                request_refund(order, payment, new, NOW, amount=Money(which, "USD"), reason="asked")
            case "ask for all":
                request_refund(order, payment, new, NOW, reason="asked")
            case "made elsewhere":
                adopt_refund(order, payment, new, Money(which, "USD"), NOW)
            case "failed elsewhere":
                refund_failed(order, adopt_failed_refund(payment, new, Money(which, "USD"), NOW), "returned")
            case "succeed" | "return" if payment.refunds:
                refund = payment.refunds[which % len(payment.refunds)]
                (refund_succeeded if what == "succeed" else refund_failed)(order, refund, what)

    def require_sound(self) -> None:
        """What holds after every step."""
        payment, received = self.payment, self.order.total
        live = [refund for refund in payment.refunds if refund.is_live]
        assert payment.returned == sum((refund.amount for refund in live), Money(0, "USD"))
        ours = [refund for refund in live if refund.cause is not RefundCause.PROVIDER]
        overpaid = payment.returned > received
        assert overpaid or payment.returned + payment.left == received
        assert not overpaid or (payment.left == Money(0, "USD") and len(ours) < len(live))
        for item in self.order.items:
            covering = [refund for refund in live if item.id in refund.item_ids]
            assert len(covering) <= 1
            match item.status:
                case ItemStatus.REFUNDED if item.price.minor:
                    assert [refund.status for refund in covering] == [RefundStatus.SUCCEEDED]
                case ItemStatus.CANCELLED:
                    assert [refund.status for refund in covering] == [RefundStatus.PENDING]
                case ItemStatus.DUE | ItemStatus.IN_PROGRESS:
                    assert covering == []
        undelivered = [i for i in self.order.items if i.status is ItemStatus.FAILED]
        assert self.order.unsettled() or all(is_repaid(i, self.order.payments) for i in undelivered)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(STEPS)
def test_any_sequence_of_refunds_keeps_the_sums_and_pays_back_nothing_twice(steps: list[tuple[str, int]]) -> None:
    story = Story()
    for step in steps:
        with suppress(BillingError):
            story.tell(*step)
        story.require_sound()


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(STEPS)
@example([("ask for all", 0), ("return", 0), ("ask for item", 1), ("ask for item", 0)])
@example([("ask for sum", 1500), ("fail", 0), ("fail", 1)])
@example([("ask for sum", 1500), ("fail", 0), ("ask for item", 1), ("ask for all", 0)])
def test_from_anywhere_a_person_gets_an_order_settled(steps: list[tuple[str, int]]) -> None:
    """No refund, failed item or given up delivery is a dead end."""
    story = Story()
    order, payment = story.order, story.payment
    for step in steps:
        with suppress(BillingError):
            story.tell(*step)
    for item in order.items:
        if item.is_wanted:
            order.park_item(item.id, "given up")
    for refund in payment.refunds:
        refund_succeeded(order, refund, "told")
    with suppress(Conflict):
        refund_succeeded(order, request_refund(order, payment, "ref_last", NOW, reason="asked"), "told")
    for item in order.items:
        if item.is_wanted:  # nothing of the money was left to call it off by: it is delivered all the same
            order.begin_item(item.id)
            order.fulfil_item(item.id, "delivered")
    for refund in payment.refunds:
        refund.unpark()
    order.derive_status()
    assert order.unsettled() == []


# ---------------------------------------------------------------------- what an item is owed


def failing(*, spent: int = 0) -> tuple[Order, Payment]:
    """A failed domain beside hosting, of whose money something was given back before."""
    order = a_paid_order(a_domain(), a_hosting())
    if spent:
        order.payments[0].open_refund("ref_0", Money(spent, "USD"), RefundCause.REQUESTED, NOW)
    order.fail_item(order.items[0].id, "taken")
    return order, order.payments[0]


def test_a_failed_item_is_owed_exactly_its_price_once() -> None:
    order, payment = failing()
    refund = owe_item(order, order.items[0], "ref_1", NOW)
    assert refund and (refund.amount, refund.item_ids) == (Money(1500, "USD"), [order.items[0].id])
    assert owe_item(order, order.items[0], "ref_2", NOW) is None
    assert payment.refunds == [refund]


def test_where_less_than_its_price_is_left_it_waits_for_a_person() -> None:
    order, _ = failing(spent=500)
    assert owe_item(order, order.items[0], "ref_1", NOW) is None
    assert order.items[0].attention == (
        "its price can't be paid back: 15.00 USD is more than the 14.99 USD that can still be refunded"
    )


@pytest.mark.parametrize("decided", [False, True])
def test_where_nothing_is_left_it_went_back_with_the_rest(decided: bool) -> None:
    order, payment = failing(spent=1999)
    if decided:
        refund_succeeded(order, payment.refunds[0], "told")
    assert owe_item(order, order.items[0], "ref_1", NOW) is None
    assert order.items[0].status is (ItemStatus.REFUNDED if decided else ItemStatus.FAILED)
    refund_succeeded(order, payment.refunds[0], "told")
    assert (order.items[0].status, order.unsettled()) == (ItemStatus.REFUNDED, [])
    refund_failed(order, payment.refunds[0], "returned by the bank")
    assert order.items[0].status is ItemStatus.FAILED


def test_a_failed_refund_of_a_person_is_not_seen_by_the_next_automatic_one() -> None:
    order, payment = failing()
    courtesy = payment.open_refund("ref_1", Money(300, "USD"), RefundCause.REQUESTED, NOW)
    refund_failed(order, courtesy, "account closed")
    owe_item(order, order.items[0], "ref_2", NOW)
    assert order.unsettled() == ["refund of 3.00 USD: account closed"]
    request_refund(order, payment, "ref_3", NOW, amount=Money(300, "USD"), reason="asked")
    assert order.unsettled() == []


def test_surplus_is_owed_whole_and_once() -> None:
    order = a_paid_order(a_hosting())
    payment = order.payments[0]
    payment.surplus = True
    made = [owe_surplus(order, payment, f"ref_{n}", NOW) for n in range(2)]
    assert [refund and refund.amount for refund in made] == [Money(499, "USD"), None]


# ---------------------------------------------------------------------- made at the provider


def test_a_refund_of_ours_that_was_given_up_pays_back_its_own_item_and_no_other() -> None:
    order, payment = failing()
    given_up: Refund | None = owe_item(order, order.items[0], "ref_1", NOW)
    assert given_up
    refund_failed(order, given_up, "given up")
    payment.open_refund("ref_2", Money(499, "USD"), RefundCause.REQUESTED, NOW)
    adopted = adopt_refund(order, payment, "ref_3", given_up.amount, NOW, given_up)
    assert (adopted.item_ids, order.items[1].status) == ([order.items[0].id], ItemStatus.DUE)


def test_all_given_back_at_the_desk_leaves_a_running_delivery_alone() -> None:
    order = a_paid_order(a_domain(), a_hosting())
    order.begin_item(order.items[0].id)
    adopt_refund(order, order.payments[0], "ref_1", order.total, NOW)
    assert [item.status for item in order.items] == [ItemStatus.IN_PROGRESS, ItemStatus.CANCELLED]


def test_a_part_given_back_at_the_desk_calls_nothing_off() -> None:
    order = a_paid_order(a_domain(), a_hosting())
    adopt_refund(order, order.payments[0], "ref_1", Money(1998, "USD"), NOW)
    assert {item.status for item in order.items} == {ItemStatus.DUE}
