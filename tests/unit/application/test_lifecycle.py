"""Subscriptions are cancelled, resumed and moved to another plan, here or at the provider, and both agree after it."""

from datetime import timedelta

import pytest
from dependency_injector import providers

from billing.application.outcomes import OutcomeUnknown, Refused, RetryLater
from billing.domain import (
    ChangeKind,
    Conflict,
    Invalid,
    JobKind,
    JobStatus,
    MailKind,
    Money,
    NotFound,
    Subscription,
    SubscriptionStatus,
)
from tests.builders import a_hosting, more_of
from tests.twins import BY, Twins
from tests.unit.application.billed import (
    desk,
    hear,
    hosted,
    hosted_by_orders,
    hosted_with_a_name,
    keep_a_card,
    let_days_pass,
    next_period,
    now_of,
    ref,
    renew,
    renewals,
    sell_pro_for,
)

CANCELS = [ChangeKind.CANCEL, ChangeKind.CANCEL_AT_PERIOD_END]


def change(shop: Twins, subscription: Subscription, kind: ChangeKind, plan: str | None = None) -> Subscription:
    """Asked for twice, as everything may be."""
    for _ in range(2):
        changed = shop.container.hosting.change_subscription()(subscription.id, kind, BY, plan)
    shop.work()
    return now_of(shop, changed)


def bill(shop: Twins, subscription: Subscription):  # type: ignore[no-untyped-def]
    return shop.billing.books.bills[ref(subscription)]


# ---------------------------------------------------------------------- cancel and resume


def test_cancelled_at_the_period_s_end_it_is_served_until_then_and_charged_no_more(shop: Twins) -> None:
    bought = hosted(shop)
    cancelled = change(shop, bought, ChangeKind.CANCEL_AT_PERIOD_END)
    assert (cancelled.status, cancelled.cancel_at_period_end) == (SubscriptionStatus.ACTIVE, True)
    hear(shop, next_period(shop, bought))
    assert now_of(shop, bought).status is SubscriptionStatus.ENDED
    assert renewals(shop) == []
    assert [mail.data["cause"] for mail in shop.mailed(MailKind.SUBSCRIPTION_ENDED)] == ["cancelled"]


def test_a_cancel_at_the_period_s_end_is_taken_back(shop: Twins) -> None:
    bought = hosted(shop)
    change(shop, bought, ChangeKind.CANCEL_AT_PERIOD_END)
    assert not change(shop, bought, ChangeKind.RESUME).cancel_at_period_end
    assert not bill(shop, bought).cancel_at_period_end
    assert renew(shop, bought).status is SubscriptionStatus.ACTIVE
    assert len(renewals(shop)) == 1


def test_cancelled_now_it_is_over_here_and_at_the_provider(shop: Twins) -> None:
    bought = hosted(shop)
    assert change(shop, bought, ChangeKind.CANCEL).status is SubscriptionStatus.CANCELLED
    assert bill(shop, bought).is_over
    hear(shop, [desk(shop).notification(ref(bought))])
    assert now_of(shop, bought).status is SubscriptionStatus.CANCELLED
    assert len(shop.mailed(MailKind.SUBSCRIPTION_ENDED)) == 1


@pytest.mark.parametrize("kind", [ChangeKind.RESUME, ChangeKind.CHANGE_PLAN])
def test_what_is_over_stays_over(shop: Twins, kind: ChangeKind) -> None:
    bought = hosted(shop)
    change(shop, bought, ChangeKind.CANCEL)
    with pytest.raises(Conflict, match="cancelled"):
        change(shop, bought, kind, "pro" if kind is ChangeKind.CHANGE_PLAN else None)


@pytest.mark.parametrize("kind", CANCELS)
def test_a_cancel_in_the_provider_s_dashboard_is_followed(shop: Twins, kind: ChangeKind) -> None:
    bought = hosted(shop)
    told = desk(shop).cancel(ref(bought), at_period_end=kind is ChangeKind.CANCEL_AT_PERIOD_END)
    hear(shop, told * 2)
    if kind is ChangeKind.CANCEL_AT_PERIOD_END:
        assert now_of(shop, bought).cancel_at_period_end
        hear(shop, next_period(shop, bought))
    assert now_of(shop, bought).status is SubscriptionStatus.ENDED
    assert len(shop.mailed(MailKind.SUBSCRIPTION_ENDED)) == 1


# ---------------------------------------------------------------------- no provider bills it


def test_without_a_provider_a_cancel_is_a_move_of_our_own(shop: Twins) -> None:
    bought = hosted_by_orders(shop)
    assert change(shop, bought, ChangeKind.CANCEL).status is SubscriptionStatus.CANCELLED
    assert shop.billing.calls == []
    assert len(shop.mailed(MailKind.SUBSCRIPTION_ENDED)) == 1


def test_without_a_provider_the_tick_ends_what_was_cancelled_at_its_period_s_end(shop: Twins) -> None:
    bought = hosted_by_orders(shop)
    change(shop, bought, ChangeKind.CANCEL_AT_PERIOD_END)
    with pytest.raises(Invalid, match="resume it first"):
        shop.order(more_of(bought.id))
    let_days_pass(shop, 27)
    assert now_of(shop, bought).status is SubscriptionStatus.ACTIVE
    let_days_pass(shop, 1)
    assert now_of(shop, bought).status is SubscriptionStatus.ENDED
    assert shop.mailed(MailKind.SUBSCRIPTION_PAST_DUE) == []


def test_without_a_provider_a_cancel_is_taken_back(shop: Twins) -> None:
    bought = hosted_by_orders(shop)
    change(shop, bought, ChangeKind.CANCEL_AT_PERIOD_END)
    change(shop, bought, ChangeKind.RESUME)
    assert shop.statuses(shop.buy(more_of(bought.id)))[0] == "completed"


def test_without_a_provider_nobody_could_charge_for_another_plan(shop: Twins) -> None:
    with pytest.raises(Conflict, match="no provider bills it"):
        change(shop, hosted_by_orders(shop), ChangeKind.CHANGE_PLAN, "pro")


def test_what_was_called_off_before_billing_began_is_not_billed_until_it_is_resumed(shop: Twins) -> None:
    order = shop.buy(a_hosting(), a_hosting("pro", auto_renew=True))
    (pro,) = [item for item in order.items if item.opens_subscription and item.renews_by_itself]
    bought = shop.ledger.read(lambda uow: uow.subscriptions.get(pro.subscription_id or ""))
    change(shop, bought, ChangeKind.CANCEL_AT_PERIOD_END)
    keep_a_card(shop)
    shop.pass_time(timedelta(minutes=2))
    shop.sweep_and_work()
    assert shop.billing.books.bills == {}
    change(shop, bought, ChangeKind.RESUME)
    assert now_of(shop, bought).is_billed_by_provider


def test_a_cancel_that_comes_while_billing_begins_is_passed_on(shop: Twins) -> None:
    shop.billing.lose_answer("begin")
    bought = hosted_with_a_name(shop)
    change(shop, bought, ChangeKind.CANCEL)
    shop.pass_time(timedelta(minutes=20))
    hear(shop, [desk(shop).notification(f"bill_{bought.item_id}")])
    shop.sweep_and_work()
    (begun,) = shop.billing.books.bills.values()
    assert begun.is_over


def test_a_cancel_at_the_period_s_end_that_comes_while_billing_begins_is_passed_on(shop: Twins) -> None:
    shop.billing.lose_answer("begin")
    bought = hosted_with_a_name(shop)
    assert change(shop, bought, ChangeKind.CANCEL_AT_PERIOD_END).cancel_at_period_end
    hear(shop, [desk(shop).notification(f"bill_{bought.item_id}")])
    shop.pass_time(timedelta(minutes=20))
    shop.sweep_and_work()
    assert now_of(shop, bought).cancel_at_period_end
    assert now_of(shop, bought).change is None
    (begun,) = shop.billing.books.bills.values()
    assert begun.cancel_at_period_end


# ---------------------------------------------------------------------- another plan


def test_another_plan_is_the_price_of_all_periods_to_come(shop: Twins) -> None:
    bought = hosted(shop)
    sell_pro_for(shop, 999)
    shop.pass_time(timedelta(days=14))
    changed = change(shop, bought, ChangeKind.CHANGE_PLAN, "pro")
    assert (changed.plan, changed.price) == ("pro", Money(999, "USD"))
    assert changed.current_period_end == bought.current_period_end
    (mail,) = shop.mailed(MailKind.PLAN_CHANGED)
    assert (mail.data["plan"], mail.data["price"]) == ("pro", "9.99 USD")
    renew(shop, bought)
    (order,) = renewals(shop)
    assert order.items[0].price == Money(999, "USD")
    (payment,) = order.payments
    assert payment.received is not None
    assert payment.received > Money(999, "USD")  # with the difference for the rest of the period
    assert now_of(shop, bought).attention is None


def test_a_period_billed_before_the_change_keeps_its_old_price(shop: Twins) -> None:
    bought = hosted(shop)
    sell_pro_for(shop, 999)
    told = next_period(shop, bought)
    shop.pass_time(timedelta(minutes=5))
    change(shop, bought, ChangeKind.CHANGE_PLAN, "pro")
    hear(shop, told)
    assert [order.items[0].price for order in renewals(shop)] == [Money(499, "USD")]
    renew(shop, bought)
    assert [order.items[0].price for order in renewals(shop)] == [Money(499, "USD"), Money(999, "USD")]
    assert now_of(shop, bought).attention is None


def test_a_plan_that_is_not_sold_is_named(shop: Twins) -> None:
    with pytest.raises(Invalid, match="plan: there is no hosting plan gold"):
        change(shop, hosted(shop), ChangeKind.CHANGE_PLAN, "gold")


def test_the_same_plan_is_no_change(shop: Twins) -> None:
    bought = hosted(shop)
    sell_pro_for(shop, 1)
    assert change(shop, bought, ChangeKind.CHANGE_PLAN, "starter").price == bought.price
    assert ("change_plan", ref(bought)) not in shop.billing.calls


def test_what_is_owed_is_paid_before_the_plan_is_changed(shop: Twins) -> None:
    bought = hosted(shop)
    desk(shop).decline(ref(bought))
    renew(shop, bought)
    with pytest.raises(Conflict, match="past_due"):
        change(shop, bought, ChangeKind.CHANGE_PLAN, "pro")


def test_an_unknown_subscription_is_not_found(shop: Twins) -> None:
    with pytest.raises(NotFound):
        shop.container.hosting.change_subscription()("sub_0", ChangeKind.CANCEL, BY)


# ---------------------------------------------------------------------- the provider does not answer


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (ChangeKind.CANCEL, "cancel"),
        (ChangeKind.CANCEL_AT_PERIOD_END, "cancel"),
        (ChangeKind.CHANGE_PLAN, "change_plan"),
    ],
)
def test_an_answer_that_was_lost_is_found_out_by_a_job(shop: Twins, kind: ChangeKind, call: str) -> None:
    bought = hosted(shop)
    sell_pro_for(shop, 999)
    shop.billing.lose_answer(call)
    shop.billing.fail_with(RetryLater("away"), call, times=2)
    plan = "pro" if kind is ChangeKind.CHANGE_PLAN else None
    asked = shop.container.hosting.change_subscription()(bought.id, kind, BY, plan)
    assert asked.change is not None
    assert asked.status is SubscriptionStatus.ACTIVE
    for _ in range(3):
        shop.pass_time(timedelta(minutes=20))
        shop.sweep_and_work()
    found = now_of(shop, bought)
    assert found.change is None
    assert (found.status is SubscriptionStatus.CANCELLED) == (kind is ChangeKind.CANCEL)
    assert found.cancel_at_period_end == (kind is ChangeKind.CANCEL_AT_PERIOD_END)
    assert found.plan == (plan or "starter")
    assert len(bill(shop, bought).prorations) == (2 if plan else 0)


def test_a_notification_may_answer_before_the_job_does(shop: Twins) -> None:
    bought = hosted(shop)
    shop.billing.lose_answer("cancel")
    asked = shop.container.hosting.change_subscription()(bought.id, ChangeKind.CANCEL, BY)
    assert asked.change is not None
    hear(shop, [desk(shop).notification(ref(bought))])
    assert now_of(shop, bought).status is SubscriptionStatus.CANCELLED
    let_days_pass(shop, 1)
    assert [job.status for job in shop.jobs(JobKind.CHANGE_SUBSCRIPTION)] == [JobStatus.SUCCEEDED]
    assert len(shop.mailed(MailKind.SUBSCRIPTION_ENDED)) == 1


def test_while_one_change_is_on_its_way_another_waits_but_a_cancel(shop: Twins) -> None:
    bought = hosted(shop)
    shop.billing.fail_with(OutcomeUnknown("timeout"), "change_plan")
    ask = shop.container.hosting.change_subscription()
    ask(bought.id, ChangeKind.CHANGE_PLAN, BY, "pro")
    with pytest.raises(Conflict, match="on its way: change_plan to pro"):
        ask(bought.id, ChangeKind.CANCEL_AT_PERIOD_END, BY)
    assert ask(bought.id, ChangeKind.CANCEL, BY).status is SubscriptionStatus.CANCELLED
    let_days_pass(shop, 1)
    assert now_of(shop, bought).plan == "starter"


def test_a_provider_that_is_not_set_up_any_more_is_a_person_s_matter(shop: Twins) -> None:
    bought = hosted(shop)
    shop.container.recurring_billing.override(providers.Object({}))
    shop.container.hosting.reset_singletons()
    shop.restart()
    asked = shop.container.hosting.change_subscription()(bought.id, ChangeKind.CANCEL, BY)
    assert asked.change is not None
    let_days_pass(shop, 1)
    (job,) = shop.jobs(JobKind.CHANGE_SUBSCRIPTION)
    assert (job.status, job.why) == (JobStatus.DEAD, "memory bills it, and is not set up")


def test_what_the_provider_refuses_changes_nothing(shop: Twins) -> None:
    bought = hosted(shop)
    shop.billing.fail_with(Refused("no such price"), "change_plan")
    with pytest.raises(Refused):
        shop.container.hosting.change_subscription()(bought.id, ChangeKind.CHANGE_PLAN, BY, "pro")
    refused = now_of(shop, bought)
    assert (refused.plan, refused.change, refused.attention) == ("starter", None, None)
    assert change(shop, bought, ChangeKind.CHANGE_PLAN, "pro").plan == "pro"


def test_what_the_provider_refuses_to_a_job_is_told_to_a_person(shop: Twins) -> None:
    bought = hosted(shop)
    shop.billing.fail_with(OutcomeUnknown("timeout"), "change_plan")
    shop.container.hosting.change_subscription()(bought.id, ChangeKind.CHANGE_PLAN, BY, "pro")
    shop.billing.fail_with(Refused("no such price"), "change_plan")
    let_days_pass(shop, 1)
    assert now_of(shop, bought).change is None
    assert "refused to change_plan to pro" in shop.alerts()[-1].why


def test_hosting_that_ends_with_its_refund_is_billed_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_REFUNDED_HOSTING", "end")
    shop = Twins()
    bought = hosted(shop)
    order = shop.ledger.read(lambda uow: uow.orders.get(uow.orders.of_item(bought.item_id) or ""))
    shop.container.request_refund()(order.payments[0].id, None, (), "as asked", BY)
    shop.work()
    assert now_of(shop, bought).status is SubscriptionStatus.ENDED
    assert bill(shop, bought).is_over
