"""Reconciliation with a provider that closes nothing and shows no books: what it finds it finds once."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from billing.application.books.reconciliation import Difference, Done, Scope
from billing.application.outcomes import AccountRefused, OutcomeUnknown
from billing.domain import Order, Payment, PaymentStatus
from tests.builders import a_domain
from tests.twins import BY, KPAY, TwoWays

DAYS = timedelta(days=3)


@pytest.fixture
def shop() -> TwoWays:
    """A shop with both ways to pay."""
    return TwoWays()


def reconcile(shop: TwoWays, *, dry_run: bool = False) -> Sequence[Difference]:
    """All that differs in the last three days."""
    scope = Scope(since=shop.now - DAYS, until=shop.now, by=BY, deadline=shop.soon, dry_run=dry_run)
    return [difference for look in shop.container.comparing.reconcile()(scope) for difference in look.differences]


def given_up(shop: TwoWays) -> tuple[Order, Payment]:
    """An attempt that ended here alone."""
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.pass_time(timedelta(seconds=KPAY.retry_after_seconds))
    shop.start(order)
    return order, payment


def test_one_that_ended_here_and_is_undecided_there_is_nothing_to_repair_and_is_not_closed(shop: TwoWays) -> None:
    order, payment = given_up(shop)
    closed = shop.asked(payment, "close")
    for dry_run in (True, False, False):
        assert reconcile(shop, dry_run=dry_run) == []
    shop.container.cancel_order()(order.id, BY)
    shop.sweep_and_work()
    for _ in range(2):
        assert reconcile(shop) == []
    assert shop.asked(payment, "close") == closed
    assert shop.alerts() == []


def test_an_open_one_that_is_open_there_too_is_as_it_should_be(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    shop.start_push(order)
    for _ in range(2):
        assert reconcile(shop) == []
    assert shop.attempt(order).status is PaymentStatus.PENDING


def test_one_that_failed_there_fails_here_once(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    shop.push.decline(shop.start_push(order).id)
    assert [one.done for one in reconcile(shop, dry_run=True)] == [Done.WOULD_BE_REPAIRED]
    assert [one.done for one in reconcile(shop)] == [Done.REPAIRED]
    assert reconcile(shop) == []
    assert shop.attempt(order).status is PaymentStatus.FAILED


def test_money_that_came_after_it_was_given_up_is_found_also_where_no_answer_ever_came(shop: TwoWays) -> None:
    shop.push.lose_answer()
    shop.push.fail_with(OutcomeUnknown("no answer"), "close")
    order, payment = given_up(shop)
    assert not shop.attempt(order).is_started
    shop.push.approve(payment.id)
    assert [(one.about, one.done) for one in reconcile(shop)] == [(f"payment {payment.id}", Done.REPAIRED)]
    assert reconcile(shop) == []
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert reconcile(shop) == []


def test_one_that_the_provider_never_got_has_nothing_to_repair(shop: TwoWays) -> None:
    order, payment = given_up(shop)
    del shop.push.pages[payment.id]
    for _ in range(2):
        assert reconcile(shop) == []
    assert shop.attempt(order).status is PaymentStatus.CANCELLED


def test_a_refund_that_waits_for_a_person_is_compared_with_nothing(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    shop.push.approve(shop.start_push(order).id)
    shop.wait(10)
    shop.container.request_refund()(shop.attempt(order).id, None, (), "as asked", BY)
    shop.work()
    assert shop.attempt(order).refunds[0].needs_hand
    for _ in range(2):
        assert reconcile(shop) == []


def test_where_it_refuses_our_account_nothing_is_compared_and_no_payment_is_suspect(shop: TwoWays) -> None:
    given_up(shop)
    shop.push.fail_with(AccountRefused("602: not whitelisted"), "check", times=9)
    assert [one.done for one in reconcile(shop)] == [Done.NOT_COMPARED]
    assert shop.alerts() == []
