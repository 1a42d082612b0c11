"""A process that has to go hands back what it is at: fenced, at once, and at no cost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dependency_injector import providers

from billing.application.ledger import Ledger
from billing.application.unit_of_work import LedgerUnavailable
from billing.application.work.jobs import Handler, Record, Run
from billing.application.work.under_way import HandBack, ProcessGoes, UnderWay
from billing.domain import Job, JobKind, JobRequest, JobStatus
from tests.builders import NOW, a_customer, a_domain
from tests.twins import BY, Twins

WANTED = JobRequest(JobKind.CHECK_PAYMENT, "pay_1")


class Interrupted(Handler):
    """While it works, something happens to its process."""

    def __init__(self, act: Callable[[Run], Any]) -> None:
        self.act = act

    def __call__(self, run: Run) -> Record:
        self.act(run)
        return lambda uow: uow.customers.add(a_customer("cus_late"))


def interrupt(shop: Twins, act: Callable[[Run], Any]) -> None:
    shop.container.handlers.override(providers.Object({WANTED.kind: Interrupted(act)}))
    shop.ledger.write(BY, lambda uow: uow.jobs.request(WANTED))
    shop.run(the_job(shop).id)


def the_job(shop: Twins) -> Job:
    (job,) = shop.jobs()
    return job


def test_what_runs_is_queued_again_at_once_and_its_late_thread_records_nothing(shop: Twins) -> None:
    seen: list[object] = []

    def stop(_: Run) -> None:
        shop.queue.rung.clear()
        seen.extend(shop.container.hand_back()() for _ in range(2))
        job = the_job(shop)
        seen.extend((job.status, job.attempts, job.due_at, [rung for rung, _ in shop.queue.rung] == [job.id]))

    interrupt(shop, stop)
    assert seen == [1, 0, JobStatus.QUEUED, 0, NOW, True], "a repeat finds nothing to hand back"
    assert the_job(shop).status is JobStatus.QUEUED
    assert "cus_late" not in {str(key) for _, key in shop.begin.store.rows}
    assert "job_claim_lost" in [name for name, _ in shop.telemetry.events]


def test_what_another_worker_took_over_meanwhile_is_left_to_it(shop: Twins) -> None:
    handed_back: list[int] = []

    def be_overtaken(run: Run) -> None:
        if run.claim_no == 1:
            shop.pass_time(timedelta(minutes=2))
            shop.ledger.write(BY, lambda uow: uow.jobs.lock(run.job_id).claim(uow.now(), timedelta(minutes=1)))  # type: ignore[union-attr]
            handed_back.append(shop.container.hand_back()())

    interrupt(shop, be_overtaken)
    assert handed_back == [0]
    assert (the_job(shop).status, the_job(shop).claim_no) == (JobStatus.RUNNING, 2)


def test_what_has_ended_is_not_handed_back(shop: Twins) -> None:
    interrupt(shop, lambda run: None)
    assert shop.container.hand_back()() == 0
    assert the_job(shop).status is JobStatus.SUCCEEDED


def test_what_was_interrupted_has_not_ended_and_is_handed_back(shop: Twins) -> None:
    def be_interrupted(_: Run) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt(shop, be_interrupted)
    assert the_job(shop).status is JobStatus.RUNNING
    assert shop.container.hand_back()() == 1
    assert (the_job(shop).status, the_job(shop).attempts) == (JobStatus.QUEUED, 0)


def test_a_process_that_goes_claims_nothing_more_and_rings_for_others_what_it_hears(shop: Twins) -> None:
    shop.ledger.write(BY, lambda uow: uow.jobs.request(WANTED))
    shop.container.hand_back()()
    shop.queue.rung.clear()
    shop.run(the_job(shop).id)
    assert (the_job(shop).status, the_job(shop).claim_no) == (JobStatus.QUEUED, 0)
    assert shop.queue.rung == [(the_job(shop).id, the_job(shop).priority)]


def test_a_claim_that_has_begun_is_waited_for_and_handed_back_too() -> None:
    under_way, begun, may_end = UnderWay(), Event(), Event()
    claimed = cast("Run", SimpleNamespace(job_id="job_1", claim_no=1))

    def claim() -> Run:
        begun.set()
        may_end.wait(10)
        return claimed

    with ThreadPoolExecutor() as threads:
        claiming = threads.submit(under_way.begin, claim)
        begun.wait(10)
        taking = threads.submit(under_way.take_all)
        while not refuses(under_way):
            assert not taking.done()
        assert not taking.done()
        may_end.set()
        assert (claiming.result(10), list(taking.result(10))) == (claimed, [claimed])


def refuses(under_way: UnderWay) -> bool:
    try:
        under_way.begin(lambda: None)
    except ProcessGoes:
        return True
    return False


def test_without_a_ledger_nothing_is_handed_back_and_the_lease_decides(shop: Twins) -> None:
    class Away:
        def __call__(self, by: str, *, reading: bool = False) -> Any:
            raise LedgerUnavailable("away")

    handed_back: list[int] = []

    def stop(_: Run) -> None:
        blind = Ledger(Away(), shop.queue, shop.telemetry)
        handed_back.append(HandBack(blind, shop.container.under_way(), shop.telemetry)())
        raise LedgerUnavailable("away")

    interrupt(shop, stop)
    assert handed_back == [0]
    assert the_job(shop).status is JobStatus.RUNNING
    assert {name for name, _ in shop.telemetry.alarms} == {"job_left_behind"}


def test_a_delivery_that_was_handed_back_after_its_effect_is_done_once(shop: Twins) -> None:
    order = shop.order(a_domain("a.rw"))
    shop.hear(shop.pay(shop.start(order)))

    def be_replaced() -> None:
        shop.container.hand_back()()
        shop.restart()

    shop.registrar.after_effect = be_replaced
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.registrar.creates == {"a.rw": 1}
    (delivery,) = shop.jobs(JobKind.REGISTER_DOMAIN)
    assert (delivery.attempts, delivery.claim_no) == (0, 2)
    shop.sweep_and_work()
