"""What a provider does that nobody here has asked for is shown to a person, who accepts it or pays it back."""

from datetime import timedelta

import pytest

from billing.application.outcomes import Refused
from billing.application.subscriptions.attending import Answer
from billing.domain import (
    Alert,
    AlertKind,
    BillingStatus,
    Conflict,
    JobKind,
    Money,
    OrderStatus,
    Subscription,
    SubscriptionStatus,
)
from tests.twins import BY, Twins
from tests.unit.application.billed import (
    desk,
    hear,
    hosted,
    hosted_by_orders,
    invoices,
    let_days_pass,
    next_period,
    now_of,
    ref,
    renew,
    renewals,
)


def resolve(shop: Twins, subscription: Subscription, answer: Answer) -> Subscription:
    """Said twice, as everything may be."""
    for _ in range(2):
        shop.container.hosting.resolve_subscription()(subscription.id, answer, BY)
    shop.work()
    return now_of(shop, subscription)


def raised(shop: Twins) -> list[Alert]:
    return [alert for alert in shop.alerts() if alert.kind is AlertKind.SUBSCRIPTION_NEEDS_ATTENTION]


def repriced(shop: Twins) -> Subscription:
    """Somebody at the desk made it dearer, and a period has been collected for at that price."""
    bought = hosted(shop)
    desk(shop).reprice(ref(bought), Money(799, "USD"))
    return renew(shop, bought)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (BillingStatus.PAUSED, "does not bill it"),
        (BillingStatus.TRIALING, "a trial"),
        (BillingStatus.UNKNOWN, "not known here"),
    ],
)
def test_what_the_desk_did_is_shown_until_it_is_undone(shop: Twins, status: BillingStatus, words: str) -> None:
    bought = hosted(shop)
    hear(shop, desk(shop).put(ref(bought), status) * 2)
    doubted = now_of(shop, bought)
    assert words in (doubted.attention or "")
    assert doubted.status is SubscriptionStatus.ACTIVE
    assert [alert.subject for alert in raised(shop)] == [bought.id]
    shop.pass_time(timedelta(minutes=1))
    hear(shop, desk(shop).put(ref(bought), BillingStatus.ACTIVE))
    assert now_of(shop, bought).attention is None


def test_the_same_doubt_a_day_later_is_told_anew(shop: Twins) -> None:
    bought = hosted(shop)
    for _ in range(2):
        hear(shop, desk(shop).put(ref(bought), BillingStatus.PAUSED))
        shop.pass_time(timedelta(days=1))
        hear(shop, desk(shop).put(ref(bought), BillingStatus.ACTIVE))
    assert len(raised(shop)) == 2


def test_a_trial_shifts_the_periods_and_is_shown(shop: Twins) -> None:
    bought = hosted(shop)
    hear(shop, desk(shop).try_out(ref(bought), shop.now + timedelta(days=50)))
    assert "a trial" in (now_of(shop, bought).attention or "")
    assert now_of(shop, bought).current_period_end == bought.current_period_end


def test_another_price_of_the_desk_s_is_shown_before_anything_is_paid(shop: Twins) -> None:
    bought = hosted(shop)
    hear(shop, desk(shop).reprice(ref(bought), Money(799, "USD")))
    assert "7.99 USD, and not starter, monthly, 4.99 USD" in (now_of(shop, bought).attention or "")
    assert now_of(shop, bought).price == Money(499, "USD")


def test_a_period_at_another_price_waits_for_a_person(shop: Twins) -> None:
    bought = repriced(shop)
    (_, parked) = invoices(shop, bought)
    assert parked.attention == f"invoice {parked.invoice_ref} bills 7.99 USD for a period, and 4.99 USD were agreed"
    assert parked.attention in (bought.attention or "")
    assert renewals(shop) == []
    assert f"{bought.current_period_end:%d %b}" == "28 Feb"
    assert len(raised(shop)) == 2  # of the price, and of the period
    hear(shop, [desk(shop).invoice_notification(parked.invoice_ref)] * 2)
    assert renewals(shop) == []
    shop.ledger.write(BY, lambda uow: setattr(uow.subscriptions.lock(bought.id), "price", Money(799, "USD")))
    hear(shop, [desk(shop).invoice_notification(parked.invoice_ref)])
    assert renewals(shop) == []  # nobody has decided yet


def test_accepted_it_renews_for_what_came(shop: Twins) -> None:
    bought = resolve(shop, repriced(shop), Answer.ACCEPT)
    (order,) = renewals(shop)
    assert order.status is OrderStatus.COMPLETED
    assert order.items[0].price == Money(799, "USD")
    assert f"{bought.current_period_end:%d %b}" == "31 Mar"
    assert bought.attention is None
    assert (bought.plan, bought.price) == ("starter", Money(799, "USD"))
    renew(shop, bought)
    assert len(renewals(shop)) == 2
    assert now_of(shop, bought).attention is None


def test_refused_all_of_it_goes_back(shop: Twins) -> None:
    bought = resolve(shop, repriced(shop), Answer.REFUSE)
    (order,) = renewals(shop)
    (payment,) = order.payments
    assert payment.surplus
    assert payment.left == Money(0, "USD")
    assert order.status is OrderStatus.CANCELLED
    assert len(shop.jobs(JobKind.REFUND_PAYMENT)) == 1
    assert f"{bought.current_period_end:%d %b}" == "28 Feb"
    assert bought.attention is None


def test_another_plan_of_the_desk_s_is_taken_for_agreed_when_a_person_accepts_it(shop: Twins) -> None:
    bought = hosted(shop)
    billing, soon = shop.billing, shop.soon()
    price_ref = billing.ensure_price("pro", "Pro", bought.cycle, Money(999, "USD"), soon)
    billing.change_plan(ref(bought), price_ref, "by hand", soon)
    hear(shop, [desk(shop).notification(ref(bought))])
    assert "bills pro, monthly, 9.99 USD" in (now_of(shop, bought).attention or "")
    accepted = resolve(shop, bought, Answer.ACCEPT)
    assert (accepted.plan, accepted.price, accepted.attention) == ("pro", Money(999, "USD"), None)
    renew(shop, bought)
    assert [order.items[0].price for order in renewals(shop)] == [Money(999, "USD")]


def test_periods_counted_otherwise_begin_a_count_of_their_own_when_a_person_accepts_them(shop: Twins) -> None:
    bought = hosted(shop)
    shop.billing.books.bills[ref(bought)].anchor = shop.now + timedelta(days=10)
    hear(shop, desk(shop).turn(ref(bought)))
    assert "not counted from the anchor" in (now_of(shop, bought).attention or "")
    accepted = resolve(shop, bought, Answer.ACCEPT)
    assert accepted.current_period_end == invoices(shop, bought)[-1].period_end
    assert [f"{renew(shop, bought).current_period_end:%d %b}" for _ in range(2)] == ["10 May", "10 Jun"]


def test_where_no_provider_bills_there_is_nothing_to_ask(shop: Twins) -> None:
    bought = hosted_by_orders(shop)
    assert resolve(shop, bought, Answer.ACCEPT).attention is None
    assert shop.billing.calls == []


def test_billing_that_can_not_be_ended_is_told_to_a_person(shop: Twins) -> None:
    bought = hosted(shop)
    desk(shop).decline(ref(bought), times=100)
    hear(shop, next_period(shop, bought))
    shop.billing.fail_with(Refused("no such subscription"), "cancel")
    let_days_pass(shop, 31)
    assert now_of(shop, bought).status is SubscriptionStatus.ENDED
    assert "may go on charging" in raised(shop)[-1].why


def test_an_invoice_pays_for_one_order(shop: Twins) -> None:
    bought = hosted(shop)
    renew(shop, bought)
    with pytest.raises(Conflict, match="has paid for order"):
        shop.ledger.write(BY, lambda uow: uow.invoices.of_subscription(bought.id)[-1].renew_by("ord_2"))
