"""What the engine asks of the ledger beside the rows: how many run, who died of what, and clocks that jump."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.domain import BreakerPolicy, JobKind, JobRequest, JobStatus
from billing.domain.errors import ClaimLost
from tests.builders import NOW
from tests.contracts.ledger_case import HandClock, LedgerCase, in_parallel
from tests.contracts.ledger_jobs import LEASE, REGISTER, claim, the_job

THREADS = 8
POLICY = BreakerPolicy(failures_max=1, open_for=timedelta(seconds=30), open_max=timedelta(minutes=10))
PATIENT = replace(POLICY, failures_max=99)
KIND = JobKind.REGISTER_DOMAIN


def request(ledger: Ledger, *subjects: str, kind: JobKind = KIND) -> None:
    """Jobs to do."""
    for subject in subjects:
        ledger.write("test", lambda uow, subject=subject: uow.jobs.request(JobRequest(kind, subject)))


def claim_below(uow: UnitOfWork, limit: int, subject: str) -> bool:
    """Claim unless as many of the kind run already."""
    job = uow.jobs.lock_for(JobRequest(KIND, subject))
    assert job is not None
    uow.jobs.lock_kind(KIND)
    if uow.jobs.running(KIND, uow.now()) >= limit:
        return False
    job.claim(uow.now(), LEASE)
    return True


def bury(uow: UnitOfWork, kind: JobKind, subject: str, why: str) -> None:
    """A job that is dead of something."""
    uow.jobs.request(JobRequest(kind, subject))
    job = uow.jobs.lock_for(JobRequest(kind, subject))
    assert job is not None
    job.die(why, uow.now())


def close(uow: UnitOfWork, claim_no: int) -> None:
    """What a worker writes when it has done its work."""
    job = uow.jobs.lock_for(REGISTER)
    assert job is not None
    job.require(claim_no)
    job.succeed(uow.now())


class EngineCases(LedgerCase):
    """Counting, finding, and the fence under any clock."""

    def test_what_runs_under_a_lease_that_holds_is_counted_by_kind(self, ledger: Ledger, clock: HandClock) -> None:
        def running(kind: JobKind = KIND) -> int:
            return ledger.write("test", lambda uow: uow.jobs.running(kind, uow.now()))

        request(ledger, "itm_1", "itm_2", "itm_3")
        request(ledger, "itm_4", kind=JobKind.RENEW_DOMAIN)
        ledger.write("test", claim)
        clock.advance(seconds=30)
        ledger.write("test", lambda uow: claim(uow, JobRequest(KIND, "itm_2")))
        ledger.write("test", lambda uow: claim(uow, JobRequest(JobKind.RENEW_DOMAIN, "itm_4")))
        assert (running(), running(JobKind.RENEW_DOMAIN), running(JobKind.CHECK_PAYMENT)) == (2, 1, 0)
        clock.advance(seconds=30)
        assert running() == 1, "one was lost by its worker"

    @pytest.mark.parametrize("limit", [1, 3])
    def test_of_many_claims_of_one_kind_no_more_win_than_may(self, ledger: Ledger, limit: int) -> None:
        subjects = [f"itm_{n}" for n in range(THREADS)]
        request(ledger, *subjects)
        won = in_parallel(THREADS, lambda n: ledger.write("test", lambda uow: claim_below(uow, limit, subjects[n])))
        assert sorted(won, key=str) == [*[False] * (THREADS - limit), *[True] * limit]

    def test_kinds_do_not_wait_for_one_another(self, ledger: Ledger, begin: Begin) -> None:
        with begin("test") as uow:
            uow.jobs.lock_kind(JobKind.RENEW_DOMAIN)
            uow.jobs.lock_kind(JobKind.REGISTER_DOMAIN)
            uow.commit()
        with begin("test") as uow:
            uow.jobs.lock_kind(JobKind.REGISTER_DOMAIN)
            uow.commit()

    def test_the_dead_are_found_by_kind_and_by_what_they_died_of_oldest_first(self, ledger: Ledger) -> None:
        for n, (kind, why) in enumerate(
            [
                (KIND, "EPP 2400: Command failed"),
                (JobKind.RENEW_DOMAIN, "EPP 2400: command failed"),
                (KIND, "100% lost"),
                (KIND, "1000 lost"),
            ]
        ):
            ledger.write("test", lambda uow, kind=kind, n=n, why=why: bury(uow, kind, f"itm_{n}", why))
        request(ledger, "itm_9")

        def dead(kind: JobKind | None = None, error: str | None = None, limit: int = 9) -> list[str]:
            ids = ledger.read(lambda uow: uow.jobs.dead(kind, error, limit))
            return [ledger.read(lambda uow, job_id=job_id: uow.jobs.get(job_id)).subject for job_id in ids]

        assert dead() == ["itm_0", "itm_1", "itm_2", "itm_3"]
        assert dead(limit=2) == ["itm_0", "itm_1"]
        assert dead(KIND) == ["itm_0", "itm_2", "itm_3"]
        assert dead(error="COMMAND FAILED") == ["itm_0", "itm_1"]
        assert dead(KIND, "command") == ["itm_0"]
        assert dead(error="0% lost") == ["itm_2"], "what is searched for is text, not a pattern"
        assert dead(error="nothing of the kind") == []

    # ------------------------------------------------------------------ circuit breakers

    def test_a_breaker_is_made_when_it_is_first_changed_and_comes_back_whole(self, ledger: Ledger) -> None:
        assert ledger.read(lambda uow: uow.breakers.get("registrar epp")) is None

        def fail(uow: UnitOfWork, name: str) -> None:
            breaker = uow.breakers.lock(name)
            breaker.fail("no answer", uow.now(), POLICY)
            breaker.probe(uow.now(), LEASE)
            breaker.tell(uow.now())

        for name in ("registrar epp", "gateway stripe"):
            ledger.write("test", lambda uow, name=name: fail(uow, name))
        found = ledger.read(lambda uow: uow.breakers.get("registrar epp"))
        assert found is not None
        assert (found.failures, found.opens, found.why, found.probing) == (1, 1, "no answer", True)
        assert (found.since, found.held_from, found.held_until, found.told_at) == (NOW, NOW, NOW + LEASE, NOW)
        assert [one.name for one in ledger.read(lambda uow: uow.breakers.all())] == ["gateway stripe", "registrar epp"]
        ledger.write("test", lambda uow: uow.breakers.lock("registrar epp").succeed())
        found = ledger.read(lambda uow: uow.breakers.get("registrar epp"))
        assert found is not None
        assert found.is_sound

    def test_of_many_failures_at_once_none_is_lost(self, ledger: Ledger) -> None:
        def fail(uow: UnitOfWork) -> None:
            uow.breakers.lock("registrar epp").fail("no answer", uow.now(), PATIENT)

        in_parallel(THREADS, lambda _: ledger.write("test", fail))
        assert ledger.read(lambda uow: uow.breakers.get("registrar epp").failures) == THREADS  # type: ignore[union-attr]

    # ------------------------------------------------------------------ reports

    def test_what_is_to_be_told_is_told_once_the_unit_is_committed(self, ledger: Ledger, begin: Begin) -> None:
        told: list[str] = []

        def tell(name: str, n: int) -> None:
            told.append(f"{name} {n}")

        def work(uow: UnitOfWork) -> None:
            with pytest.raises(ZeroDivisionError), uow.savepoint():
                uow.report(tell, "undone", n=1)
                raise ZeroDivisionError
            uow.report(tell, "done", n=2)
            assert told == []

        with begin("given up") as uow:
            work(uow)
        assert told == []
        ledger.write("test", work)
        assert told == ["done 2"]

    # ------------------------------------------------------------------ clocks that jump

    def test_after_a_clock_jumped_ahead_only_one_of_two_workers_records(self, ledger: Ledger, clock: HandClock) -> None:
        """Every lease looks as if it had run out: the job is taken over while its worker is well."""
        request(ledger, "itm_1")
        first = ledger.write("first", claim)
        clock.advance(minutes=10)
        second = ledger.write("second", claim)
        assert (first, second) == (1, 2)
        with pytest.raises(ClaimLost):
            ledger.write("first", lambda uow: close(uow, 1))
        ledger.write("second", lambda uow: close(uow, 2))
        with pytest.raises(ClaimLost):
            ledger.write("first", lambda uow: close(uow, 1))
        assert the_job(ledger).status is JobStatus.SUCCEEDED

    def test_after_a_clock_jumped_back_the_worker_keeps_its_job(self, ledger: Ledger, clock: HandClock) -> None:
        request(ledger, "itm_1")
        assert ledger.write("first", claim) == 1
        clock.advance(minutes=-10)
        assert ledger.write("second", claim) is None
        assert ledger.write("sweep", lambda uow: uow.jobs.to_ring(uow.now(), 10)) == []
        request(ledger, "itm_2")
        assert ledger.write("second", lambda uow: claim(uow, JobRequest(KIND, "itm_2"))) == 1, "new work goes on"
        ledger.write("first", lambda uow: close(uow, 1))
        assert the_job(ledger).status is JobStatus.SUCCEEDED

    def test_two_clocks_that_disagree_take_turns_and_only_the_last_claim_counts(
        self, ledger: Ledger, clock: HandClock
    ) -> None:
        request(ledger, "itm_1")
        for claim_no in (1, 2, 3):
            assert ledger.write("slow clock", claim) == 2 * claim_no - 1
            clock.advance(minutes=5)
            assert ledger.write("fast clock", claim) == 2 * claim_no
            clock.advance(minutes=-5)
            if claim_no < 3:  # the slow clock waits for a lease that lies far ahead of it
                assert ledger.write("slow clock", claim) is None
                clock.advance(seconds=(timedelta(minutes=5) + LEASE).total_seconds())
        for lost in range(1, 6):
            with pytest.raises(ClaimLost):
                ledger.write("test", lambda uow, lost=lost: close(uow, lost))
        ledger.write("test", lambda uow: close(uow, 6))
