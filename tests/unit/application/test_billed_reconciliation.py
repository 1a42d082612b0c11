"""Word of renewals and saved cards is lost: the feed brings it, else the provider is asked; the books are the same."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from billing.application.books.reconciliation import Difference, Done, Scope
from billing.application.outcomes import NeedsPerson, RetryLater
from billing.domain import AlertKind, Money, OrderStatus, Subscription, SubscriptionStatus
from tests.twins import BY, Twins
from tests.unit.application.billed import desk, hear, hosted, next_period, now_of, ref, renew, renewals

MONTH = timedelta(days=32)
PAGES = {"success_url": "https://shop.example/saved", "cancel_url": "https://shop.example/account"}


def reconcile(shop: Twins, *, dry_run: bool = False) -> Sequence[Difference]:
    """All that differs in the last month."""
    scope = Scope(since=shop.now - MONTH, until=shop.now, by=BY, deadline=shop.soon, dry_run=dry_run)
    return [difference for look in shop.container.comparing.reconcile()(scope) for difference in look.differences]


def books(shop: Twins, bought: Subscription) -> tuple[object, ...]:
    """What must be the same however it was told."""
    subscription = now_of(shop, bought)
    sums = [payment.received for order in renewals(shop) for payment in order.payments]
    return subscription.status, subscription.current_period_end, sums


def forget_what_was_told(shop: Twins) -> None:
    """Not even the feed has it any more."""
    shop.gateway.told.clear()


@pytest.mark.parametrize("in_feed", [True, False], ids=["in the feed", "nowhere"])
def test_a_renewal_of_which_every_word_was_lost_is_made(shop: Twins, in_feed: bool) -> None:
    bought = hosted(shop)
    next_period(shop, bought)
    if not in_feed:
        forget_what_was_told(shop)
    found = reconcile(shop)
    shop.sweep_and_work()
    assert {one.done for one in found} == {Done.REPAIRED}
    assert ("subscription" in found[-1].about, len(found)) == (True, 3 if in_feed else 1)
    (order,) = renewals(shop)
    assert (order.status, order.total) == (OrderStatus.COMPLETED, bought.price)
    assert f"{now_of(shop, bought).current_period_end:%d %b}" == "31 Mar"
    assert reconcile(shop) == []
    assert len(renewals(shop)) == 1


def test_several_periods_that_were_lost_are_made_one_by_one(shop: Twins) -> None:
    bought = hosted(shop)
    shop.pass_time(timedelta(days=95))
    desk(shop).catch_up()
    forget_what_was_told(shop)
    since = Scope(since=shop.now - 4 * MONTH, until=shop.now, by=BY, deadline=shop.soon)
    assert sum(len(look.differences) for look in shop.container.comparing.reconcile()(since)) == 1
    shop.sweep_and_work()
    assert [order.total for order in renewals(shop)] == [bought.price] * 3


def test_a_dry_run_tells_and_renews_nothing(shop: Twins) -> None:
    bought = hosted(shop)
    next_period(shop, bought)
    forget_what_was_told(shop)
    before = books(shop, bought)
    for _ in range(2):
        (found,) = reconcile(shop, dry_run=True)
        assert found.done is Done.WOULD_BE_REPAIRED
        assert (found.ours, found.theirs) == ("active, paid until 2027-02-28", "active, paid until 2027-03-31")
    assert books(shop, bought) == before


def test_what_was_told_needs_no_repair(shop: Twins) -> None:
    bought = hosted(shop)
    renew(shop, bought)
    assert reconcile(shop) == []


def test_a_period_that_was_not_paid_is_past_due_and_that_agrees(shop: Twins) -> None:
    bought = hosted(shop)
    desk(shop).decline(ref(bought), times=9)
    hear(shop, next_period(shop, bought))
    assert now_of(shop, bought).status is SubscriptionStatus.PAST_DUE
    assert reconcile(shop) == []


def test_an_end_at_the_desk_of_which_every_word_was_lost_is_an_end_here(shop: Twins) -> None:
    bought = hosted(shop)
    desk(shop).cancel(ref(bought), at_period_end=True)
    next_period(shop, bought)
    forget_what_was_told(shop)
    (found,) = reconcile(shop)
    assert (found.done, found.theirs.split(",")[0]) == (Done.REPAIRED, "ended")
    assert now_of(shop, bought).is_over
    assert reconcile(shop) == []


def test_a_price_that_was_not_agreed_is_parked_as_if_it_had_been_told(shop: Twins) -> None:
    bought = hosted(shop)
    desk(shop).reprice(ref(bought), Money(999, "USD"))
    next_period(shop, bought)
    forget_what_was_told(shop)
    reconcile(shop)
    assert renewals(shop) == []
    assert now_of(shop, bought).attention
    assert AlertKind.SUBSCRIPTION_NEEDS_ATTENTION in [alert.kind for alert in shop.alerts()]


def test_billing_that_the_provider_does_not_know_needs_a_person(shop: Twins) -> None:
    bought = hosted(shop)
    next_period(shop, bought)
    forget_what_was_told(shop)
    shop.billing.fail_with(NeedsPerson("no such billing"), "invoices")
    (found,) = reconcile(shop)
    assert (found.done, found.how) == (Done.NEEDS_PERSON, "no such billing")
    shop.billing.fail_with(RetryLater("no answer"), "read")
    (found,) = reconcile(shop)
    assert found.done is Done.NOT_COMPARED
    (found,) = reconcile(shop)
    assert found.done is Done.REPAIRED


@pytest.mark.parametrize("how", ["told", "reversed and doubled", "a third lost", "all lost"])
def test_whatever_becomes_of_the_words_the_books_are_the_same(shop: Twins, how: str) -> None:
    bought = hosted(shop)
    for month in range(6):
        if month == 2:
            desk(shop).decline(ref(bought))
        told = next_period(shop, bought)
        if month == 2:
            told += desk(shop).retry(shop.billing.books.of_ref(f"inv_{month + 2}").ref)
        hear(shop, _heard(how, told))
        reconcile(shop)
        shop.sweep_and_work()
    status, _, sums = books(shop, bought)
    assert (status, sums) == (SubscriptionStatus.ACTIVE, [bought.price] * 6)
    assert f"{now_of(shop, bought).current_period_end:%d %b}" == "31 Aug"
    assert reconcile(shop) == []


def _heard(how: str, told: list[bytes]) -> list[bytes]:
    return {
        "told": told,
        "reversed and doubled": [*told[::-1], *told],
        "a third lost": [body for n, body in enumerate(told) if n % 3 != 1],
        "all lost": [],
    }[how]


# ---------------------------------------------------------------------- saved methods


@pytest.fixture
def saved(shop: Twins) -> str:
    """The provider's id of a method that was saved, which nobody was told of."""
    page = shop.container.start_setup()("cus_1", "memory", PAGES, BY)
    shop.methods.save(str(page.session_ref))
    forget_what_was_told(shop)
    (ref,) = shop.methods.saved
    return ref


def usable(shop: Twins) -> list[str]:
    wallet = shop.ledger.read(lambda uow: uow.wallets.of_customer("cus_1", "memory"))
    assert wallet is not None
    return [method.ref for method in wallet.usable]


def test_a_method_of_which_every_word_was_lost_is_kept(shop: Twins, saved: str) -> None:
    (rehearsed,) = reconcile(shop, dry_run=True)
    assert (rehearsed.done, usable(shop)) == (Done.WOULD_BE_REPAIRED, [])
    (found,) = reconcile(shop)
    assert (found.ours, found.theirs, found.done) == ("not known", "card, saved", Done.REPAIRED)
    shop.sweep_and_work()
    assert (usable(shop), reconcile(shop)) == ([saved], [])


def test_a_method_that_was_forgotten_at_the_desk_is_forgotten_here(shop: Twins, saved: str) -> None:
    reconcile(shop)
    shop.methods.forget(saved)
    forget_what_was_told(shop)
    (found,) = reconcile(shop)
    assert (found.ours, found.theirs, found.done) == ("card, saved", "forgotten", Done.REPAIRED)
    shop.sweep_and_work()
    assert (usable(shop), reconcile(shop)) == ([], [])


def test_an_account_that_the_provider_does_not_know_needs_a_person(shop: Twins, saved: str) -> None:
    shop.methods.fail_with(NeedsPerson("no such account"), "attached", times=2)
    assert [reconcile(shop)[0].done for _ in range(2)] == [Done.NEEDS_PERSON] * 2
    assert [alert.kind for alert in shop.alerts()] == [AlertKind.BOOKS_DIFFER]
