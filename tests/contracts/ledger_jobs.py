"""Job rows: written once per occasion, rung for after the commit, fenced by their claims."""

from dataclasses import fields
from datetime import timedelta

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.records import Arrival
from billing.application.unit_of_work import UnitOfWork
from billing.domain import InboxEvent, Job, JobKind, JobRequest, JobStatus
from billing.domain.errors import ClaimLost
from billing.domain.job import PRIORITIES
from tests.builders import NOW
from tests.contracts.ledger_case import RING_AGAIN, HandClock, LedgerCase

LEASE = timedelta(minutes=1)
REGISTER = JobRequest(JobKind.REGISTER_DOMAIN, "itm_1")


def an_arrival(row_id: str = "evt_1", event_id: str = "evt_x", gateway: str = "stripe") -> Arrival:
    """One that is yet to be stored."""
    return Arrival(
        id=row_id,
        gateway=gateway,
        event_id=event_id,
        type="charge.succeeded",
        api_version=None,
        verdict="signed",
        body=b"{}",
        context={"request_id": f"req_of_{row_id}"},
    )


def an_event(row_id: str = "evt_1", event_id: str = "evt_x", gateway: str = "stripe") -> InboxEvent:
    """The same as it is kept."""
    return an_arrival(row_id, event_id, gateway).event(NOW)


def claim(uow: UnitOfWork, wanted: JobRequest = REGISTER) -> int | None:
    """Claim the job where it can be claimed."""
    job = uow.jobs.lock_for(wanted)
    return job.claim(uow.now(), LEASE) if job is not None and job.is_claimable(uow.now()) else None


def the_job(ledger: Ledger, subject: str = "itm_1") -> Job:
    """The one job of a subject."""
    (job,) = ledger.read(lambda uow: uow.jobs.of_subjects([subject]))
    return job


class JobCases(LedgerCase):
    """The engine's rows."""

    def test_an_occasion_has_one_job_for_ever(self, ledger: Ledger) -> None:
        assert ledger.write("test", lambda uow: uow.jobs.request(REGISTER))
        assert not ledger.write("test", lambda uow: uow.jobs.request(REGISTER))
        assert not ledger.write("test", lambda uow: uow.jobs.request(REGISTER, timedelta(hours=1)))
        assert the_job(ledger).due_at == NOW

    def test_a_job_that_is_due_at_once_is_rung_for(self, begin: Begin, ledger: Ledger) -> None:
        with begin("test") as uow:
            uow.jobs.request(REGISTER)
            assert uow.jobs.request(REGISTER) is False
            (rung,) = uow.bells.items()
            uow.commit()
        job = the_job(ledger)
        assert rung == (job.id, PRIORITIES[JobKind.REGISTER_DOMAIN])
        assert (job.created_at, job.due_at, job.ring_at) == (NOW, NOW, NOW + RING_AGAIN)
        assert (job.status, job.attempts, job.claim_no) == (JobStatus.QUEUED, 0, 0)

    def test_a_delayed_job_is_left_to_the_sweep(self, begin: Begin, ledger: Ledger) -> None:
        with begin("test") as uow:
            uow.jobs.request(REGISTER, timedelta(minutes=5))
            assert uow.bells == {}
            uow.commit()
        job = the_job(ledger)
        assert job.due_at == job.ring_at == NOW + timedelta(minutes=5)

    def test_a_job_is_rung_for_only_when_it_can_be_claimed(
        self, ledger: Ledger, begin: Begin, clock: HandClock
    ) -> None:
        ledger.write("test", lambda uow: uow.jobs.request(REGISTER, timedelta(minutes=5)))

        def bells() -> list[str]:
            with begin("test") as uow:
                job = uow.jobs.lock_for(REGISTER)
                assert job is not None
                uow.jobs.ring(job)
                uow.commit()
                return list(uow.bells)

        assert bells() == []
        clock.advance(minutes=5)
        assert bells() == [the_job(ledger).id]
        assert the_job(ledger).ring_at == clock() + RING_AGAIN
        ledger.write("test", claim)
        assert bells() == []
        clock.advance(minutes=1)
        assert bells() == [the_job(ledger).id]

    def test_ringing_by_occasion_reads_only(self, ledger: Ledger, begin: Begin, clock: HandClock) -> None:
        ledger.write("test", lambda uow: uow.jobs.request(REGISTER))
        before = the_job(ledger)

        def bells() -> list[str]:
            with begin("test") as uow:
                uow.jobs.ring_for(REGISTER)
                uow.jobs.ring_for(JobRequest(JobKind.REGISTER_DOMAIN, "itm_9"))
                uow.commit()
                return list(uow.bells)

        assert bells() == [before.id]
        assert (the_job(ledger).ring_at, the_job(ledger).version) == (before.ring_at, before.version)
        ledger.write("test", claim)
        assert bells() == []
        clock.advance(minutes=1)
        assert bells() == [before.id]
        ledger.write("test", lambda uow: uow.jobs.lock(before.id).cancel("called off", uow.now()))  # type: ignore[union-attr]
        assert bells() == []

    def test_the_sweep_gets_what_is_due_oldest_bell_first(self, ledger: Ledger, clock: HandClock) -> None:
        for n in (3, 1, 2):
            wanted = JobRequest(JobKind.CHECK_PAYMENT, f"pay_{n}")
            ledger.write("test", lambda uow, wanted=wanted, n=n: uow.jobs.request(wanted, timedelta(minutes=n)))
        ledger.write("test", lambda uow: uow.jobs.request(REGISTER))
        later = clock.advance(minutes=2)
        due = ledger.write("sweep", lambda uow: [job.subject for job in uow.jobs.to_ring(later, 10)])
        assert due == ["itm_1", "pay_1", "pay_2"]
        assert ledger.write("sweep", lambda uow: [job.subject for job in uow.jobs.to_ring(later, 1)]) == ["itm_1"]

    def test_a_lost_worker_is_rung_for_and_a_finished_job_is_not(self, ledger: Ledger, clock: HandClock) -> None:
        ledger.write("test", lambda uow: uow.jobs.request(REGISTER))
        ledger.write("test", claim)
        assert ledger.write("sweep", lambda uow: uow.jobs.to_ring(uow.now(), 10)) == []
        clock.advance(minutes=1)
        (lost,) = ledger.write("sweep", lambda uow: uow.jobs.to_ring(uow.now(), 10))
        assert lost.has_lost_its_worker(clock())
        ledger.write("test", lambda uow: uow.jobs.lock(lost.id).succeed(uow.now()))  # type: ignore[union-attr]
        clock.advance(days=1)
        assert ledger.write("sweep", lambda uow: uow.jobs.to_ring(uow.now(), 10)) == []

    def test_a_worker_that_was_overtaken_can_record_nothing(self, ledger: Ledger, clock: HandClock) -> None:
        ledger.write("test", lambda uow: uow.jobs.request(REGISTER))
        first = ledger.write("first", claim)
        assert ledger.write("second", claim) is None
        clock.advance(minutes=1)
        second = ledger.write("second", claim)
        assert (first, second) == (1, 2)

        def close(uow: UnitOfWork, claim_no: int) -> None:
            job = uow.jobs.lock_for(REGISTER)
            assert job is not None
            job.require(claim_no)
            job.succeed(uow.now())

        with pytest.raises(ClaimLost):
            ledger.write("first", lambda uow: close(uow, 1))
        ledger.write("second", lambda uow: close(uow, 2))
        assert the_job(ledger).status is JobStatus.SUCCEEDED

    def test_only_whoever_holds_a_job_extends_its_lease(self, ledger: Ledger, clock: HandClock) -> None:
        ledger.write("test", lambda uow: uow.jobs.request(REGISTER))
        job_id = the_job(ledger).id

        def extend(claim_no: int) -> None:
            ledger.write("worker", lambda uow: uow.jobs.extend(job_id, claim_no, LEASE))

        with pytest.raises(ClaimLost):
            extend(0)  # nobody holds it
        ledger.write("worker", claim)
        clock.advance(seconds=50)
        for _ in range(2):
            extend(1)
            assert the_job(ledger).lease_until == the_job(ledger).ring_at == clock() + LEASE
        clock.advance(seconds=60)
        ledger.write("another", claim)
        with pytest.raises(ClaimLost):
            extend(1)
        ledger.write("another", lambda uow: uow.jobs.lock_for(REGISTER).succeed(uow.now()))  # type: ignore[union-attr]
        with pytest.raises(ClaimLost):
            extend(2)
        assert the_job(ledger).status is JobStatus.SUCCEEDED

    def test_a_unit_that_extends_a_lease_changes_the_job_as_it_then_is(self, ledger: Ledger, clock: HandClock) -> None:
        ledger.write("test", lambda uow: uow.jobs.request(REGISTER))
        ledger.write("worker", claim)
        clock.advance(seconds=30)

        def extend_and_end(uow: UnitOfWork) -> None:
            uow.jobs.extend(the_job(ledger).id, 1, LEASE)
            job = uow.jobs.lock_for(REGISTER)
            assert job is not None and job.lease_until == clock() + LEASE
            job.succeed(uow.now())

        ledger.write("worker", extend_and_end)
        assert the_job(ledger).status is JobStatus.SUCCEEDED

    # ------------------------------------------------------------------ looking

    def test_jobs_of_subjects_come_oldest_first(self, ledger: Ledger, clock: HandClock) -> None:
        register, renew = JobKind.REGISTER_DOMAIN, JobKind.RENEW_DOMAIN
        for kind, subject in ((register, "itm_2"), (renew, "itm_1"), (register, "itm_3"), (renew, "itm_2")):
            wanted = JobRequest(kind, subject)
            ledger.write("test", lambda uow, wanted=wanted: uow.jobs.request(wanted))
            clock.advance(seconds=1)
        found = ledger.read(lambda uow: uow.jobs.of_subjects(["itm_1", "itm_2"]))
        assert [(job.kind, job.subject) for job in found] == [(register, "itm_2"), (renew, "itm_1"), (renew, "itm_2")]
        assert ledger.read(lambda uow: uow.jobs.of_subjects([])) == []

    def test_pages_and_counts_tell_jobs_by_kind_and_status(self, ledger: Ledger) -> None:
        def end(uow: UnitOfWork, n: int, status: JobStatus) -> None:
            wanted = JobRequest(JobKind.CHECK_PAYMENT if n % 2 else JobKind.CLOSE_PAYMENT, f"pay_{n}")
            uow.jobs.request(wanted)
            job = uow.jobs.lock_for(wanted)
            assert job is not None
            job.status = status

        statuses = [*JobStatus, JobStatus.QUEUED]
        for n, status in enumerate(statuses):
            ledger.write("test", lambda uow, n=n, status=status: end(uow, n, status))

        def page(
            status: JobStatus | None = None, kind: JobKind | None = None, before: str | None = None, limit: int = 9
        ) -> list[str]:
            return [job.subject for job in ledger.read(lambda uow: uow.jobs.page(status, kind, before, limit))]

        assert page(limit=2) == ["pay_5", "pay_4"]
        assert page(before=the_job(ledger, "pay_2").id) == ["pay_1", "pay_0"]
        assert page(JobStatus.QUEUED) == ["pay_5", "pay_0"]
        assert page(JobStatus.QUEUED, JobKind.CHECK_PAYMENT) == ["pay_5"]
        assert page(JobStatus.SUCCEEDED) == [f"pay_{statuses.index(JobStatus.SUCCEEDED)}"]
        assert page(kind=JobKind.CHECK_PAYMENT) == ["pay_5", "pay_3", "pay_1"]
        counts = ledger.read(lambda uow: uow.jobs.counts())
        assert counts[JobKind.CHECK_PAYMENT, JobStatus.QUEUED] == counts[JobKind.CLOSE_PAYMENT, JobStatus.QUEUED] == 1
        assert {status for _, status in counts} == {JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DEAD}

    # ------------------------------------------------------------------ the inbox

    def test_a_notification_is_stored_once(self, ledger: Ledger) -> None:
        assert ledger.write("test", lambda uow: uow.inbox.add_if_new(an_event()))
        assert not ledger.write("test", lambda uow: uow.inbox.add_if_new(an_event("evt_2")))
        assert ledger.write("test", lambda uow: uow.inbox.add_if_new(an_event("evt_3", gateway="kpay")))
        found = ledger.read(lambda uow: uow.inbox.find("stripe", "evt_x"))
        assert found is not None
        assert found.id == "evt_1"

    def test_what_arrives_is_stored_once_with_the_job_that_reads_it(self, begin: Begin, ledger: Ledger) -> None:
        first, second = an_arrival("evt_1", "evt_x"), an_arrival("evt_2", "evt_y")
        with begin("webhook") as uow:
            assert uow.inbox.take_in([first, second]) == {"evt_1", "evt_2"}
            uow.commit()
        assert uow.bells == {the_job(ledger, "evt_1").id: 50, the_job(ledger, "evt_2").id: 50}
        for arrival in (first, second):
            job = the_job(ledger, arrival.id)
            assert (job.kind, job.dedup_key) == (JobKind.PROCESS_EVENT, f"process_event:{arrival.id}")
            assert (job.status, job.ring_at - job.due_at) == (JobStatus.QUEUED, RING_AGAIN)
            assert job.context == arrival.context
            event = ledger.read(lambda uow, row_id=arrival.id: uow.inbox.get(row_id))
            kept = arrival.event(job.created_at)
            assert [getattr(event, f.name) for f in fields(kept)] == [getattr(kept, f.name) for f in fields(kept)]

    def test_what_arrives_again_is_not_stored_and_rung_for_until_it_was_read(
        self, ledger: Ledger, begin: Begin, clock: HandClock
    ) -> None:
        def arrive(*arrivals: Arrival) -> tuple[set[str], set[str]]:
            with begin("webhook") as uow:
                new = set(uow.inbox.take_in(arrivals))
                uow.commit()
                return new, set(uow.bells)

        def claimed(uow: UnitOfWork) -> None:
            assert claim(uow, first.job) == 1

        first = an_arrival("evt_1", "evt_x")
        new, rung = arrive(first)
        assert (new, rung) == ({"evt_1"}, {the_job(ledger, "evt_1").id})
        again = an_arrival("evt_2", "evt_x")
        other = an_arrival("evt_3", "evt_x", gateway="kpay")
        assert arrive(again, other) == ({"evt_3"}, rung | {the_job(ledger, "evt_3").id})
        ledger.write("worker", claimed)
        assert arrive(again) == (set(), set())  # somebody is at it
        clock.advance(minutes=2)
        assert arrive(again) == (set(), rung)  # who was lost
        ledger.write("worker", lambda uow: uow.inbox.lock("evt_1").ignore("not ours", uow.now()))
        assert arrive(again) == (set(), set())
        assert len(ledger.read(lambda uow: uow.inbox.page(None, None, None, None, 9))) == 2

    def test_of_two_alike_that_arrive_together_one_is_stored(self, begin: Begin) -> None:
        with begin("webhook") as uow:
            assert len(uow.inbox.take_in([an_arrival("evt_1"), an_arrival("evt_2")])) == 1
            uow.commit()

    def test_a_known_notification_is_found_in_the_unit_that_met_it(self, ledger: Ledger, begin: Begin) -> None:
        ledger.write("test", lambda uow: uow.inbox.add_if_new(an_event()))
        with begin("test") as uow:
            assert not uow.inbox.add_if_new(an_event("evt_2"))
            found = uow.inbox.find("stripe", "evt_x")
            assert found is not None
            assert uow.inbox.lock(found.id) is found
