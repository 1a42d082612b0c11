"""A customer who owes puts in another card: it becomes the default, and pays what is owed; once, whatever is lost."""

from datetime import timedelta

import pytest

from billing.application.outcomes import OutcomeUnknown, RetryLater
from billing.application.subscriptions.another_card import is_under_way
from billing.application.subscriptions.owed import owed_of
from billing.domain import JobKind, JobStatus, MailKind, Subscription, SubscriptionStatus, Wallet
from tests.twins import BY, Twins
from tests.unit.application.billed import desk, hear, hosted, invoices, let_days_pass, now_of, ref, renew, renewals

PAGES = {"success_url": "https://ours.example/back", "cancel_url": "https://ours.example/"}
ACTIVE, PAST_DUE = SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE
WAITS, PAYS = JobKind.PAY_WITH_NEXT_METHOD, JobKind.PAY_INVOICE


@pytest.fixture
def owing(shop: Twins) -> Subscription:
    """Hosting that somebody owes for."""
    return unpaid(shop)


def unpaid(shop: Twins) -> Subscription:
    """Hosting whose second period could not be collected from the card that is saved."""
    account = shop.container.ensure_account()("cus_1", "memory", BY).customer_ref
    shop.hear(shop.methods.keep(str(account)))
    bought = hosted(shop)
    desk(shop).decline(ref(bought), 1)
    return renew(shop, bought)


def owe_another(shop: Twins, owing: Subscription) -> None:
    """One more period that could not be collected."""
    desk(shop).decline(ref(owing), 1)
    shop.pass_time(timedelta(days=31))
    hear(shop, desk(shop).catch_up())


def wallet(shop: Twins) -> Wallet:
    found = shop.ledger.read(lambda uow: uow.wallets.of_customer("cus_1", "memory"))
    assert found is not None
    return found


def go(shop: Twins, owing: Subscription) -> str:
    """To the provider's page; its id."""
    page = shop.container.owing.put_in_card()(owing.id, PAGES, BY).session_ref
    assert page is not None
    shop.work()
    return page


def come_back(shop: Twins, owing: Subscription) -> None:
    shop.pass_time(timedelta(seconds=6))
    shop.container.owing.put_in_card().look_again(owing.id, BY)
    shop.work()


def pays(shop: Twins) -> int:
    return sum(call == "pay" for call, _ in shop.billing.calls)


def test_a_card_that_is_put_in_pays_what_is_owed_and_what_renews_from_then_on(shop: Twins, owing: Subscription) -> None:
    assert owing.status is PAST_DUE
    (mail,) = shop.mailed(MailKind.SUBSCRIPTION_PAST_DUE)
    assert mail.data["link"] == shop.container.pay_links()(owing.id)
    page = go(shop, owing)
    assert pays(shop) == 0
    shop.hear(shop.methods.save(page))
    shop.work()
    come_back(shop, owing)
    assert now_of(shop, owing).status is ACTIVE
    assert len(renewals(shop)) == 1
    saved = wallet(shop).usable[-1]
    assert wallet(shop).default_ref == saved.ref
    assert shop.methods.defaults == {wallet(shop).customer_ref: saved.ref}
    for _ in range(3):
        come_back(shop, owing)
    assert (pays(shop), [job.status for job in shop.jobs(WAITS)]) == (1, [JobStatus.SUCCEEDED])
    (owed,) = [invoice.id for invoice in invoices(shop, owing) if invoice.has_failed]
    assert [job.subject for job in shop.jobs(PAYS)] == [f"{owed}:{saved.id}"]


def test_word_of_the_card_that_is_lost_is_not_needed_nor_that_the_browser_comes_back(
    shop: Twins, owing: Subscription
) -> None:
    shop.methods.save(go(shop, owing))
    for _ in range(3):
        shop.pass_time(timedelta(seconds=30))
        shop.sweep_and_work()
    assert now_of(shop, owing).status is ACTIVE
    assert pays(shop) == 1


def test_another_card_that_is_declined_leaves_it_owed_and_the_next_one_pays(shop: Twins, owing: Subscription) -> None:
    desk(shop).decline(ref(owing), 1)
    shop.hear(shop.methods.save(go(shop, owing)))
    come_back(shop, owing)
    assert now_of(shop, owing).status is PAST_DUE
    come_back(shop, owing)
    assert pays(shop) == 1
    shop.hear(shop.methods.save(go(shop, owing)))
    come_back(shop, owing)
    assert now_of(shop, owing).status is ACTIVE
    assert [job.status for job in shop.jobs(WAITS)] == [JobStatus.SUCCEEDED] * 2


def test_of_several_that_are_owed_each_is_tried_once_the_one_before_is_paid(shop: Twins, owing: Subscription) -> None:
    owe_another(shop, owing)
    shop.hear(shop.methods.save(go(shop, owing)))
    come_back(shop, owing)
    assert (now_of(shop, owing).status, pays(shop)) == (ACTIVE, 2)
    owed = [invoice.id for invoice in invoices(shop, owing) if invoice.has_failed]
    assert [job.subject for job in shop.jobs(PAYS)] == [f"{one}:{wallet(shop).usable[-1].id}" for one in owed]


def test_where_the_first_of_several_is_declined_the_others_are_not_tried(shop: Twins, owing: Subscription) -> None:
    owe_another(shop, owing)
    desk(shop).decline(ref(owing), 1)
    shop.hear(shop.methods.save(go(shop, owing)))
    come_back(shop, owing)
    assert (now_of(shop, owing).status, pays(shop)) == (PAST_DUE, 1)


def test_what_was_paid_before_its_turn_hands_on_to_the_next(shop: Twins, owing: Subscription) -> None:
    owe_another(shop, owing)
    shop.hear(shop.methods.save(go(shop, owing)))
    shop.billing.fail_with(RetryLater("away"), "pay")
    come_back(shop, owing)
    first, _ = [invoice for invoice in invoices(shop, owing) if invoice.has_failed]
    hear(shop, desk(shop).retry(first.invoice_ref))
    assert now_of(shop, owing).status is PAST_DUE
    shop.pass_time(timedelta(minutes=5))
    shop.run(shop.jobs(PAYS)[0].id)
    shop.work()
    assert now_of(shop, owing).status is ACTIVE


def test_until_the_card_is_charged_it_is_under_way(shop: Twins, owing: Subscription) -> None:
    shop.hear(shop.methods.save(go(shop, owing)))
    shop.billing.fail_with(RetryLater("away"), "pay")
    come_back(shop, owing)
    assert [job.status for job in shop.jobs(WAITS)] == [JobStatus.SUCCEEDED]
    assert shop.ledger.read(lambda uow: is_under_way(uow, owing))
    shop.pass_time(timedelta(minutes=5))
    shop.sweep_and_work()
    assert now_of(shop, owing).status is ACTIVE
    assert not shop.ledger.read(lambda uow: is_under_way(uow, owing))


def test_a_card_that_was_removed_before_it_was_found_is_not_charged(shop: Twins, owing: Subscription) -> None:
    shop.hear(shop.methods.save(go(shop, owing)))
    shop.run(shop.jobs(JobKind.PROCESS_EVENT)[-1].id)
    put_in = wallet(shop).usable[-1]
    shop.container.remove_method()("cus_1", put_in.id, BY)
    come_back(shop, owing)
    assert (now_of(shop, owing).status, pays(shop), shop.jobs(PAYS)) == (PAST_DUE, 0, [])


def test_an_answer_that_is_lost_is_asked_for_under_the_same_key(shop: Twins, owing: Subscription) -> None:
    shop.billing.fail_with(OutcomeUnknown("cut"), "pay")
    shop.hear(shop.methods.save(go(shop, owing)))
    come_back(shop, owing)
    for _ in range(3):
        shop.pass_time(timedelta(minutes=5))
        shop.sweep_and_work()
    assert now_of(shop, owing).status is ACTIVE
    assert len(renewals(shop)) == 1


def test_a_page_that_nobody_uses_is_waited_for_a_day_in_ever_longer_pauses(shop: Twins, owing: Subscription) -> None:
    go(shop, owing)
    looks = 0
    for _ in range(27 * 12):
        shop.pass_time(timedelta(minutes=5))
        before = len(shop.methods.calls)
        shop.sweep_and_work()
        looks += len(shop.methods.calls) - before
    assert [job.status for job in shop.jobs(WAITS)] == [JobStatus.SUCCEEDED]
    assert looks < 60
    assert shop.alerts() == []
    shop.hear(shop.methods.save(go(shop, owing)))  # the same occasion, a day later
    come_back(shop, owing)
    assert now_of(shop, owing).status is ACTIVE


def test_paid_meanwhile_the_new_card_is_only_saved(shop: Twins, owing: Subscription) -> None:
    page = go(shop, owing)
    hear(shop, desk(shop).retry(list(shop.billing.books.invoices)[-1]))
    shop.hear(shop.methods.save(page))
    come_back(shop, owing)
    assert pays(shop) == 0
    assert now_of(shop, owing).status is ACTIVE
    let_days_pass(shop, 2)
    assert shop.ledger.read(lambda uow: owed_of(uow, owing.id)) == []
