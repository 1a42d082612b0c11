"""Limits of one kind of job: how many run at once over all workers, and each kind by its own numbers."""

from datetime import timedelta

import pytest
from dependency_injector import providers

from billing.application.work.jobs import Handler, Record, Run
from billing.domain import Job, JobKind, JobRequest, JobStatus
from billing.domain.job import PRIORITIES
from billing.entrypoints.limits import job_limits
from tests.builders import NOW
from tests.twins import BY, Twins

KIND, OTHER = JobKind.REGISTER_DOMAIN, JobKind.CHECK_PAYMENT


class Meeting(Handler):
    """While it is at one job, the other workers hear of all the others."""

    def __init__(self, shop: Twins) -> None:
        self.shop, self.at_once, self.at_once_max = shop, 0, 0

    def __call__(self, run: Run) -> Record:
        self.at_once += 1
        self.at_once_max = max(self.at_once, self.at_once_max)
        for job in self.shop.jobs():
            self.shop.run(job.id)
        self.at_once -= 1
        return lambda uow: None


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Twins:
    monkeypatch.setenv("BILLING_JOB_REGISTER_DOMAIN_CONCURRENCY_MAX", "2")
    shop = Twins()
    for n in range(5):
        shop.ledger.write(BY, lambda uow, n=n: uow.jobs.request(JobRequest(KIND, f"itm_{n}")))
        shop.ledger.write(BY, lambda uow, n=n: uow.jobs.request(JobRequest(OTHER, f"pay_{n}")))
    return shop


def statuses(shop: Twins, kind: JobKind = KIND) -> list[str]:
    return [job.status.value for job in shop.jobs(kind)]


def test_no_more_of_a_kind_run_at_once_than_may_and_all_get_their_turn(limited: Twins) -> None:
    meeting, free = Meeting(limited), Meeting(limited)
    limited.container.handlers.override(providers.Object({KIND: meeting, OTHER: free}))
    for _ in range(5):
        limited.sweep_and_work()
        limited.pass_time(timedelta(seconds=5))
    assert (meeting.at_once_max, free.at_once_max) == (2, 5)
    assert set(statuses(limited)) == {"succeeded"}


def test_one_too_many_waits_for_a_moment_without_spending_an_attempt_or_its_patience(limited: Twins) -> None:
    def claim(job: Job) -> None:
        limited.ledger.write(BY, lambda uow: uow.jobs.lock(job.id).claim(uow.now(), timedelta(minutes=1)))  # type: ignore[union-attr]

    first, second, third, *_ = limited.jobs(KIND)
    claim(first)
    claim(second)
    limited.run(third.id)
    waiting = limited.jobs(KIND)[2]
    assert (waiting.status, waiting.attempts, waiting.claim_no) == (JobStatus.QUEUED, 0, 0)
    assert (waiting.waiting_since, waiting.due_at) == (None, NOW + timedelta(seconds=5))


def test_a_lost_worker_frees_its_place_and_costs_an_attempt_once(limited: Twins) -> None:
    ids = [job.id for job in limited.jobs(KIND)[:3]]
    for job_id in ids:
        limited.ledger.write(BY, lambda uow, j=job_id: uow.jobs.lock(j).claim(uow.now(), timedelta(minutes=1)))  # type: ignore[union-attr]
    limited.pass_time(timedelta(minutes=1))
    limited.container.handlers.override(providers.Object({KIND: Meeting(limited), OTHER: Meeting(limited)}))
    for _ in range(5):
        limited.sweep_and_work()
        limited.pass_time(timedelta(seconds=5))
    assert set(statuses(limited)) == {"succeeded"}
    assert [job.attempts for job in limited.jobs(KIND)] == [1, 1, 1, 0, 0]


def test_a_kind_has_its_own_numbers_and_the_general_ones_where_it_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"ATTEMPTS_MAX": "3", "CALL_DEADLINE_SECONDS": "40", "BACKOFF_CAP_SECONDS": "7", "PATIENCE_HOURS": "5"}
    for name, value in own.items():
        monkeypatch.setenv(f"BILLING_JOB_RENEW_DOMAIN_{name}", value)
    monkeypatch.setenv("BILLING_JOB_ATTEMPTS_MAX", "9")
    monkeypatch.setenv("BILLING_JOB_CONCURRENCY_MAX", "6")
    limits = job_limits(Twins().container.settings().jobs)
    renewing, checking = limits[JobKind.RENEW_DOMAIN], limits[JobKind.CHECK_PAYMENT]
    assert (renewing.retry.attempts_max, renewing.retry.cap_seconds) == (3, 7)
    assert (renewing.call_deadline_seconds, renewing.patience) == (40, timedelta(hours=5))
    assert (checking.retry.attempts_max, checking.retry.cap_seconds, checking.call_deadline_seconds) == (9, 900, 30)
    others = {each.concurrency_max for kind, each in limits.items() if kind is not JobKind.RECONCILE}
    assert (others, limits[JobKind.RECONCILE].concurrency_max) == ({6}, 1)


def test_paid_work_is_heard_before_questions_and_whatever_else_there_is() -> None:
    paid = {
        JobKind.PROCESS_EVENT,
        JobKind.REGISTER_DOMAIN,
        JobKind.RENEW_DOMAIN,
        JobKind.ACTIVATE_SUBSCRIPTION,
        JobKind.RENEW_SUBSCRIPTION,
    }
    others = set(JobKind) - paid
    assert set(PRIORITIES) == set(JobKind)
    assert min(PRIORITIES[kind] for kind in paid) > max(PRIORITIES[kind] for kind in others)
