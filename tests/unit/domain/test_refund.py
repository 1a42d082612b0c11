"""One refund: pending until somebody decides, and a success can still be returned by the bank."""

import pytest

from billing.domain import Conflict, Invalid, Money, Order, RefundCause, RefundStatus, RefundTooLarge
from tests.builders import NOW, a_domain, a_paid_order, an_attempt, an_order


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def test_a_refund_reserves_its_sum_until_it_fails() -> None:
    payment = a_paid_order(a_domain()).payments[0]
    refund = payment.open_refund("ref_1", usd(400), RefundCause.REQUESTED, NOW)
    assert (payment.returned, payment.left) == (usd(400), usd(1100))
    refund.succeed("paid back")
    assert (payment.returned, payment.left) == (usd(400), usd(1100))
    refund.fail("returned by the bank")
    assert (payment.returned, payment.left) == (usd(0), usd(1500))


def test_a_late_success_does_not_undo_a_failure() -> None:
    refund = a_paid_order().payments[0].open_refund("ref_1", usd(400), RefundCause.REQUESTED, NOW)
    assert [refund.fail("returned"), refund.fail("told again"), refund.succeed("late")] == [True, False, False]
    assert (refund.status, refund.why, refund.attention) == (RefundStatus.FAILED, "returned", "returned")


def test_a_success_told_twice_is_news_once_and_settles_what_waited_for_a_person() -> None:
    refund = a_paid_order().payments[0].open_refund("ref_1", usd(400), RefundCause.REQUESTED, NOW)
    refund.park("nobody knows")
    assert [refund.succeed("paid back"), refund.succeed("again")] == [True, False]
    assert (refund.why, refund.attention) == ("paid back", None)


def test_the_providers_id_is_learned_once() -> None:
    refund = a_paid_order().payments[0].open_refund("ref_1", usd(400), RefundCause.REQUESTED, NOW)
    for ref in (None, "re_1", "re_1", None):
        refund.bind(ref)
    assert refund.refund_ref == "re_1"
    with pytest.raises(Conflict):
        refund.bind("re_2")


def test_only_a_definite_refusal_makes_a_new_try() -> None:
    refund = a_paid_order().payments[0].open_refund("ref_1", usd(400), RefundCause.REQUESTED, NOW)
    refund.park("silence")
    refund.unpark()
    assert refund.try_no == 1
    refund.try_again("no funds")
    assert (refund.try_no, refund.why, refund.status) == (2, "no funds", RefundStatus.PENDING)


@pytest.mark.parametrize("amount", [usd(0), usd(-1), Money(1, "EUR")])
def test_a_refund_is_more_than_nothing_and_in_the_currency_that_came(amount: Money) -> None:
    payment = a_paid_order().payments[0]
    with pytest.raises(Invalid):
        payment.open_refund("ref_1", amount, RefundCause.REQUESTED, NOW)
    assert payment.refunds == []


def test_no_more_than_is_left_can_go_back() -> None:
    payment = a_paid_order().payments[0]
    payment.open_refund("ref_1", usd(1000), RefundCause.REQUESTED, NOW)
    with pytest.raises(RefundTooLarge) as refused:
        payment.open_refund("ref_2", usd(501), RefundCause.REQUESTED, NOW)
    assert (refused.value.left, len(payment.refunds)) == (usd(500), 1)


def test_nothing_is_refunded_of_what_was_not_paid() -> None:
    payment = an_attempt(an_order())
    assert (payment.returned, payment.left) == (usd(0), usd(0))
    with pytest.raises(Conflict):
        payment.open_refund("ref_1", usd(1), RefundCause.REQUESTED, NOW)


def test_what_the_provider_has_paid_beyond_that_leaves_nothing_and_never_less() -> None:
    payment = a_paid_order().payments[0]
    payment.add_refund("ref_1", usd(2000), RefundCause.PROVIDER, NOW)
    assert (payment.returned, payment.left) == (usd(2000), usd(0))


@pytest.mark.parametrize(("currency", "words"), [("JPY", "1500 JPY"), ("RWF", "1500 RWF"), ("KWD", "1.500 KWD")])
def test_a_refund_of_yen_or_dinars_is_the_sum_that_came_and_not_a_hundredth_of_it(currency: str, words: str) -> None:
    order = _paid_in(currency)
    payment = order.payments[0]
    refund = payment.open_refund("ref_1", payment.left, RefundCause.REQUESTED, NOW)
    assert (refund.amount, str(refund.amount)) == (Money(1500, currency), words)
    with pytest.raises(RefundTooLarge):
        payment.open_refund("ref_2", Money(1, currency), RefundCause.REQUESTED, NOW)


def _paid_in(currency: str) -> Order:
    order = an_order(a_domain())
    order.currency, order.items[0].price = currency, Money(1500, currency)
    order.record_success(an_attempt(order), Money(1500, currency), NOW)
    return order
