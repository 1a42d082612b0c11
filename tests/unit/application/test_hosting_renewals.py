"""Hosting that no provider bills goes on by orders of ours: offered in time, paid by the customer, once a period."""

from datetime import datetime, timedelta

import pytest

from billing.application.outcomes import NeedsPerson
from billing.domain import (
    AlertKind,
    ChangeKind,
    Cycle,
    Hosting,
    MailKind,
    Order,
    OrderStatus,
    Subscription,
    SubscriptionRenewal,
    SubscriptionStatus,
)
from tests.builders import a_catalogue, a_domain
from tests.twins import BY, Twins
from tests.unit.application.renewing import DAY, day_by_day, keep_house, our_orders


def hosting_without_a_biller(shop: Twins, cycle: Cycle = Cycle.MONTHLY) -> Subscription:
    """Wanted to go on by itself, and paid where nobody bills it."""
    order = shop.buy(Hosting(plan="starter", cycle=cycle, domain=None, auto_renew=False))
    subscription_id = order.items[0].subscription_id
    assert subscription_id is not None

    def go_on(uow):
        uow.subscriptions.lock(subscription_id).auto_renew = True

    shop.ledger.write(BY, go_on)
    return now_is(shop, subscription_id)


def now_is(shop: Twins, subscription_id: str) -> Subscription:
    return shop.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))


def end_of(subscription: Subscription) -> datetime:
    assert subscription.current_period_end is not None
    return subscription.current_period_end


def days_told(shop: Twins) -> list[int]:
    """At which milestones the customer was told, by the occasion of each mail."""
    return [int(mail.occasion.rpartition(":")[2]) for mail in shop.mailed(MailKind.HOSTING_DUE)]


def pay(shop: Twins, order: Order) -> None:
    shop.hear(shop.pay(shop.start(order)))
    shop.work()


@pytest.mark.parametrize(
    ("cycle", "milestones"), [(Cycle.MONTHLY, [14, 7, 3, 1]), (Cycle.YEARLY, [30, 14, 7, 3, 1])], ids=str
)
def test_the_next_period_is_offered_by_mail_until_it_is_paid(shop: Twins, cycle: Cycle, milestones: list[int]) -> None:
    subscription = hosting_without_a_biller(shop, cycle)
    day_by_day(shop, end_of(subscription) - timedelta(hours=1))
    (order,) = our_orders(shop)
    assert (order.status, order.total) == (OrderStatus.PENDING, subscription.price)
    assert order.expires_at == end_of(subscription) + 30 * DAY  # as long as it is kept
    assert days_told(shop) == milestones
    mail = shop.mailed(MailKind.HOSTING_DUE)[0]
    assert (mail.data["link"], mail.data["order"]) == (shop.container.pay_links()(order.id), order.number)


def test_each_period_is_paid_once_and_counted_from_the_anchor(shop: Twins) -> None:
    subscription = hosting_without_a_biller(shop)
    for paid in (2, 3, 4):
        day_by_day(shop, end_of(now_is(shop, subscription.id)) - 13 * DAY)
        pay(shop, our_orders(shop)[-1])
        keep_house(shop)
        assert now_is(shop, subscription.id).periods == paid
    renewed = now_is(shop, subscription.id)
    assert renewed.current_period_end == renewed.cycle.term.end(subscription.anchor, 4)
    assert [order.status for order in our_orders(shop)] == [OrderStatus.COMPLETED] * 3


def test_what_is_paid_late_is_the_same_order_and_service_is_back(shop: Twins) -> None:
    subscription = hosting_without_a_biller(shop)
    day_by_day(shop, end_of(subscription) + 8 * DAY)
    assert now_is(shop, subscription.id).status is SubscriptionStatus.SUSPENDED
    order_period = shop.container.renewing.order_period()
    ordered = [order_period(subscription.id, BY).id for _ in range(2)]
    (order,) = our_orders(shop)
    assert ordered == [order.id, order.id]
    pay(shop, order)
    assert now_is(shop, subscription.id).status is SubscriptionStatus.ACTIVE


def test_whoever_orders_before_a_milestone_gets_one_order_however_often(shop: Twins) -> None:
    subscription = hosting_without_a_biller(shop)
    order_period = shop.container.renewing.order_period()
    first, second = order_period(subscription.id, BY), order_period(subscription.id, BY)
    day_by_day(shop, end_of(subscription) - 13 * DAY)
    assert first.id == second.id == our_orders(shop)[0].id
    assert days_told(shop) == [14]


def test_a_renewal_that_the_customer_orders_takes_the_place_of_ours(shop: Twins) -> None:
    subscription = hosting_without_a_biller(shop)
    day_by_day(shop, end_of(subscription) - 13 * DAY)
    theirs = shop.order(SubscriptionRenewal(subscription_id=subscription.id, cycles=3))
    (ours,) = our_orders(shop)
    assert ours.status is OrderStatus.CANCELLED
    keep_house(shop)
    shop.pass_time(DAY / 2)
    keep_house(shop)
    assert [order.id for order in our_orders(shop)] == [ours.id]
    pay(shop, theirs)
    day_by_day(shop, end_of(subscription) + DAY)
    assert now_is(shop, subscription.id).periods == 4
    assert days_told(shop) == [14]


def test_an_order_of_the_customers_that_expired_unpaid_leaves_the_place_to_ours_again(shop: Twins) -> None:
    subscription = hosting_without_a_biller(shop)
    day_by_day(shop, end_of(subscription) - 13 * DAY)
    shop.order(SubscriptionRenewal(subscription_id=subscription.id, cycles=3))
    day_by_day(shop, end_of(subscription) - 6 * DAY)
    (ours,) = our_orders(shop)
    assert ours.status is OrderStatus.PENDING
    assert days_told(shop) == [14, 7]


def test_an_order_in_which_only_something_else_waits_keeps_no_offer_back(shop: Twins) -> None:
    subscription = hosting_without_a_biller(shop)
    shop.registrar.fail_with(NeedsPerson("a puzzle"), "register")
    theirs = shop.order(SubscriptionRenewal(subscription_id=subscription.id, cycles=1), a_domain())
    pay(shop, theirs)
    assert shop.read(theirs).status is OrderStatus.REQUIRES_ATTENTION
    renewed = now_is(shop, subscription.id)
    assert renewed.periods == 2
    day_by_day(shop, end_of(renewed) - 13 * DAY)
    assert [order.status for order in our_orders(shop)] == [OrderStatus.PENDING]
    assert days_told(shop) == [14]


@pytest.mark.parametrize("kind", [ChangeKind.CANCEL, ChangeKind.CANCEL_AT_PERIOD_END], ids=str)
def test_what_is_called_off_is_not_offered_any_more(shop: Twins, kind: ChangeKind) -> None:
    subscription = hosting_without_a_biller(shop)
    day_by_day(shop, end_of(subscription) - 13 * DAY)
    for _ in range(2):
        shop.container.hosting.change_subscription()(subscription.id, kind, BY)
    day_by_day(shop, end_of(subscription) + DAY)
    assert [order.status for order in our_orders(shop)] == [OrderStatus.CANCELLED]
    assert days_told(shop) == [14]
    assert now_is(shop, subscription.id).is_over


def test_an_offer_that_the_customer_cancels_is_not_made_again_by_itself(shop: Twins) -> None:
    subscription = hosting_without_a_biller(shop)
    day_by_day(shop, end_of(subscription) - 13 * DAY)
    (ours,) = our_orders(shop)
    shop.container.cancel_order()(ours.id, BY)
    day_by_day(shop, end_of(subscription) - DAY / 2)
    assert [order.status for order in our_orders(shop)] == [OrderStatus.CANCELLED]
    again = shop.container.renewing.order_period()(subscription.id, BY)  # who asks for it gets it
    assert (again.status, again.id == ours.id) == (OrderStatus.PENDING, False)


def test_what_its_currency_is_no_longer_sold_in_is_told_to_a_person_once(shop: Twins) -> None:
    subscription = hosting_without_a_biller(shop)
    shop.ledger.write(BY, lambda uow: uow.catalogues.add(a_catalogue(["RWF"])))
    day_by_day(shop, end_of(subscription) - DAY / 2)
    assert our_orders(shop) == []
    told = [alert for alert in shop.alerts() if alert.kind is AlertKind.RENEWAL_NOT_OFFERED]
    assert [alert.subject for alert in told] == [subscription.id]


def test_a_card_holders_hosting_is_not_offered(shop: Twins) -> None:
    shop.buy(Hosting(plan="starter", cycle=Cycle.MONTHLY, domain=None, auto_renew=True))
    day_by_day(shop, shop.now + 25 * DAY)
    assert our_orders(shop) == []
    assert shop.mailed(MailKind.HOSTING_DUE) == []
