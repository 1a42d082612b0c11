"""An order follows its items and payments, and nothing that comes late undoes a success."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from billing.domain import (
    Conflict,
    Cycle,
    Hosting,
    IllegalMove,
    ItemStatus,
    Money,
    NotFound,
    Order,
    OrderStatus,
    Payment,
    PaymentStatus,
    Purchase,
    Settlement,
)
from tests.builders import NOW, a_domain, a_hosting, a_paid_order, a_renewal, an_attempt, an_order


def test_the_total_is_the_sum_of_the_frozen_prices() -> None:
    assert an_order(a_domain(), a_hosting()).total == Money(1999, "USD")


def test_a_first_payment_makes_every_item_due() -> None:
    order = an_order(a_domain(), a_hosting())
    settlement = order.record_success(an_attempt(order), order.total, NOW)
    assert settlement is Settlement.PAID
    assert order.status is OrderStatus.PAID
    assert {item.status for item in order.items} == {ItemStatus.DUE}


def test_the_same_success_told_twice_changes_nothing() -> None:
    order = a_paid_order()
    assert order.record_success(order.payments[0], order.total, NOW) is Settlement.REPEATED
    assert order.payments[0].surplus is False


def test_a_late_failure_does_not_undo_a_success() -> None:
    """polar PR 14274: a failure that was told late undid a success."""
    order = a_paid_order()
    assert order.payments[0].fail("declined, told late") is False
    assert order.payments[0].status is PaymentStatus.SUCCEEDED
    assert order.status is OrderStatus.PAID


def test_a_success_after_a_decline_in_the_same_checkout_counts() -> None:
    """Seen elsewhere: a decline left its order failed although the next card was good."""
    order = an_order()
    payment = an_attempt(order)
    payment.fail("card declined")
    assert order.record_success(payment, order.total, NOW) is Settlement.PAID


@pytest.mark.parametrize("received", [Money(1499, "USD"), Money(1501, "USD"), Money(1500, "EUR")])
def test_another_sum_than_asked_parks_the_payment_and_delivers_nothing(received: Money) -> None:
    """Seen elsewhere: half a unit too little passed for the full price, whatever the currency."""
    order = an_order(a_domain())
    payment = an_attempt(order)
    assert order.record_success(payment, received, NOW) is Settlement.MISMATCHED
    assert payment.status is PaymentStatus.REQUIRES_ATTENTION
    assert order.status is OrderStatus.REQUIRES_ATTENTION
    assert order.items[0].status is ItemStatus.UNPAID


def test_two_pages_of_one_order_both_paid_leave_a_surplus_for_a_person() -> None:
    order = an_order()
    first = an_attempt(order)
    first.expire("closed")
    second = an_attempt(order)
    assert order.record_success(second, order.total, NOW) is Settlement.PAID
    assert order.record_success(first, order.total, NOW) is Settlement.SURPLUS
    assert (first.status, first.surplus) == (PaymentStatus.SUCCEEDED, True)
    assert order.status is OrderStatus.REQUIRES_ATTENTION
    assert "surplus" in (order.why or "")


def test_a_payment_after_the_customers_own_cancel_is_recorded_and_owed_back() -> None:
    order = an_order()
    payment = an_attempt(order)
    order.cancel()
    assert order.record_success(payment, order.total, NOW) is Settlement.SURPLUS
    assert order.is_paid is False
    assert order.items[0].status is ItemStatus.CANCELLED


def test_a_payment_after_expiry_is_honoured() -> None:
    order = an_order()
    payment = an_attempt(order)
    order.expire(order.expires_at)
    assert order.record_success(payment, order.total, NOW) is Settlement.LATE
    order.revive_item(order.items[0].id)
    assert order.status is OrderStatus.PAID


def test_an_order_expires_only_when_its_time_is_over_and_only_once() -> None:
    order = an_order()
    assert order.expire(order.expires_at - timedelta(seconds=1)) is False
    assert order.expire(order.expires_at) is True
    assert order.expire(order.expires_at) is False
    assert order.status is OrderStatus.EXPIRED


def test_a_paid_order_neither_expires_nor_is_cancelled() -> None:
    order = a_paid_order()
    assert order.expire(order.expires_at) is False
    with pytest.raises(Conflict, match="refunded, not cancelled"):
        order.cancel()


def test_what_can_not_be_cancelled_says_what_to_do_instead() -> None:
    paid, parked, expired = a_paid_order(), an_order(), an_order()
    parked.record_success(an_attempt(parked), Money(1, "USD"), NOW)
    expired.expire(expired.expires_at)
    late = an_order()
    attempt = an_attempt(late)
    late.expire(late.expires_at)
    late.record_success(attempt, Money(1, "USD"), NOW)
    for order, instead in (
        (paid, "refund payment pay_ord_1_1"),
        (parked, "by payment pay_ord_1_1: resolve it first"),
        (late, "by payment pay_ord_1_1: resolve it first"),
        (expired, "it is expired already"),
    ):
        with pytest.raises(Conflict, match=instead):
            order.cancel()


def test_cancelling_twice_is_cancelling_once() -> None:
    order = an_order()
    order.cancel()
    order.cancel()
    assert order.status is OrderStatus.CANCELLED


def test_one_attempt_is_open_at_a_time_and_attempts_are_numbered() -> None:
    order = an_order()
    first = an_attempt(order)
    with pytest.raises(Conflict, match="another attempt"):
        an_attempt(order)
    first.fail("declined")
    assert an_attempt(order).attempt == 2


def test_an_attempt_never_outlives_its_order() -> None:
    order = an_order()
    order.expires_at = NOW + timedelta(minutes=40)
    assert an_attempt(order).expires_at == order.expires_at


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        (["fulfil", "fulfil"], OrderStatus.COMPLETED),
        (["fulfil", None], OrderStatus.PROCESSING),
        (["begin", None], OrderStatus.PROCESSING),
        ([None, None], OrderStatus.PAID),
        (["fulfil", "fail"], OrderStatus.REQUIRES_ATTENTION),
        (["fail", "fail"], OrderStatus.REQUIRES_ATTENTION),
    ],
)
def test_the_status_follows_the_items(ends: list[str | None], status: OrderStatus) -> None:
    order = a_paid_order(a_domain(), a_hosting())
    for item, end in zip(order.items, ends, strict=True):
        if end:
            order.begin_item(item.id)
        if end == "fulfil":
            order.fulfil_item(item.id, "done")
        if end == "fail":
            order.fail_item(item.id, "taken")
    assert order.status is status


def test_what_a_person_must_see_is_said_and_goes_when_it_is_settled() -> None:
    order = a_paid_order(a_domain("parked.rw"))
    item = order.begin_item(order.items[0].id)
    order.park_item(item.id, "the registry does not answer")
    assert order.status is OrderStatus.REQUIRES_ATTENTION
    assert order.why == "parked.rw, registration, 1 y: the registry does not answer"
    order.resume_item(item.id)
    assert (order.status, order.why) == (OrderStatus.PROCESSING, None)


def test_an_item_is_never_both_delivered_and_given_up() -> None:
    order = a_paid_order()
    item = order.begin_item(order.items[0].id)
    order.fulfil_item(item.id, "registered")
    with pytest.raises(IllegalMove, match="from fulfilled to failed"):
        order.fail_item(item.id, "taken")


def test_a_registration_has_a_handle_of_its_own_and_a_renewal_has_none() -> None:
    order = an_order(a_domain("one.rw"), a_domain("two.rw"), a_renewal("three.rw"))
    handles = [item.handle for item in order.items]
    assert handles[2] is None
    assert len({*handles[:2]}) == 2
    assert all(handle and len(handle) == 16 and handle.startswith("B") for handle in handles[:2])


def test_an_unknown_item_or_payment_is_named() -> None:
    with pytest.raises(NotFound, match="no item itm_0"):
        an_order().item("itm_0")


def test_a_providers_id_once_known_never_changes() -> None:
    payment = an_attempt(an_order())
    payment.bind("cs_1", None)
    payment.bind("cs_1", "pi_1")
    with pytest.raises(Conflict, match="cs_1, not cs_2"):
        payment.bind("cs_2", "pi_1")


@pytest.mark.parametrize(
    ("wanted", "recurs"),
    [
        ([a_hosting(auto_renew=True)], True),
        ([a_hosting()], False),
        ([a_hosting(auto_renew=True), a_hosting(auto_renew=True)], False),
        ([a_domain(), a_hosting(auto_renew=True)], False),
        ([a_domain(auto_renew=True)], False),
    ],
)
def test_only_hosting_that_renews_by_itself_and_is_alone_recurs_with_its_first_payment(
    wanted: list[Purchase], recurs: bool
) -> None:
    order = an_order(*wanted)
    assert order.sole_recurring is (order.items[0] if recurs else None)


@pytest.mark.parametrize(
    ("options", "recurs"),
    [
        ({"customer_ref": "cus_9"}, True),
        ({}, False),
        ({"customer_ref": ""}, False),
        ({"customer_ref": "cus_9", "method_ref": "pm_9"}, False),
    ],
    ids=["an account", "no account", "an empty one", "off session"],
)
def test_billing_begins_with_a_payment_on_a_page_by_a_known_account(options: dict[str, str], recurs: bool) -> None:
    order = an_order(a_hosting(auto_renew=True))
    payment = an_attempt(order)
    payment.options = options
    assert order.recurring_with(payment) is (order.items[0] if recurs else None)


def test_in_company_it_is_paid_once() -> None:
    order = an_order(a_domain(), a_hosting(auto_renew=True))
    payment = an_attempt(order)
    payment.options = {"customer_ref": "cus_9"}
    assert order.recurring_with(payment) is None


# ---------------------------------------------------------------------- charged off session


def off_session(order: Order) -> Payment:
    options = {"method_ref": "pm_1", "customer_ref": "account_1"}
    return order.open_attempt("pay_1", "stripe", options, NOW, NOW + timedelta(hours=1))


def test_a_charge_off_session_is_the_banks_from_the_first_call_on() -> None:
    order = an_order()
    payment = off_session(order)
    assert payment.is_off_session
    with pytest.raises(Conflict, match="under way"):
        order.cancel()


def test_a_bank_that_wants_the_customer_is_told_of_once_and_bars_no_cancel() -> None:
    order = an_order()
    payment = off_session(order)
    assert [payment.await_customer("ask") for _ in range(2)] == [True, False]
    assert (payment.is_open, payment.under_way, payment.needs_customer, payment.why) == (True, False, True, "ask")
    order.cancel()
    assert order.status is OrderStatus.CANCELLED


@pytest.mark.parametrize("end", [lambda payment: payment.fail("no"), lambda payment: payment.cancel("called off")])
def test_what_is_decided_waits_for_nobody(end: Callable[[Payment], bool]) -> None:
    payment = off_session(an_order())
    payment.await_customer("ask")
    assert end(payment)
    assert not payment.needs_customer
    assert not payment.await_customer("told late")
    assert payment.why != "told late"


def test_a_success_counts_however_long_the_customer_was_waited_for() -> None:
    order = an_order()
    payment = off_session(order)
    payment.await_customer("ask")
    assert order.record_success(payment, order.total, NOW) is Settlement.PAID
    assert not payment.needs_customer


@pytest.mark.parametrize(
    ("bought", "renews"),
    [
        (a_domain(), False),
        (a_domain(auto_renew=True), True),
        (a_renewal(), False),
        (a_hosting(), False),
        (Hosting(plan="starter", cycle=Cycle.MONTHLY, auto_renew=True), True),
    ],
)
def test_an_order_renews_by_itself_if_anything_in_it_does(bought: Purchase, renews: bool) -> None:
    assert an_order(a_domain("other.rw"), bought).renews_by_itself is renews
