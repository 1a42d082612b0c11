"""A job's row is claimed, fenced, retried and woken; its occasion is unique for ever."""

from datetime import timedelta

import pytest

from billing.domain import Conflict, Job, JobKind, JobRequest, JobStatus
from billing.domain.errors import ClaimLost
from billing.domain.job import PRIORITIES
from tests.builders import NOW

LEASE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


def a_job(**details: object) -> Job:
    wanted = JobRequest(JobKind.CHECK_PAYMENT, "pay_1")
    return Job(
        id="job_1",
        kind=wanted.kind,
        subject=wanted.subject,
        dedup_key=wanted.dedup_key,
        created_at=NOW,
        due_at=NOW,
        ring_at=NOW,
        **details,  # type: ignore[arg-type]
    )


def test_a_job_that_is_due_is_claimed_once() -> None:
    job = a_job()
    assert job.claim(NOW, LEASE) == 1
    assert job.is_claimable(NOW + LEASE - SECOND) is False
    with pytest.raises(Conflict):
        job.claim(NOW, LEASE)


def test_a_job_is_not_claimed_before_it_is_due() -> None:
    job = a_job()
    job.postpone(NOW + SECOND)
    assert job.is_claimable(NOW) is False
    assert job.is_claimable(NOW + SECOND) is True


def test_a_worker_that_lost_its_lease_can_record_nothing() -> None:
    job = a_job()
    slow = job.claim(NOW, LEASE)
    assert job.has_lost_its_worker(NOW + LEASE)
    fast = job.claim(NOW + LEASE, LEASE)
    assert fast > slow
    with pytest.raises(ClaimLost):
        job.require(slow)
    job.require(fast)


def test_an_extended_lease_keeps_others_away() -> None:
    job = a_job()
    job.claim(NOW, LEASE)
    job.extend(NOW + LEASE / 2, LEASE)
    assert job.is_claimable(NOW + LEASE) is False


def test_the_claim_number_never_falls() -> None:
    job = a_job()
    job.claim(NOW, LEASE)
    job.spend("cut")
    job.die("enough", NOW)
    job.revive(NOW)
    assert (job.attempts, job.finished_at) == (0, None)
    assert job.claim(NOW, LEASE) == 2


def test_waiting_costs_no_attempt_and_remembers_since_when() -> None:
    job = a_job()
    job.claim(NOW, LEASE)
    job.wait(NOW + SECOND, "pending", NOW)
    job.claim(NOW + SECOND, LEASE)
    job.wait(NOW + 2 * SECOND, "pending", NOW + SECOND)
    assert (job.attempts, job.waiting_since) == (0, NOW)


def test_another_thing_to_wait_for_has_a_time_of_its_own() -> None:
    job, hour, patience = a_job(), timedelta(hours=1), timedelta(hours=10)
    job.claim(NOW, LEASE)
    job.wait(NOW + hour, "epp is away: no answer to BILLING-1", NOW)
    job.wait(NOW + 9 * hour, "epp is away: no answer to BILLING-2", NOW + 8 * hour)
    assert job.waiting_since == NOW, "a detail that differs is no other thing"
    assert job.has_waited_out(patience, "epp is away: still", NOW + 11 * hour)
    assert not job.has_waited_out(patience, "out of funds", NOW + 11 * hour)
    job.wait(NOW + 12 * hour, "out of funds", NOW + 11 * hour)
    assert job.waiting_since == NOW + 11 * hour
    assert not job.has_waited_out(patience, "out of funds", NOW + 21 * hour)
    assert job.has_waited_out(patience, "out of funds", NOW + 22 * hour)


def test_no_job_waits_for_ever_for_one_thing_after_another() -> None:
    job, hours = a_job(), 0
    job.claim(NOW, LEASE)
    while not job.has_waited_out(timedelta(hours=10), f"thing {hours}", NOW + timedelta(hours=hours)):
        job.wait(NOW, f"thing {hours}", NOW + timedelta(hours=hours))
        hours += 1
    assert hours == 31


@pytest.mark.parametrize("end", ["succeed", "die", "cancel", "revive"])
def test_whatever_ended_or_begins_anew_has_waited_for_nothing(end: str) -> None:
    job = a_job()
    job.claim(NOW, LEASE)
    job.wait(NOW, "pending", NOW)
    {
        "succeed": lambda: job.succeed(NOW),
        "die": lambda: job.die("enough", NOW),
        "cancel": lambda: job.cancel("no", NOW),
        "revive": lambda: job.revive(NOW),
    }[end]()
    assert (job.waiting_since, job.delayed_since) == (None, None)


def test_a_dead_job_whose_question_was_answered_is_over() -> None:
    job = a_job()
    job.claim(NOW, LEASE)
    job.die("enough", NOW)
    job.finish_early("known by now", NOW)
    assert (job.status, job.why) == (JobStatus.SUCCEEDED, "known by now")


def test_a_job_woken_while_it_runs_runs_again_after() -> None:
    job = a_job()
    job.claim(NOW, LEASE)
    job.wake(NOW + SECOND, 5 * SECOND)
    job.wait(NOW + 600 * SECOND, "pending", NOW + SECOND)
    assert (job.status, job.due_at) == (JobStatus.QUEUED, NOW + 5 * SECOND)


def test_waking_never_puts_a_job_off_nor_asks_within_the_interval() -> None:
    job = a_job()
    job.wake(NOW, 5 * SECOND)
    assert job.due_at == NOW
    job.claim(NOW, LEASE)
    job.wait(NOW + 600 * SECOND, "pending", NOW)
    job.wake(NOW + SECOND, 5 * SECOND)
    assert job.due_at == NOW + 5 * SECOND


@pytest.mark.parametrize("end", ["succeed", "die", "cancel"])
def test_a_closed_job_is_reopened_by_waking_it(end: str) -> None:
    job = a_job()
    job.claim(NOW, LEASE)
    if end == "succeed":
        job.succeed(NOW)
    else:
        getattr(job, end)("why", NOW)
    job.wake(NOW + 10 * SECOND, 5 * SECOND)
    assert (job.status, job.due_at) == (JobStatus.QUEUED, NOW + 10 * SECOND)


def test_a_running_or_finished_job_is_not_retried_by_hand() -> None:
    job = a_job()
    job.claim(NOW, LEASE)
    with pytest.raises(Conflict, match="running"):
        job.revive(NOW)
    job.succeed(NOW)
    with pytest.raises(Conflict, match="succeeded"):
        job.revive(NOW)


def test_what_was_called_off_may_be_wanted_after_all() -> None:
    job = a_job()
    job.call_off("nobody wants it", NOW)
    job.revive(NOW)
    assert (job.status, job.finished_at) == (JobStatus.QUEUED, None)


def test_the_sweep_rings_when_a_lease_runs_out_and_when_a_wait_is_over() -> None:
    job = a_job()
    job.claim(NOW, LEASE)
    assert job.ring_at == NOW + LEASE
    job.again(NOW, 7 * SECOND)
    assert job.ring_at == NOW + 7 * SECOND


def test_every_kind_has_a_priority() -> None:
    assert set(PRIORITIES) == set(JobKind)
