"""What disputes and refunds together make of an order: no money is made or lost, nothing is paid back twice by us."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain import BillingError, Conflict, DisputeStands, DisputeStatus, ItemStatus, Money, Order, Payment
from billing.domain.disputing import take_dispute
from billing.domain.order_status import is_repaid
from billing.domain.repayment import (
    adopt_refund,
    owe_item,
    owe_surplus,
    refund_failed,
    refund_succeeded,
    request_refund,
)
from tests.builders import NOW, a_domain, a_hosting, a_paid_order, an_attempt, an_order

UNKNOWN, INQUIRY, CLOSED, NEEDS_RESPONSE, UNDER_REVIEW, LOST, WON = DisputeStatus


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def told(status: DisputeStatus, minor: int = 1999, ref: str = "dp_1", *, back: int = 0) -> DisputeStands:
    """How a dispute about so much stands; its money was withdrawn unless the bank only asks."""
    out = 0 if status in (INQUIRY, CLOSED) else minor
    return DisputeStands(
        dispute_ref=ref,
        amount=usd(minor),
        status=status,
        reason="fraudulent",
        withdrawn=usd(out),
        reinstated=usd(out if status is WON else back),
        why=f"{status} at the bank",
    )


def take(order: Order, fact: DisputeStands, payment: Payment | None = None) -> bool:
    return take_dispute(order, payment or order.payments[0], f"dsp_{fact.dispute_ref}", fact, NOW)[1]


def statuses(order: Order) -> list[str]:
    return [order.status.value, *(item.status.value for item in order.items)]


def test_what_is_lost_calls_off_what_was_not_begun_and_leaves_a_running_delivery_alone() -> None:
    order = a_paid_order(a_domain(), a_hosting())
    order.begin_item(order.items[0].id)
    assert [take(order, told(NEEDS_RESPONSE)), take(order, told(LOST)), take(order, told(LOST))] == [True, True, False]
    assert statuses(order) == ["processing", "in_progress", "refunded"]
    assert order.payments[0].disputes[0].item_ids == [order.items[1].id]
    order.fail_item(order.items[0].id, "taken")
    assert owe_item(order, order.items[0], "ref_1", NOW) is None
    assert statuses(order) == ["refunded", "refunded", "refunded"]
    assert order.payments[0].refunds == []


def test_what_was_delivered_stays_delivered_when_its_money_is_lost() -> None:
    order = a_paid_order(a_domain())
    order.begin_item(order.items[0].id)
    order.fulfil_item(order.items[0].id, "registered")
    take(order, told(NEEDS_RESPONSE, 1500))
    assert statuses(order) == ["requires_attention", "fulfilled"]
    take(order, told(LOST, 1500))
    assert (statuses(order), order.payments[0].left) == (["completed", "fulfilled"], usd(0))


def test_a_part_that_is_lost_calls_nothing_off_but_pays_back_a_failed_item_of_exactly_its_price() -> None:
    for lost, status in ((1500, "refunded"), (1400, "failed")):
        order = a_paid_order(a_domain(), a_hosting())
        order.fail_item(order.items[0].id, "taken")
        take(order, told(LOST, lost))
        assert statuses(order)[1:] == [status, "due"]


def test_what_fails_while_it_is_disputed_waits_for_the_bank() -> None:
    order = a_paid_order(a_domain(), a_hosting())
    take(order, told(NEEDS_RESPONSE))
    order.fail_item(order.items[0].id, "taken")
    assert owe_item(order, order.items[0], "ref_1", NOW) is None
    assert (order.payments[0].refunds, order.items[0].attention) == ([], None)
    take(order, told(WON))
    refund = owe_item(order, order.items[0], "ref_2", NOW)
    assert refund and refund.amount == usd(1500)


def test_a_refund_that_was_refused_over_a_dispute_is_owed_anew_and_seen_to() -> None:
    order = a_paid_order(a_domain(), a_hosting())
    order.fail_item(order.items[0].id, "taken")
    first = owe_item(order, order.items[0], "ref_1", NOW)
    assert first
    take(order, told(NEEDS_RESPONSE))
    refund_failed(order, first, "charge_disputed")
    assert statuses(order)[:2] == ["requires_attention", "failed"]
    take(order, told(WON))
    second = owe_item(order, order.items[0], "ref_2", NOW)
    assert second
    refund_succeeded(order, second, "paid back")
    assert (statuses(order), order.unsettled()) == (["paid", "refunded", "due"], [])


def test_a_pending_refund_and_a_lost_dispute_of_the_same_money_pay_an_item_back_once() -> None:
    order = a_paid_order(a_domain())
    refund = request_refund(order, order.payments[0], "ref_1", NOW, reason="asked")
    take(order, told(LOST, 1500))
    assert (statuses(order)[1], order.payments[0].left) == ("cancelled", usd(0))
    refund_failed(order, refund, "charge_disputed")
    assert statuses(order)[1] == "refunded"
    assert order.payments[0].disputes[0].item_ids == [order.items[0].id]


def test_surplus_that_is_disputed_goes_back_once_it_is_won() -> None:
    order = an_order(a_hosting())
    payment = an_attempt(order)
    order.cancel()
    order.record_success(payment, order.total, NOW)
    take(order, told(NEEDS_RESPONSE, 499))
    assert owe_surplus(order, payment, "ref_1", NOW) is None
    take(order, told(WON, 499))
    refund = owe_surplus(order, payment, "ref_2", NOW)
    assert refund and refund.amount == usd(499)


def test_two_disputes_of_one_payment_are_judged_when_neither_stands() -> None:
    order = a_paid_order(a_domain(), a_hosting())
    take(order, told(NEEDS_RESPONSE, 1500, "dp_1"))
    take(order, told(NEEDS_RESPONSE, 499, "dp_2"))
    take(order, told(LOST, 1500, "dp_1"))
    assert statuses(order) == ["requires_attention", "due", "due"]
    take(order, told(LOST, 499, "dp_2"))
    assert statuses(order) == ["refunded", "refunded", "refunded"]


def test_another_sum_that_is_disputed_is_not_accepted() -> None:
    order = an_order(a_domain())
    payment = an_attempt(order)
    order.record_success(payment, usd(1400), NOW)
    take(order, told(NEEDS_RESPONSE, 1400))
    with pytest.raises(Conflict, match="disputed"):
        order.accept(payment, NOW)
    take(order, told(LOST, 1400))
    with pytest.raises(Conflict, match=r"14\.00 USD of it went back"):
        order.accept(payment, NOW)
    order.reject(payment)
    assert (owe_surplus(order, payment, "ref_1", NOW), order.unsettled()) == (None, [])


def test_a_desk_refund_while_it_is_disputed_calls_nothing_off() -> None:
    order = a_paid_order(a_domain(), a_hosting())
    take(order, told(NEEDS_RESPONSE))
    adopt_refund(order, order.payments[0], "ref_1", usd(100), NOW)
    assert statuses(order)[1:] == ["due", "due"]


# ---------------------------------------------------------------------- any story

ITEM, SUM = st.integers(0, 1), st.integers(1, 2200)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["begin", "fulfil", "fail", "park", "ask for item"]), ITEM),
        st.tuples(st.sampled_from(["succeed", "return"]), st.integers(0, 9)),
        st.tuples(st.sampled_from(["ask for sum", "made elsewhere"]), SUM),
        *(st.tuples(st.just(status.value), SUM) for status in DisputeStatus),
    ),
    max_size=30,
)


def tell(order: Order, what: str, which: int) -> None:
    """One thing that happens; what the domain refuses does not."""
    payment, item, new = order.payments[0], order.items[which % 2], f"ref_{len(order.payments[0].refunds)}"
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
        case "ask for item":
            request_refund(order, payment, new, NOW, item_ids=[item.id], reason="asked")
        case "ask for sum":
            request_refund(order, payment, new, NOW, amount=usd(which), reason="asked")
        case "made elsewhere":
            adopt_refund(order, payment, new, usd(which), NOW)
        case "succeed" | "return" if payment.refunds:
            refund = payment.refunds[which % len(payment.refunds)]
            (refund_succeeded if what == "succeed" else refund_failed)(order, refund, what)
        case word if word in list(DisputeStatus):
            ref = f"dp_{which % 2}"
            known = {one.dispute_ref: one.amount.minor for one in payment.disputes}
            take(order, told(DisputeStatus(word), known.get(ref, which), ref))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(STEPS)
def test_any_sequence_of_refunds_and_disputes_keeps_the_books(steps: list[tuple[str, int]]) -> None:
    order = a_paid_order(a_domain(), a_hosting())
    payment = order.payments[0]
    for step in steps:
        with suppress(BillingError):
            tell(order, *step)
        short = payment.returned + payment.gone
        assert short > order.total or short + payment.left == order.total
        for item in order.items:
            assert item.status is not ItemStatus.REFUNDED or is_repaid(item, order.payments)
            assert item.status is not ItemStatus.CANCELLED or is_repaid(item, order.payments)
            by_both = [one for one in (*payment.refunds, *payment.disputes) if item.id in one.item_ids and _counts(one)]
            assert len(by_both) <= 1
        open_ones = [one for one in payment.disputes if one.is_open]
        assert not open_ones or order.unsettled()


def _counts(one: object) -> bool:
    return bool(getattr(one, "is_live", False) or getattr(one, "is_lost", False))


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.permutations([INQUIRY, NEEDS_RESPONSE, UNDER_REVIEW, LOST, LOST]), st.integers(1, 1999))
def test_an_order_ends_the_same_in_whatever_order_its_dispute_is_told(facts: list[DisputeStatus], minor: int) -> None:
    ends = set()
    for sequence in (facts, facts[::-1]):
        order = a_paid_order(a_domain(), a_hosting())
        order.fail_item(order.items[0].id, "taken")
        for status in sequence:
            take(order, replace(told(status, minor), why="told"))
        ends.add((*statuses(order), order.why, order.payments[0].left))
    assert len(ends) == 1
