"""The same thing twice: told, asked, swept or run again, it has its effect once."""

from datetime import datetime, timedelta

import pytest

from billing.application.unit_of_work import LedgerUnavailable
from billing.domain import DomainName, JobKind, JobStatus, Order, PaymentStatus, RefundStatus
from tests.builders import a_domain, a_hosting, a_renewal, more_of
from tests.fragile import FragileTwins, Killed, die
from tests.twins import BY

NAME = DomainName("example.rw")
MINUTE = timedelta(minutes=1)
BROKEN_RECORDS = pytest.mark.parametrize(
    "error", [LedgerUnavailable("gone"), ZeroDivisionError("a bug"), Killed()], ids=lambda error: type(error).__name__
)


@pytest.fixture
def shop() -> FragileTwins:
    return FragileTwins()


def work(shop: FragileTwins) -> None:
    """As a worker does; killed, it is started anew."""
    try:
        shop.work()
    except Killed:
        shop.queue.rung.clear()


def let_pass(shop: FragileTwins, times: int = 24, each: timedelta = 15 * MINUTE) -> None:
    for _ in range(times):
        shop.pass_time(each)
        shop.sweep_and_work()


def expiry(shop: FragileTwins) -> datetime:
    info = shop.registrar.info(NAME, shop.soon())
    assert info is not None
    return info.expires_at


def paid_renewal(shop: FragileTwins) -> tuple[Order, bytes]:
    """A renewal of one year, paid, with what tells of it."""
    shop.buy(a_domain("example.rw"))
    order = shop.order(a_renewal("example.rw"))
    return order, shop.pay(shop.start(order))


# ---------------------------------------------------------------------- renewals


def test_one_payment_told_many_times_renews_the_name_once(shop: FragileTwins) -> None:
    """FOSSBilling#3106: one payment extended a domain twice."""
    order, told = paid_renewal(shop)
    before = expiry(shop)
    told_anew = shop.gateway.notification(shop.read(order).payments[0].id)
    for body in (told, told_anew, told):
        shop.hear(body, body)
        shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert (shop.registrar.renews, expiry(shop)) == ({"example.rw": 1}, before.replace(year=before.year + 1))


@BROKEN_RECORDS
def test_a_name_is_renewed_once_though_the_record_after_the_renewal_failed(
    shop: FragileTwins, error: BaseException
) -> None:
    """Seen elsewhere: an extension went well, the step after it failed, and the next try extended once more."""
    order, told = paid_renewal(shop)
    shop.registrar.after["renew"] = shop.fail_the_record(error)
    shop.hear(told)
    work(shop)
    assert (shop.registrar.renews, shop.statuses(order)) == ({"example.rw": 1}, ["processing", "in_progress"])
    let_pass(shop)
    assert (shop.registrar.renews, shop.statuses(order)) == ({"example.rw": 1}, ["completed", "fulfilled"])
    held = shop.ledger.read(lambda uow: uow.registrations.of_name(NAME))
    assert held is not None
    assert (held.expires_at, held.renewing_item) == (expiry(shop), None)


def test_a_success_page_that_is_refreshed_renews_nothing_again(shop: FragileTwins) -> None:
    """Seen elsewhere: each reload of the page of success extended the name again."""
    order, _ = paid_renewal(shop)
    (payment,) = shop.read(order).payments
    for _ in range(10):
        shop.container.refresh_payment()(payment.id, BY)
        shop.work()
        shop.pass_time(MINUTE)
        shop.sweep_and_work()
    assert (shop.registrar.renews, shop.statuses(order)) == ({"example.rw": 1}, ["completed", "fulfilled"])


def test_a_sweep_every_fifteen_minutes_repeats_nothing_that_is_done_refused_or_dead(shop: FragileTwins) -> None:
    """Seen elsewhere: a sweeper of failed jobs did every quarter of an hour again what was not safe to repeat."""
    kept = shop.buy(a_domain("example.rw"), a_hosting())
    shop.buy(a_renewal("example.rw"), more_of(kept.items[1].subscription_id or ""))
    shop.registrar.refuse("prohibited", "register")
    shop.buy(a_domain("refused.rw"))
    shop.out_of_ids = frozenset({"sub"})
    shop.buy(a_hosting())
    let_pass(shop, 24, 60 * MINUTE)
    over = [(job.id, job.status, job.claim_no) for job in shop.jobs() if job.kind is not JobKind.CHECK_PAYMENT]
    asked = (list(shop.registrar.calls), list(shop.gateway.calls))
    shop.out_of_ids = frozenset()
    let_pass(shop, 24)
    assert {status for _, status, _ in over} == {JobStatus.SUCCEEDED, JobStatus.CANCELLED, JobStatus.DEAD}
    now = [(job.id, job.status, job.claim_no) for job in shop.jobs() if job.kind is not JobKind.CHECK_PAYMENT]
    assert now == over
    assert (shop.registrar.calls, shop.gateway.calls) == asked
    assert shop.registrar.renews == {"example.rw": 1}


# ---------------------------------------------------------------------- payments


def test_a_crash_between_the_providers_page_and_its_record_opens_no_second_page(shop: FragileTwins) -> None:
    """killbill#508: a crash before anything was written down led to a second charge after the restart."""
    order = shop.order(a_domain())
    shop.gateway.after["start"] = die
    with pytest.raises(Killed):
        shop.start(order)
    (payment,) = shop.read(order).payments
    assert payment.redirect_url is None
    let_pass(shop, 1)
    (payment,) = shop.read(order).payments
    assert payment.redirect_url is not None
    assert list(shop.gateway.pages) == [payment.id]


def test_a_webhook_processed_while_the_return_page_asks_the_provider_completes_the_order_once(
    shop: FragileTwins,
) -> None:
    """woocommerce-payments#3273, medusa#13301: the returning customer and the webhook completed one order at the same
    moment, with mails and work doubled.
    """
    order = shop.order(a_domain(), a_hosting())
    payment = shop.start(order)
    told = shop.pay(payment)

    def the_webhook_overtakes() -> None:
        shop.hear(told)
        shop.work()
        assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]

    shop.gateway.after["check"] = the_webhook_overtakes
    shop.container.refresh_payment()(payment.id, BY)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]
    assert shop.registrar.creates == {"example.rw": 1}
    for kind in (JobKind.REGISTER_DOMAIN, JobKind.ACTIVATE_SUBSCRIPTION):
        assert [job.claim_no for job in shop.jobs(kind)] == [1]
    (paid,) = shop.read(order).payments
    assert (paid.status, paid.surplus) == (PaymentStatus.SUCCEEDED, False)
    told_of = [mail.kind for mail in shop.notifier.delivered]
    assert len(told_of) == len(set(told_of)) == 4


@BROKEN_RECORDS
def test_a_refund_is_paid_once_though_the_record_after_it_failed(shop: FragileTwins, error: BaseException) -> None:
    order = shop.buy(a_hosting())
    (payment,) = order.payments
    shop.gateway.after["refund"] = shop.fail_the_record(error)
    shop.container.request_refund()(payment.id, None, (), "as asked", BY)
    work(shop)
    assert shop.read(order).payments[0].refunds[0].status is RefundStatus.PENDING
    let_pass(shop)
    assert shop.read(order).payments[0].refunds[0].status is RefundStatus.SUCCEEDED
    assert [back.amount for back in shop.gateway.pages[payment.id].refunds] == [payment.amount]
