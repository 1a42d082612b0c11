"""Reconciliation by itself: a chain of jobs at every interval, however many workers ask, however late they come."""

import doctest
from collections.abc import Sequence
from datetime import timedelta

import pytest

from billing.application.books import reconciling
from billing.application.outcomes import RetryLater
from billing.domain import Job, JobKind, JobStatus, Order
from tests.builders import a_domain
from tests.twins import Twins

INTERVAL = timedelta(hours=6)


class Careful(Twins):
    """Reconciles every six hours."""

    reconcile_interval_hours = 6.0


@pytest.fixture
def shop() -> Twins:
    return Careful()


def parts(shop: Twins) -> Sequence[Job]:
    return shop.jobs(JobKind.RECONCILE)


def of(shop: Twins, reconciler: str) -> Sequence[Job]:
    return [job for job in parts(shop) if job.subject.startswith(reconciler)]


def unheard(shop: Twins, number: int) -> list[Order]:
    """So many orders are paid, and no notification comes."""
    orders = [shop.order(a_domain(f"n{n}.rw")) for n in range(number)]
    for order in orders:
        shop.pay(shop.start(order))
    return orders


def go_on(shop: Twins, times: int = 1) -> None:
    """Intervals go by, and a worker keeps house in each."""
    for _ in range(times):
        shop.pass_time(INTERVAL)
        shop.sweep_and_work()


def test_a_part_is_told_by_its_jobs_subject() -> None:
    assert doctest.testmod(reconciling).failed == 0


def test_lost_notifications_are_found_in_the_next_interval_but_one(shop: Twins) -> None:
    orders = unheard(shop, 5)
    go_on(shop, 2)
    assert {shop.statuses(order)[0] for order in orders} == {"completed"}
    assert all(job.status is JobStatus.SUCCEEDED for job in parts(shop))


def test_a_long_list_is_a_chain_of_small_jobs(shop: Twins) -> None:
    unheard(shop, 5)
    go_on(shop, 2)
    assert [job.subject.rpartition("|")[2] for job in of(shop, "memory events")] == ["", "3", ""]


def test_each_interval_is_asked_for_once_however_many_workers_keep_house(shop: Twins) -> None:
    for _ in range(5):
        shop.sweep_and_work()
    first = parts(shop)
    assert len(first) == len(shop.container.comparing.reconcilers()) == 6
    go_on(shop)
    shop.restart()
    shop.sweep_and_work()
    assert len(parts(shop)) == 2 * len(first)


def test_workers_that_were_away_catch_up_and_not_beyond_their_reach(shop: Twins) -> None:
    shop.sweep_and_work()
    shop.pass_time(4 * INTERVAL)
    shop.sweep_and_work()
    assert len(of(shop, "memory events")) == 5
    shop.pass_time(timedelta(days=300))
    shop.sweep_and_work()
    assert len(of(shop, "memory events")) == 5 + 12  # three days of them
    assert len({job.dedup_key for job in parts(shop)}) == len(parts(shop))


def test_one_at_a_time_and_after_everything_else(shop: Twins) -> None:
    limits = shop.container.job_limits()[JobKind.RECONCILE]
    assert limits.concurrency_max == 1
    unheard(shop, 1)
    go_on(shop, 2)
    lowest = min(job.priority for job in shop.jobs() if job.kind is not JobKind.RECONCILE)
    assert {job.priority < lowest for job in parts(shop)} == {True}


def test_a_provider_that_does_not_answer_is_asked_again_and_nothing_is_lost(shop: Twins) -> None:
    (order,) = unheard(shop, 1)
    go_on(shop)
    shop.pass_time(INTERVAL)
    shop.feed.fail_with(RetryLater("no answer"))
    shop.sweep_and_work()
    assert [job.why for job in parts(shop) if job.status is JobStatus.QUEUED] == ["no answer"]
    shop.pass_time(timedelta(hours=1))
    shop.sweep_and_work()
    assert shop.statuses(order)[0] == "completed"


def test_an_attempt_is_compared_when_it_must_have_been_decided(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.ledger.write("a test", lambda uow: uow.orders.lock(order.id).payment(payment.id).fail("nobody could ask"))
    shop.pay(payment)
    shop.gateway.told.clear()
    shop.ledger.write("a test", _lose_the_check)
    go_on(shop, 4)
    assert shop.statuses(order)[0] in ("pending", "expired")
    go_on(shop, 2)
    assert shop.statuses(order)[0] == "completed"


def _lose_the_check(uow) -> None:  # type: ignore[no-untyped-def]
    for job in uow.jobs.page(None, JobKind.CHECK_PAYMENT, None, 9):
        uow.jobs.lock(job.id).cancel("lost", uow.now())


def test_a_difference_is_reported_as_it_is_found(shop: Twins) -> None:
    unheard(shop, 1)
    go_on(shop, 2)
    (report,) = [fields for name, fields in shop.telemetry.events if name == "reconcile_difference"]
    assert (report["reconciler"], report["done"]) == ("memory events", "repaired")


def test_a_reconciler_that_is_gone_is_asked_no_more(shop: Twins) -> None:
    part = reconciling.Part("kpay events", shop.now - INTERVAL, shop.now)
    shop.ledger.write("a test", lambda uow: uow.jobs.request(part.job))
    shop.work()
    (job,) = of(shop, "kpay events")
    assert (job.status, job.why) == (JobStatus.CANCELLED, "there is no reconciler kpay events any more")


def test_without_an_interval_nothing_is_reconciled_by_itself() -> None:
    shop = Twins()
    go_on(shop, 3)
    assert parts(shop) == []
