"""A provider bills hosting by itself: each period that it collected for becomes an order, once, however it is told."""

from datetime import timedelta
from itertools import permutations

import pytest

from billing.application.outcomes import RetryLater
from billing.application.subscriptions.owed import owed_of
from billing.domain import (
    Cycle,
    EventStatus,
    Invalid,
    InvoiceReason,
    InvoiceStatus,
    JobKind,
    JobStatus,
    MailKind,
    Money,
    OrderStatus,
    PaymentStatus,
    SubscriptionRenewal,
    SubscriptionStatus,
)
from tests.builders import a_hosting, more_of
from tests.twins import BY, Twins
from tests.unit.application.billed import (
    desk,
    done,
    ends_of,
    events,
    hear,
    hosted,
    hosted_with_a_name,
    invoices,
    keep_a_card,
    let_days_pass,
    next_period,
    now_of,
    of_order,
    pass_until,
    ref,
    renew,
    renewals,
)


def test_a_period_that_was_collected_for_is_an_order_of_its_own(shop: Twins) -> None:
    bought = hosted(shop)
    renewed = renew(shop, bought)
    (order,) = renewals(shop)
    (item,), (payment,) = order.items, order.payments
    assert order.status is OrderStatus.COMPLETED
    assert order.number
    assert (item.what, item.price) == (SubscriptionRenewal(subscription_id=bought.id), bought.price)
    assert (payment.status, payment.received) == (PaymentStatus.SUCCEEDED, bought.price)
    assert payment.payment_ref == invoices(shop, bought)[-1].payment_ref
    assert renewed.current_period_end == bought.cycle.term.end(bought.anchor or shop.now, 2)
    assert len(shop.mailed(MailKind.SUBSCRIPTION_RENEWED)) == 1


def test_the_first_invoice_is_the_order_that_was_bought(shop: Twins) -> None:
    bought = hosted(shop)
    assert [event.status for event in events(shop)] == [EventStatus.PROCESSED]
    assert [invoice.reason for invoice in invoices(shop, bought)] == [InvoiceReason.FIRST]
    assert renewals(shop) == []
    assert bought.billing_ref is not None


def test_the_periods_are_counted_from_when_the_provider_was_paid(shop: Twins) -> None:
    order = shop.order(a_hosting(auto_renew=True))
    payment = shop.container.start_payment()(order.id, "memory", {"customer_ref": "account_1"}, BY)
    told, paid_at = shop.pay(payment), shop.now
    shop.pass_time(timedelta(minutes=7))
    for _ in range(2):
        hear(shop, [told])
    bought = of_order(shop, shop.read(order))
    assert (bought.anchor, bought.current_period_end) == (paid_at, bought.cycle.term.end(paid_at))


def test_the_31st_stays_the_31st_for_hosting_alone(shop: Twins) -> None:
    assert ends_of(shop, hosted(shop), 4) == ["31 Mar", "30 Apr", "31 May", "30 Jun"]


def test_the_31st_stays_the_31st_for_a_mixed_order(shop: Twins) -> None:
    bought = hosted_with_a_name(shop)
    assert done(shop, JobKind.CREATE_STRIPE_SUBSCRIPTION) == [bought.id]
    assert bought.is_billed_by_provider
    assert ends_of(shop, bought, 4) == ["31 Mar", "30 Apr", "31 May", "30 Jun"]


def test_a_year_from_29_february_ends_on_the_28th_until_there_is_a_29th_again(shop: Twins) -> None:
    shop.pass_time(shop.now.replace(year=2028, month=2, day=29) - shop.now)
    bought = hosted(shop, Cycle.YEARLY)
    assert f"{bought.current_period_end:%d %b %Y}" == "28 Feb 2029"
    assert ends_of(shop, bought, 3) == ["28 Feb", "28 Feb", "29 Feb"]


def test_the_order_s_total_is_charged_once_and_nothing_before_the_period_is_over(shop: Twins) -> None:
    bought = hosted_with_a_name(shop)
    assert invoices(shop, bought) == []
    assert desk(shop).catch_up() == []


@pytest.mark.parametrize("order_of_telling", list(permutations(range(3))))
def test_whatever_the_order_of_telling_it_comes_to_the_same(shop: Twins, order_of_telling: tuple[int, ...]) -> None:
    bought = hosted(shop)
    desk(shop).decline(ref(bought))
    told = next_period(shop, bought)
    told += desk(shop).retry(shop.billing.books.of_ref("inv_2").ref)[1:]
    hear(shop, [told[n] for n in order_of_telling])
    assert now_of(shop, bought).status is SubscriptionStatus.ACTIVE
    assert len(renewals(shop)) == 1
    assert f"{now_of(shop, bought).current_period_end:%d %b}" == "31 Mar"


def test_an_invoice_that_nobody_heard_of_is_asked_for_when_the_next_one_is_told(shop: Twins) -> None:
    bought = hosted(shop)
    next_period(shop, bought)
    pass_until(shop, bought.cycle.term.end(bought.anchor or shop.now, 2))
    hear(shop, desk(shop).catch_up()[1:])
    assert len(renewals(shop)) == 2
    assert f"{now_of(shop, bought).current_period_end:%d %b}" == "30 Apr"


@pytest.mark.parametrize("lost", range(4))
def test_a_word_told_twice_or_not_at_all_renews_once(shop: Twins, lost: int) -> None:
    bought = hosted(shop)
    told = next_period(shop, bought)
    pass_until(shop, bought.cycle.term.end(bought.anchor or shop.now, 2))
    told += desk(shop).catch_up()
    kept = [body for n, body in enumerate(told) if n != lost]
    for body in (*kept, *kept[::-1]):
        shop.hear(body)
    shop.work()
    let_days_pass(shop, 35)
    assert [order.status for order in renewals(shop)] == [OrderStatus.COMPLETED] * 2
    assert f"{now_of(shop, bought).current_period_end:%d %b}" == "30 Apr"


def test_every_word_of_a_renewal_is_lost_and_the_provider_is_asked(shop: Twins) -> None:
    bought = hosted(shop)
    next_period(shop, bought)
    shop.pass_time(timedelta(hours=5))
    shop.sweep_and_work()
    assert renewals(shop) == []
    shop.pass_time(timedelta(hours=1))
    shop.sweep_and_work()
    assert len(renewals(shop)) == 1
    shop.sweep_and_work()
    assert len(renewals(shop)) == 1


@pytest.mark.parametrize("at_period_end", [True, False])
def test_a_period_that_was_served_is_kept_though_its_payment_is_heard_of_after_the_end(
    shop: Twins, at_period_end: bool
) -> None:
    bought = hosted(shop)
    next_period(shop, bought)  # of which nobody hears
    told = desk(shop).cancel(ref(bought), at_period_end=at_period_end)
    if at_period_end:
        pass_until(shop, bought.cycle.term.end(bought.anchor or shop.now, 2))
        told = desk(shop).catch_up()
    hear(shop, told)
    (order,) = renewals(shop)
    assert shop.statuses(order) == ["completed", "fulfilled"]
    over = now_of(shop, bought)
    assert (over.status, over.look_at) == (SubscriptionStatus.ENDED, None)
    assert f"{over.current_period_end:%d %b}" == "31 Mar"


def test_what_is_billed_is_not_sold_a_second_time(shop: Twins) -> None:
    bought = hosted(shop)
    with pytest.raises(Invalid, match=r"items\.0\.subscription_id: memory renews it by itself"):
        shop.order(more_of(bought.id))


def test_credit_pays_for_a_period_as_money_does(shop: Twins) -> None:
    bought = hosted(shop)
    desk(shop).credit(ref(bought), Money(600, "USD"))
    renew(shop, bought)
    (order,) = renewals(shop)
    assert order.status is OrderStatus.COMPLETED
    assert (order.total, order.payments[0].received) == (bought.price, Money(0, "USD"))
    assert f"{now_of(shop, bought).current_period_end:%d %b}" == "31 Mar"


def test_an_invoice_by_hand_is_kept_and_renews_nothing(shop: Twins) -> None:
    bought = hosted(shop)
    hear(shop, desk(shop).charge(ref(bought), Money(100, "USD")))
    assert [(i.reason, i.status) for i in invoices(shop, bought)][1:] == [(InvoiceReason.OTHER, InvoiceStatus.PAID)]
    assert renewals(shop) == []
    assert now_of(shop, bought).current_period_end == bought.current_period_end


def test_a_renewal_is_refunded_as_any_payment(shop: Twins) -> None:
    bought = hosted(shop)
    renew(shop, bought)
    (order,) = renewals(shop)
    request = shop.container.request_refund()
    request(order.payments[0].id, Money(200, "USD"), (), "a courtesy", BY)
    shop.work()
    (refund,) = shop.read(order).payments[0].refunds
    assert (refund.status.value, refund.amount) == ("succeeded", Money(200, "USD"))
    assert shop.gateway.pages[order.payments[0].payment_ref or ""].refunds


def test_a_period_collected_for_what_is_over_is_paid_back(shop: Twins) -> None:
    bought = hosted(shop)
    told = next_period(shop, bought)
    shop.ledger.write(BY, lambda uow: uow.subscriptions.lock(bought.id).end("by hand"))
    hear(shop, told)
    (order,) = renewals(shop)
    assert shop.statuses(order) == ["refunded", "refunded"]


def test_billing_begins_when_the_provider_has_told_of_the_card(shop: Twins) -> None:
    order = shop.buy(a_hosting(), a_hosting("pro", auto_renew=True))
    (pro,) = [item.subscription_id for item in order.items if item.opens_subscription and item.renews_by_itself]
    assert pro is not None
    assert not shop.ledger.read(lambda uow: uow.subscriptions.get(pro)).is_billed_by_provider
    keep_a_card(shop)
    shop.pass_time(timedelta(minutes=2))
    shop.sweep_and_work()
    assert shop.ledger.read(lambda uow: uow.subscriptions.get(pro)).is_billed_by_provider


def test_an_answer_lost_when_billing_began_is_one_billing(shop: Twins) -> None:
    shop.billing.lose_answer("begin")
    bought = hosted_with_a_name(shop)
    assert not bought.is_billed_by_provider
    for _ in range(3):
        shop.pass_time(timedelta(minutes=20))
        shop.sweep_and_work()
    assert now_of(shop, bought).is_billed_by_provider
    assert len(shop.billing.books.bills) == 1


def test_billing_that_can_not_begin_is_shown_until_somebody_helps(shop: Twins) -> None:
    shop.billing.fail_with(RetryLater("unreachable"), "begin", times=12)
    bought = hosted_with_a_name(shop)
    for _ in range(48):
        shop.pass_time(timedelta(hours=1))
        shop.sweep_and_work()
    (job,) = shop.jobs(JobKind.CREATE_STRIPE_SUBSCRIPTION)
    assert job.status is JobStatus.DEAD
    assert "could not begin" in (now_of(shop, bought).attention or "")
    shop.container.retry_job()(job.id, BY)
    shop.work()
    assert now_of(shop, bought).attention is None
    assert now_of(shop, bought).is_billed_by_provider


def test_billing_that_is_called_off_leaves_the_renewals_to_orders(shop: Twins) -> None:
    shop.billing.fail_with(RetryLater("unreachable"), "begin", times=100)
    bought = hosted_with_a_name(shop)
    (job,) = shop.jobs(JobKind.CREATE_STRIPE_SUBSCRIPTION)
    shop.container.cancel_job()(job.id, BY)
    assert shop.statuses(shop.buy(more_of(bought.id))) == ["completed", "fulfilled"]


def test_a_second_page_that_was_paid_bills_nobody_a_second_time(shop: Twins) -> None:
    order = shop.order(a_hosting(auto_renew=True))
    first = shop.container.start_payment()(order.id, "memory", {"customer_ref": "account_1"}, BY)
    shop.hear(shop.pay(first))
    shop.work()
    bought = of_order(shop, shop.read(order))
    again = shop.billing.books
    again.bills["bill_twice"] = type(again.bills[ref(bought)])(
        **{**vars(again.bills[ref(bought)]), "ref": "bill_twice"}
    )
    hear(shop, [desk(shop).notification("bill_twice")])
    assert again.bills["bill_twice"].is_over
    assert not again.bills[ref(bought)].is_over
    assert "without need" in shop.alerts()[-1].why
    again.bills["bill_twice"].status = again.bills[ref(bought)].status
    desk(shop).decline("bill_twice")
    hear(shop, desk(shop).turn("bill_twice"))
    assert invoices(shop, bought)[-1].is_owed
    assert now_of(shop, bought).status is SubscriptionStatus.ACTIVE
    assert renew(shop, bought).status is SubscriptionStatus.ACTIVE
    assert shop.ledger.read(lambda uow: owed_of(uow, bought.id)) == []


def test_billing_of_an_order_that_nobody_paid_ends_with_it(shop: Twins) -> None:
    order = shop.order(a_hosting(auto_renew=True))
    payment = shop.container.start_payment()(order.id, "memory", {"customer_ref": "account_1"}, BY)
    shop.gateway.submit(payment.id)
    # the provider begins before the slow method has brought anything
    page, (item,) = shop.gateway.pages[payment.id], order.items
    page.payment_ref = "money_never"
    shop.billing.open(page, item, "account_1")
    (bill,) = shop.billing.books.bills.values()
    hear(shop, [desk(shop).notification(bill.ref)])
    shop.pass_time(timedelta(hours=25))
    shop.sweep_and_work()
    assert shop.statuses(order)[0] == "expired"
    assert not bill.is_over
    hear(shop, [shop.gateway.fail(payment.id), desk(shop).notification(bill.ref)])
    assert bill.is_over


def test_billing_of_an_order_that_was_paid_back_before_delivery_ends(shop: Twins) -> None:
    order = shop.order(a_hosting(auto_renew=True))
    payment = shop.container.start_payment()(order.id, "memory", {"customer_ref": "account_1"}, BY)
    shop.hear(shop.pay(payment))
    shop.run(next(shop.queue.drain()))  # it is paid, and nobody delivers yet
    assert shop.statuses(order) == ["paid", "due"]
    shop.container.request_refund()(payment.id, None, (), "changed her mind", BY)
    shop.sweep_and_work()
    (bill,) = shop.billing.books.bills.values()
    assert bill.is_over
