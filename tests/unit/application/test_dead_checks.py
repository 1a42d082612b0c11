"""A started attempt that nobody asks about is a person's business, until it is decided or asked about again."""

from datetime import timedelta

import pytest

from billing.application.outcomes import NeedsPerson
from billing.domain import Conflict, Job, JobKind, JobStatus, MailKind, Order
from tests.builders import a_domain
from tests.twins import BY, Twins


@pytest.fixture
def order(shop: Twins) -> Order:
    """Its customer went to the provider's page, and then its check died."""
    order = shop.order(a_domain())
    shop.start(order)
    shop.gateway.fail_with(NeedsPerson("no such account"), "check")
    shop.container.refresh_payment()(shop.read(order).payments[0].id, BY)
    shop.work()
    assert the_check(shop).status is JobStatus.DEAD
    return shop.read(order)


def the_check(shop: Twins) -> Job:
    (job,) = shop.jobs(JobKind.CHECK_PAYMENT)
    return job


def stands(shop: Twins, order: Order) -> tuple[str, str | None]:
    now = shop.read(order)
    return now.status.value, now.payments[0].attention


def test_its_order_asks_for_a_person(shop: Twins, order: Order) -> None:
    why = "how it stands can't be found out: no such account"
    assert stands(shop, order) == ("requires_attention", why)
    assert order.why == f"payment 1: {why}"
    assert order.payments[0].is_open
    assert [(alert.kind.value, alert.subject) for alert in shop.alerts()] == [("job_dead", the_check(shop).id)]
    moves = shop.ledger.read(lambda uow: uow.history.of([order.id]))
    assert [move.after for move in moves] == ["pending", "requires_attention"]


def test_an_attempt_that_its_provider_no_longer_knows_is_not_called_failed(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    told = shop.pay(payment)
    shop.gateway.refuse("no such session: another account's key", "check")
    shop.container.refresh_payment()(payment.id, BY)
    shop.work()
    assert stands(shop, order)[0] == "requires_attention"
    assert shop.read(order).payments[0].is_open
    assert shop.mailed(MailKind.PAYMENT_FAILED) == []
    assert [alert.kind.value for alert in shop.alerts()] == ["job_dead"]
    shop.hear(told)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_page_that_its_provider_will_not_close_is_told_to_a_person(shop: Twins) -> None:
    order = shop.order(a_domain())
    shop.start(order)
    shop.gateway.refuse("no such session: another account's key", "close")
    shop.container.cancel_order()(order.id, BY)
    shop.work()
    (closing,) = shop.jobs(JobKind.CLOSE_PAYMENT)
    assert closing.status is JobStatus.DEAD
    assert [(alert.kind.value, alert.subject) for alert in shop.alerts()] == [("job_dead", closing.id)]
    assert shop.read(order).payments[0].is_open


def test_asked_about_again_it_waits_as_before(shop: Twins, order: Order) -> None:
    shop.container.retry_job()(the_check(shop).id, BY)
    assert stands(shop, order) == ("pending", None)
    shop.work()
    assert the_check(shop).status is JobStatus.QUEUED
    assert stands(shop, order) == ("pending", None)


def test_a_refresh_asks_again_too(shop: Twins, order: Order) -> None:
    for _ in range(2):
        shop.pass_time(timedelta(minutes=1))
        shop.container.refresh_payment()(order.payments[0].id, BY)
        shop.sweep_and_work()
        assert stands(shop, order) == ("pending", None)


@pytest.mark.parametrize("told", ["pay", "cancel", "expire"])
def test_what_its_provider_tells_decides_it(shop: Twins, order: Order, told: str) -> None:
    notification = getattr(shop.gateway, told)(order.payments[0].id)
    for _ in range(2):
        shop.hear(notification)
        shop.work()
    status, attention = stands(shop, order)
    assert (status, attention) == ("completed" if told == "pay" else "pending", None)
    assert the_check(shop).status is JobStatus.SUCCEEDED, "nobody need ask any more"


def test_called_off_it_is_left_to_what_its_provider_tells(shop: Twins, order: Order) -> None:
    shop.container.cancel_job()(the_check(shop).id, BY)
    assert stands(shop, order) == ("pending", None)
    assert shop.read(order).payments[0].is_open


def test_until_then_it_takes_no_second_payment(shop: Twins, order: Order) -> None:
    with pytest.raises(Conflict, match="takes no payment"):
        shop.start(order)


def test_a_check_that_dies_after_its_attempt_was_decided_asks_for_nobody(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.hear(shop.gateway.cancel(payment.id))
    shop.work()
    shop.gateway.fail_with(NeedsPerson("no such account"), "check")
    shop.container.refresh_payment()(payment.id, BY)
    shop.work()
    assert the_check(shop).status is JobStatus.DEAD
    assert stands(shop, order) == ("pending", None)
