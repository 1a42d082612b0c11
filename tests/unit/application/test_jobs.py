"""The engine: every way a run can end, the fence, and what a person gets to see."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from dependency_injector import providers

from billing.application.outcomes import NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable, UnitOfWork
from billing.application.work.engine import RunJob
from billing.application.work.jobs import Handler, Record, Run
from billing.domain import Job, JobKind, JobRequest, JobStatus
from tests.builders import NOW, a_customer
from tests.twins import BY, Twins

WANTED = JobRequest(JobKind.CHECK_PAYMENT, "pay_1")
LEASE = timedelta(seconds=61)


class Scripted(Handler):
    """Does what the test says, and remembers what the engine told it."""

    def __init__(self, act: Callable[[Run], Record]) -> None:
        self.act, self.told = act, list[str]()

    def __call__(self, run: Run) -> Record:
        return self.act(run)

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        self.told.append(f"refused: {why}")

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        self.told.append(f"buried: {why}")

    def revived(self, uow: UnitOfWork, job: Job) -> None:
        self.told.append("revived")


def script(shop: Twins, act: Callable[[Run], Record]) -> Scripted:
    handler = Scripted(act)
    shop.container.handlers.override(providers.Object({**shop.container.handlers(), WANTED.kind: handler}))
    shop.ledger.write(BY, lambda uow: uow.jobs.request(WANTED))
    return handler


def fail_with(error: Exception) -> Callable[[Run], Record]:
    def act(run: Run) -> Record:
        raise error

    return act


def the_job(shop: Twins) -> Job:
    (job,) = shop.jobs(WANTED.kind)
    return job


@pytest.mark.parametrize(
    ("error", "status", "attempts", "told"),
    [
        (RetryLater("busy"), JobStatus.QUEUED, 1, []),
        (OutcomeUnknown("cut"), JobStatus.QUEUED, 1, []),
        (ConcurrentChange("faster"), JobStatus.QUEUED, 1, []),
        (ZeroDivisionError("a bug"), JobStatus.QUEUED, 1, []),
        (NotYet("pending", timedelta(hours=1)), JobStatus.QUEUED, 0, []),
        (Refused("no"), JobStatus.CANCELLED, 0, ["refused: no"]),
        (NeedsPerson("a riddle"), JobStatus.DEAD, 0, ["buried: a riddle"]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_run_ends_in_one_of_a_closed_set(
    shop: Twins, error: Exception, status: JobStatus, attempts: int, told: list[str]
) -> None:
    handler = script(shop, fail_with(error))
    shop.work()
    assert (the_job(shop).status, the_job(shop).attempts, handler.told) == (status, attempts, told)


def test_a_bug_is_loud(shop: Twins) -> None:
    script(shop, fail_with(ZeroDivisionError("a bug")))
    shop.work()
    assert shop.telemetry.alarms[0][0] == "job_bug"


def test_retry_after_is_honoured(shop: Twins) -> None:
    script(shop, fail_with(RetryLater("busy", after_seconds=500)))
    shop.work()
    assert the_job(shop).due_at >= NOW + timedelta(seconds=500)


def test_after_the_last_attempt_it_is_dead_and_a_person_is_told(shop: Twins) -> None:
    handler = script(shop, fail_with(RetryLater("busy")))
    for _ in range(30):
        shop.work()
        shop.pass_time(timedelta(hours=1))
        shop.sweep_and_work()
    assert (the_job(shop).status, the_job(shop).attempts) == (JobStatus.DEAD, 12)
    assert handler.told == ["buried: busy"]
    assert [name for name, _ in shop.telemetry.alarms] == ["job_dead"]


def test_a_revived_job_has_all_its_attempts_and_patience_again(shop: Twins) -> None:
    handler = script(shop, fail_with(NotYet("pending", timedelta(hours=400))))
    for _ in range(2):
        shop.sweep_and_work()
        shop.pass_time(timedelta(hours=401))
    shop.sweep_and_work()
    assert the_job(shop).status is JobStatus.DEAD
    shop.container.retry_job()(the_job(shop).id, BY)
    shop.work()
    assert (the_job(shop).status, the_job(shop).attempts) == (JobStatus.QUEUED, 0)
    assert handler.told == ["buried: waited too long: pending", "revived"]


def test_a_lost_worker_costs_an_attempt_each_time(shop: Twins) -> None:
    class Killed(BaseException):
        """What SIGKILL looks like from inside."""

    def die(run: Run) -> Record:
        raise Killed

    handler = script(shop, die)
    for spent in range(12):
        assert the_job(shop).attempts == max(0, spent - 1)
        with pytest.raises(Killed):
            shop.run(the_job(shop).id)
        shop.pass_time(LEASE)
    shop.run(the_job(shop).id)
    assert (the_job(shop).status, the_job(shop).attempts) == (JobStatus.DEAD, 12)
    assert handler.told == ["buried: the worker was lost, again and again"]


def test_a_checkpoint_of_a_lost_claim_writes_nothing(shop: Twins) -> None:
    def sleep_through_the_lease(run: Run) -> Record:
        shop.pass_time(LEASE)
        shop.container.handlers.override(providers.Object({WANTED.kind: Scripted(lambda run: lambda uow: None)}))
        shop.container.run_job.reset()
        shop.run(run.job_id)
        run.checkpoint(lambda uow: uow.customers.add(a_customer("cus_late")))
        return lambda uow: None

    script(shop, sleep_through_the_lease)
    shop.work()
    assert the_job(shop).status is JobStatus.SUCCEEDED
    assert "cus_late" not in {str(key) for _, key in shop.begin.store.rows}
    assert "job_claim_lost" in [name for name, _ in shop.telemetry.events]


def test_a_call_outward_extends_the_lease(shop: Twins) -> None:
    def call_twice(run: Run) -> Record:
        for _ in range(2):
            shop.pass_time(timedelta(seconds=40))
            assert run.deadline().remaining_seconds() == run.limits.call_deadline_seconds
        assert the_job(shop).lease_until == shop.now + run.limits.lease
        return lambda uow: None

    script(shop, call_twice)
    shop.work()
    assert the_job(shop).status is JobStatus.SUCCEEDED


def test_without_a_ledger_nothing_is_recorded_and_the_lease_decides(shop: Twins) -> None:
    script(shop, fail_with(LedgerUnavailable("away")))
    shop.work()
    assert the_job(shop).status is JobStatus.RUNNING
    assert shop.telemetry.alarms[0][0] == "job_left_behind"


def test_what_a_record_writes_and_its_wait_are_one_unit(shop: Twins) -> None:
    def record(uow: UnitOfWork) -> NotYet:
        uow.customers.add(a_customer("cus_new"))
        return NotYet("more to come", timedelta(hours=1))

    script(shop, lambda run: record)
    shop.work()
    assert the_job(shop).status is JobStatus.QUEUED
    assert shop.ledger.read(lambda uow: uow.customers.get("cus_new")).id == "cus_new"


def test_a_unit_that_is_repeated_is_told_of_once(shop: Twins) -> None:
    beaten = iter([True, False])

    def record(uow: UnitOfWork) -> None:
        uow.report(shop.telemetry.event, "recorded")
        if next(beaten):
            shop.ledger.write("faster", lambda other: other.jobs.lock(the_job(shop).id))

    script(shop, lambda run: record)
    shop.work()
    told = [name for name, _ in shop.telemetry.events]
    assert (told.count("unit_repeated"), told.count("recorded"), told.count("job_claimed")) == (1, 1, 1)


class Clumsy(Scripted):
    """A handler whose ends fail as well."""

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        raise KeyError(why)

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        uow.customers.add(a_customer("cus_half"))
        raise KeyError(why)


def test_a_job_whose_handler_fails_at_every_end_is_dead_and_shown_all_the_same(shop: Twins) -> None:
    script(shop, fail_with(Refused("no")))
    clumsy = Clumsy(fail_with(Refused("no")))
    shop.container.handlers.override(providers.Object({**shop.container.handlers(), WANTED.kind: clumsy}))
    for _ in range(30):
        shop.work()
        shop.pass_time(timedelta(hours=1))
        shop.sweep_and_work()
    assert (the_job(shop).status, the_job(shop).attempts, the_job(shop).why) == (
        JobStatus.DEAD,
        12,
        "bug: KeyError('no')",
    )
    assert "cus_half" not in {str(key) for _, key in shop.begin.store.rows}
    assert {name for name, _ in shop.telemetry.alarms} == {"job_bug", "job_dead"}


def test_a_retried_job_must_be_known(shop: Twins) -> None:
    assert isinstance(shop.container.run_job(), RunJob)
    shop.run("job_unknown")
    with pytest.raises(Exception, match="no job job_unknown"):
        shop.container.retry_job()("job_unknown", BY)
