"""What nobody pays for is past due, served for a while, suspended and ended; and back at once when it is paid."""

from datetime import timedelta
from itertools import permutations

import pytest

from billing.application.outcomes import RetryLater
from billing.application.subscriptions.owed import try_owed
from billing.application.unit_of_work import UnitOfWork
from billing.domain import InvoiceStatus, JobKind, JobStatus, MailKind, SubscriptionStatus
from tests.builders import more_of
from tests.twins import BY, Twins
from tests.unit.application.billed import (
    desk,
    done,
    hear,
    hosted,
    hosted_by_orders,
    invoices,
    keep_a_card,
    let_days_pass,
    next_period,
    now_of,
    pass_until,
    ref,
    renew,
    renewals,
)

ACTIVE, PAST_DUE = SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE
SUSPENDED, ENDED = SubscriptionStatus.SUSPENDED, SubscriptionStatus.ENDED


def unpaid(shop: Twins, times: int = 100):  # type: ignore[no-untyped-def]
    """A period begins that the bank does not pay for."""
    bought = hosted(shop)
    desk(shop).decline(ref(bought), times)
    return renew(shop, bought)


def newest(shop: Twins) -> str:
    """The provider's id of the invoice that was written last."""
    return list(shop.billing.books.invoices)[-1]


def pay_it(shop: Twins) -> list[bytes]:
    """The customer's card works again."""
    shop.billing.books.declines.clear()
    return desk(shop).retry(newest(shop))


# ---------------------------------------------------------------------- what a provider could not collect


def test_a_declined_renewal_is_past_due_and_service_goes_on(shop: Twins) -> None:
    bought = unpaid(shop)
    assert (bought.status, bought.past_due_since) == (PAST_DUE, shop.now)
    (mail,) = shop.mailed(MailKind.SUBSCRIPTION_PAST_DUE)
    assert (mail.data["amount"], mail.data["until"]) == ("4.99 USD", f"{shop.now + timedelta(days=7):%Y-%m-%d}")
    assert renewals(shop) == []


def test_each_failed_try_is_the_same_occasion(shop: Twins) -> None:
    bought = unpaid(shop)
    for _ in range(3):
        shop.pass_time(timedelta(days=1))
        hear(shop, desk(shop).retry(newest(shop)) * 2)
    assert now_of(shop, bought).past_due_since == bought.past_due_since
    assert invoices(shop, bought)[-1].attempts == 4
    assert len(shop.mailed(MailKind.SUBSCRIPTION_PAST_DUE)) == 1


def test_paid_within_the_grace_it_was_never_suspended(shop: Twins) -> None:
    bought = unpaid(shop)
    let_days_pass(shop, 6)
    hear(shop, pay_it(shop))
    back = now_of(shop, bought)
    assert (back.status, back.past_due_since) == (ACTIVE, None)
    assert f"{back.current_period_end:%d %b}" == "31 Mar"
    let_days_pass(shop, 2)
    assert done(shop, JobKind.SUSPEND_SUBSCRIPTION) == []


def test_after_the_grace_it_is_suspended_and_after_that_it_ends(shop: Twins) -> None:
    bought = unpaid(shop)
    let_days_pass(shop, 6)
    assert now_of(shop, bought).status is PAST_DUE
    let_days_pass(shop, 1)
    assert now_of(shop, bought).status is SUSPENDED
    (mail,) = shop.mailed(MailKind.SUBSCRIPTION_SUSPENDED)
    assert mail.data["until"] == f"{shop.now + timedelta(days=23):%Y-%m-%d}"
    assert done(shop, JobKind.SUSPEND_SUBSCRIPTION) == [f"{bought.id}:{invoices(shop, bought)[-1].id}"]
    let_days_pass(shop, 22)
    assert now_of(shop, bought).status is SUSPENDED
    let_days_pass(shop, 1)
    assert now_of(shop, bought).status is ENDED
    assert shop.billing.books.bills[ref(bought)].is_over
    assert [mail.data["cause"] for mail in shop.mailed(MailKind.SUBSCRIPTION_ENDED)] == ["unpaid"]
    let_days_pass(shop, 3)
    assert len(done(shop, JobKind.END_SUBSCRIPTION)) == len(shop.mailed(MailKind.SUBSCRIPTION_ENDED)) == 1


def test_suspended_it_is_back_at_once_when_it_is_paid(shop: Twins) -> None:
    bought = unpaid(shop)
    let_days_pass(shop, 9)
    shop.hear(pay_it(shop)[1])
    shop.run(next(shop.queue.drain()))  # the notification is read, and nothing else done yet
    assert now_of(shop, bought).status is ACTIVE
    shop.sweep_and_work()
    assert f"{now_of(shop, bought).current_period_end:%d %b}" == "31 Mar"
    assert len(renewals(shop)) == 1


def test_a_tick_that_comes_late_and_twice_suspends_once(shop: Twins) -> None:
    bought = unpaid(shop)
    shop.pass_time(timedelta(days=12))
    for _ in range(3):
        shop.container.hosting.tick_subscriptions()()
    shop.work()
    assert now_of(shop, bought).status is SUSPENDED
    assert len(done(shop, JobKind.SUSPEND_SUBSCRIPTION)) == len(shop.mailed(MailKind.SUBSCRIPTION_SUSPENDED)) == 1


def test_whoever_paid_is_not_suspended_though_every_word_of_it_was_lost(shop: Twins) -> None:
    bought = unpaid(shop)
    pay_it(shop)
    let_days_pass(shop, 8)
    assert now_of(shop, bought).status is ACTIVE
    assert shop.mailed(MailKind.SUBSCRIPTION_SUSPENDED) == []
    assert len(renewals(shop)) == 1


def test_the_provider_is_asked_once_more_before_service_stops(shop: Twins) -> None:
    bought = unpaid(shop)
    pay_it(shop)
    shop.pass_time(timedelta(days=7))
    shop.container.hosting.tick_subscriptions()()
    (job,) = shop.jobs(JobKind.SUSPEND_SUBSCRIPTION)
    shop.run(job.id)
    assert now_of(shop, bought).status is ACTIVE
    assert len(renewals(shop)) == 1


def test_while_the_provider_does_not_say_nobody_is_suspended(shop: Twins) -> None:
    bought = unpaid(shop)
    shop.billing.fail_with(RetryLater("away"), "invoices", times=3)
    shop.pass_time(timedelta(days=7))
    shop.sweep_and_work()
    assert now_of(shop, bought).status is PAST_DUE
    let_days_pass(shop, 1)
    assert now_of(shop, bought).status is SUSPENDED


def test_nothing_is_suspended_while_a_charge_is_in_flight(shop: Twins) -> None:
    bought = unpaid(shop, times=1)
    desk(shop).collect_slowly(ref(bought))
    hear(shop, desk(shop).retry(newest(shop)))
    assert now_of(shop, bought).status is PAST_DUE
    let_days_pass(shop, 12)
    assert now_of(shop, bought).status is PAST_DUE
    assert done(shop, JobKind.SUSPEND_SUBSCRIPTION) == []
    hear(shop, desk(shop).settle(newest(shop), "insufficient_funds"))
    let_days_pass(shop, 1)
    assert now_of(shop, bought).status is SUSPENDED


def test_a_charge_begun_after_the_tick_keeps_the_suspension_back(shop: Twins) -> None:
    bought = unpaid(shop, times=1)
    shop.pass_time(timedelta(days=7))
    shop.container.hosting.tick_subscriptions()()
    desk(shop).collect_slowly(ref(bought))
    desk(shop).retry(newest(shop))
    shop.work()
    assert now_of(shop, bought).status is PAST_DUE
    (job,) = shop.jobs(JobKind.SUSPEND_SUBSCRIPTION)
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 0)
    hear(shop, desk(shop).settle(newest(shop)))
    let_days_pass(shop, 1)
    assert now_of(shop, bought).status is ACTIVE
    assert [job.status for job in shop.jobs(JobKind.SUSPEND_SUBSCRIPTION)] == [JobStatus.SUCCEEDED]


def test_a_first_charge_in_flight_is_not_past_due(shop: Twins) -> None:
    bought = hosted(shop)
    desk(shop).collect_slowly(ref(bought))
    assert renew(shop, bought).status is ACTIVE
    let_days_pass(shop, 10)
    assert now_of(shop, bought).status is ACTIVE
    hear(shop, desk(shop).settle(newest(shop)))
    assert f"{now_of(shop, bought).current_period_end:%d %b}" == "31 Mar"


def test_a_bank_that_wants_the_customer_s_consent_is_told_to_the_customer(shop: Twins) -> None:
    bought = hosted(shop)
    desk(shop).ask_customer(ref(bought))
    assert renew(shop, bought).status is PAST_DUE
    (mail,) = shop.mailed(MailKind.PAYMENT_ACTION_NEEDED)
    assert mail.data["link"] == shop.container.pay_links()(bought.id)
    assert shop.mailed(MailKind.SUBSCRIPTION_PAST_DUE) == []
    let_days_pass(shop, 6)
    assert now_of(shop, bought).status is PAST_DUE
    hear(shop, pay_it(shop))
    assert now_of(shop, bought).status is ACTIVE


def test_the_mail_has_a_page_of_ours_to_pay_on(shop: Twins) -> None:
    bought = unpaid(shop)
    (mail,) = shop.mailed(MailKind.SUBSCRIPTION_PAST_DUE)
    assert mail.data["link"] == shop.container.pay_links()(bought.id)


def test_another_card_is_tried_at_once_for_what_is_owed(shop: Twins) -> None:
    keep_a_card(shop)
    bought = unpaid(shop)
    let_days_pass(shop, 8)
    assert now_of(shop, bought).status is SUSPENDED
    shop.billing.books.declines.clear()

    def put_in_another(uow: UnitOfWork) -> None:
        wallet = uow.wallets.lock("wal_1")
        wallet.keep("mth_2", "card_2", shop.now)
        wallet.make_default("card_2")
        try_owed(uow, bought.id, "mth_2")

    for _ in range(2):
        shop.ledger.write(BY, put_in_another)
        shop.work()
    assert now_of(shop, bought).status is ACTIVE
    assert done(shop, JobKind.PAY_INVOICE) == [f"{invoices(shop, bought)[-1].id}:mth_2"]
    assert [call for call, _ in shop.billing.calls].count("pay") == 1
    assert len(renewals(shop)) == 1


def test_another_card_that_is_declined_too_leaves_it_owed(shop: Twins) -> None:
    keep_a_card(shop)
    bought = unpaid(shop)
    shop.ledger.write(BY, lambda uow: try_owed(uow, bought.id, "mth_1"))
    shop.work()
    assert now_of(shop, bought).status is PAST_DUE
    assert invoices(shop, bought)[-1].attempts == 2
    assert len(shop.mailed(MailKind.SUBSCRIPTION_PAST_DUE)) == 1


def test_without_a_debt_nothing_is_tried(shop: Twins) -> None:
    keep_a_card(shop)
    bought = hosted(shop)
    shop.ledger.write(BY, lambda uow: try_owed(uow, bought.id, "mth_1"))
    assert done(shop, JobKind.PAY_INVOICE) == []


def test_what_is_being_charged_is_not_tried_beside(shop: Twins) -> None:
    keep_a_card(shop)
    bought = unpaid(shop, times=1)
    shop.ledger.write(BY, lambda uow: try_owed(uow, bought.id, "mth_1"))
    desk(shop).collect_slowly(ref(bought))
    for body in desk(shop).retry(newest(shop)):
        shop.hear(body)
    *_, event = shop.jobs(JobKind.PROCESS_EVENT)
    shop.run(event.id)
    shop.work()
    assert invoices(shop, bought)[-1].is_in_flight
    assert ("pay", newest(shop)) not in shop.billing.calls


def test_it_ends_when_the_provider_gives_up(shop: Twins) -> None:
    bought = unpaid(shop)
    hear(shop, desk(shop).give_up(newest(shop)))
    ended = now_of(shop, bought)
    assert ended.status is ENDED
    assert "payment_failed" in (ended.why or "")
    assert [mail.data["cause"] for mail in shop.mailed(MailKind.SUBSCRIPTION_ENDED)] == ["unpaid"]


def test_what_is_voided_is_owed_no_more(shop: Twins) -> None:
    bought = unpaid(shop)
    hear(shop, desk(shop).void(newest(shop)))
    assert now_of(shop, bought).status is ACTIVE
    assert invoices(shop, bought)[-1].status is InvoiceStatus.VOID
    assert renewals(shop) == []


@pytest.mark.parametrize("order_of_telling", list(permutations(range(4))))
def test_an_unpaid_period_comes_to_the_same_however_it_is_told(shop: Twins, order_of_telling: tuple[int, ...]) -> None:
    bought = hosted(shop)
    desk(shop).decline(ref(bought), times=100)
    told = next_period(shop, bought) + desk(shop).retry("inv_2")
    for n in order_of_telling:
        hear(shop, [told[n]] * 2)
    due = now_of(shop, bought)
    assert (due.status, due.past_due_since) == (PAST_DUE, shop.now)
    assert len(shop.mailed(MailKind.SUBSCRIPTION_PAST_DUE)) == 1


def test_a_status_alone_has_the_invoices_read(shop: Twins) -> None:
    bought = hosted(shop)
    desk(shop).decline(ref(bought), times=100)
    told = next_period(shop, bought)
    hear(shop, told[:1])
    assert now_of(shop, bought).status is PAST_DUE
    shop.pass_time(timedelta(days=1))
    hear(shop, pay_it(shop)[:1])
    assert now_of(shop, bought).status is ACTIVE
    assert len(renewals(shop)) == 1


# ---------------------------------------------------------------------- what nobody renews


def test_hosting_that_nobody_renews_goes_the_same_way(shop: Twins) -> None:
    bought = hosted_by_orders(shop)
    let_days_pass(shop, 28)
    assert now_of(shop, bought).status is PAST_DUE
    let_days_pass(shop, 7)
    assert now_of(shop, bought).status is SUSPENDED
    let_days_pass(shop, 23)
    assert now_of(shop, bought).status is ENDED
    mailed = (MailKind.SUBSCRIPTION_PAST_DUE, MailKind.SUBSCRIPTION_SUSPENDED, MailKind.SUBSCRIPTION_ENDED)
    assert [len(shop.mailed(kind)) for kind in mailed] == [1, 1, 1]
    assert shop.billing.calls == []


@pytest.mark.parametrize("days_late", [3, 12])
def test_a_renewal_by_order_brings_it_back(shop: Twins, days_late: int) -> None:
    bought = hosted_by_orders(shop)
    let_days_pass(shop, 28 + days_late)
    assert now_of(shop, bought).status is (PAST_DUE if days_late < 7 else SUSPENDED)
    assert shop.statuses(shop.buy(more_of(bought.id)))[0] == "completed"
    back = now_of(shop, bought)
    assert (back.status, back.past_due_since) == (ACTIVE, None)
    assert f"{back.current_period_end:%d %b}" == "31 Mar"
    let_days_pass(shop, 5)
    assert now_of(shop, bought).status is ACTIVE


def test_each_unpaid_period_is_an_occasion_of_its_own(shop: Twins) -> None:
    bought = hosted_by_orders(shop)
    for periods in (1, 2):
        let_days_pass(shop, 40)
        assert done(shop, JobKind.SUSPEND_SUBSCRIPTION)[-1] == f"{bought.id}:{periods}"
        shop.buy(more_of(bought.id))
    assert len(shop.mailed(MailKind.SUBSCRIPTION_PAST_DUE)) == 2


def test_one_that_can_not_be_looked_at_keeps_no_other_waiting(shop: Twins) -> None:
    broken, bought = hosted_by_orders(shop), hosted_by_orders(shop)

    def spoil(uow) -> None:  # type: ignore[no-untyped-def]
        uow.subscriptions.lock(broken.id).customer_id = "cus_nobody"

    shop.ledger.write(BY, spoil)
    pass_until(shop, bought.current_period_end)
    shop.sweep_and_work()
    assert now_of(shop, bought).status is PAST_DUE
    assert [name for name, _ in shop.telemetry.alarms] == ["subscription_not_looked_at"]
