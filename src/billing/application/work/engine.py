"""The engine: claim a job, let its handler work, and record the one way in which the run ended.

A run ends done, or in one of `RetryLater`, `NotYet`, `Refused`, `OutcomeUnknown`, `NeedsPerson`, `AccountRefused`;
anything else is a bug, counted, loud, and retried like a transient fault.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from billing.application.ledger import Ledger
from billing.application.outcomes import (
    AccountRefused,
    Deadline,
    NeedsPerson,
    NotYet,
    OutcomeUnknown,
    Refused,
    RetryLater,
)
from billing.application.ports import Telemetry
from billing.application.telling.alerts import raise_alert, raise_job_dead
from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable, UnitOfWork
from billing.application.work.jobs import Handler, JobLimits, Record, Run, hold
from billing.application.work.under_way import ProcessGoes, UnderWay
from billing.domain.errors import ClaimLost
from billing.domain.job import Job, JobKind

End = Callable[[UnitOfWork, Job], str]
"""Writes how a run ended into the unit that holds its job, and gives it a name for the reports."""


@dataclass(frozen=True)
class Ends:
    """Every way in which a run may end, and what it makes of the job."""

    handlers: Mapping[JobKind, Handler]
    limits: Mapping[JobKind, JobLimits]
    telemetry: Telemetry
    random: Callable[[], float]

    def of(self, failure: Exception) -> End:
        """The end that a failure means; loud where it is a defect of ours."""
        match failure:
            case RetryLater():
                return self.spent(failure.why, failure.after_seconds)
            case OutcomeUnknown():
                return self.spent(f"outcome unknown: {failure.why}", failure.after_seconds)
            case NotYet():
                return partial(self._wait, wait=failure)
            case Refused():
                return partial(self._refuse, why=failure.why)
            case AccountRefused():
                return partial(self._locked_out, why=failure.why)
            case NeedsPerson():
                return partial(self.bury, why=failure.why)
            case ConcurrentChange():
                return self.spent(str(failure))
        self.telemetry.alarm("job_bug", error=repr(failure))
        return self.spent(f"bug: {failure!r}")

    def done(self, uow: UnitOfWork, job: Job, record: Record) -> str:
        """Its effect and its end are one unit."""
        wait = record(uow)
        if wait is not None:
            return self._wait(uow, job, wait)
        job.succeed(uow.now())
        return "done"

    def spent(self, why: str, at_least_seconds: float | None = None) -> End:
        """An attempt is gone; the next one comes later, or a person is told."""

        def end(uow: UnitOfWork, job: Job) -> str:
            retry = self.limits[job.kind].retry
            job.spend(why)
            uow.report(self.telemetry.event, "job_attempt_spent", kind=job.kind, attempts=job.attempts, why=why)
            if retry.is_exhausted(job.attempts):
                return self.bury(uow, job, why)
            self.put_off(uow, job, why)
            job.again(uow.now(), retry.delay(job.attempts, self.random, at_least_seconds))
            return "retry"

        return end

    def put_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """It will be tried again, also where its handler can't say so."""
        try:
            self.handlers[job.kind].put_off(uow, job, why)
        except (LedgerUnavailable, ConcurrentChange):
            raise
        except Exception as bug:  # noqa: BLE001 - a defect must not keep a job from being tried again
            self.telemetry.alarm("job_bug", kind=job.kind, subject=job.subject, error=repr(bug))

    def bury(self, uow: UnitOfWork, job: Job, why: str) -> str:
        """Dead and visible, also where its handler can't even say so."""
        handler = self.handlers[job.kind]
        is_told = handler.alerts_itself
        try:
            with uow.savepoint():
                handler.buried(uow, job, why)
        except (LedgerUnavailable, ConcurrentChange):
            raise
        except Exception as bug:  # noqa: BLE001 - a defect must not keep a job from being shown to a person
            self.telemetry.alarm("job_bug", kind=job.kind, subject=job.subject, error=repr(bug))
            is_told = False
        job.die(why, uow.now())
        if is_told:
            uow.report(self.telemetry.alarm, "job_dead", subject=job.id, why=f"{job.kind} {job.subject}: {why}")
        else:
            raise_job_dead(uow, job, why)
        return "dead"

    def _wait(self, uow: UnitOfWork, job: Job, wait: NotYet) -> str:
        now = uow.now()
        if job.has_waited_out(self.limits[job.kind].patience, wait.why, now):
            return self.bury(uow, job, f"waited too long: {wait.why}")
        if wait.alert:
            raise_alert(uow, wait.alert, wait.about, wait.why, once=f"{now:%Y-%m-%d}")
        self.put_off(uow, job, wait.why)
        job.wait(now + wait.after, wait.why, now)
        return "not_yet"

    def _locked_out(self, uow: UnitOfWork, job: Job, why: str) -> str:
        """No job can help it that its provider refuses us: it waits as long as after its last try in vain."""
        pause = timedelta(seconds=self.limits[job.kind].retry.cap_seconds)
        return self._wait(uow, job, NotYet(f"the provider refuses our account: {why}", pause))

    def _refuse(self, uow: UnitOfWork, job: Job, why: str) -> str:
        self.handlers[job.kind].refused(uow, job, why)
        job.cancel(why, uow.now())
        return "refused"


@dataclass(frozen=True)
class ClaimJob:
    """Take a job that is due and free, unless as many of its kind as may are at it already."""

    ledger: Ledger
    limits: Mapping[JobKind, JobLimits]
    ends: Ends
    telemetry: Telemetry
    monotonic: Callable[[], float]
    random: Callable[[], float]

    def __call__(self, job_id: str) -> Run | None:
        """The claim; None where there is nothing to do now."""
        started = self.monotonic()
        return self.ledger.write(f"claim {job_id}", lambda uow: self._claim(uow, job_id, started))

    def pass_on(self, job_id: str) -> None:
        """Ring once more for what this process heard and may not claim."""
        self.ledger.write(f"pass on {job_id}", partial(_ring_again, job_id=job_id))

    def _claim(self, uow: UnitOfWork, job_id: str, started: float) -> Run | None:
        job = uow.jobs.lock(job_id)
        if job is None or not job.is_claimable(uow.now()):
            return None
        limits = self.limits[job.kind]
        if job.has_lost_its_worker(uow.now()):
            job.spend("the worker was lost")
            if limits.retry.is_exhausted(job.attempts):
                self.ends.bury(uow, job, "the worker was lost, again and again")
                return None
            self.ends.put_off(uow, job, "the worker was lost")
        if limits.concurrency_max and self._is_full(uow, job, limits):
            return None
        now = uow.now()
        lag_seconds = (now - job.due_at).total_seconds()
        claim_no = job.claim(now, limits.lease)
        uow.report(
            self.telemetry.event,
            "job_claimed",
            seconds=lag_seconds,
            kind=job.kind,
            job_id=job.id,
            claim_no=claim_no,
        )
        return Run(
            job_id=job_id,
            kind=job.kind,
            subject=job.subject,
            claim_no=claim_no,
            context=job.context,
            limits=limits,
            ledger=self.ledger,
            claim_deadline=Deadline(started + limits.call_deadline_seconds, self.monotonic),
            monotonic=self.monotonic,
        )

    def _is_full(self, uow: UnitOfWork, job: Job, limits: JobLimits) -> bool:
        """Exact over all workers: whoever counts holds the kind until its claim is committed."""
        uow.jobs.lock_kind(job.kind)
        now: datetime = uow.now()  # asked for after the wait
        if uow.jobs.running(job.kind, now) < limits.concurrency_max:
            return False
        job.again(now, limits.full_retry * (1 + self.random()) / 2)
        uow.report(self.telemetry.event, "job_kind_full", kind=job.kind, job_id=job.id)
        return True


@dataclass(frozen=True)
class RunJob:
    """Run one job if it is due and free; called by whoever heard the bell, any number of times."""

    claim: ClaimJob
    ends: Ends
    under_way: UnderWay
    telemetry: Telemetry
    monotonic: Callable[[], float]

    def __call__(self, job_id: str) -> None:
        """Claim, work, close; leaves quietly where there is nothing to claim."""
        started = self.monotonic()
        try:
            run = self._begin(job_id)
        except ConcurrentChange as busy:  # the sweep rings again
            self.telemetry.event("job_not_claimed", job_id=job_id, why=busy.why)
            return
        if run is None:
            self.telemetry.event("job_not_claimed", job_id=job_id)
            return
        with self.telemetry.bound({**run.context, "job_id": job_id}), self.under_way.until_ended(run):
            self._run(run, started)

    def _begin(self, job_id: str) -> Run | None:
        try:
            return self.under_way.begin(partial(self.claim, job_id))
        except ProcessGoes:
            self.claim.pass_on(job_id)
            return None

    def _run(self, run: Run, started: float) -> None:
        ended = "lost"
        try:
            ended = self._work(run)
        except ClaimLost as lost:
            self.telemetry.event("job_claim_lost", claim_no=lost.claim_no)
        except (LedgerUnavailable, ConcurrentChange) as away:
            # nothing can be written: the lease runs out and somebody takes over
            self.telemetry.alarm("job_left_behind", kind=run.kind, why=away.why)
        finally:
            seconds = self.monotonic() - started
            self.telemetry.event("job_ran", seconds=seconds, kind=run.kind, subject=run.subject, ended=ended)

    def _work(self, run: Run) -> str:
        try:
            record = self.ends.handlers[run.kind](run)
            return _close(run, partial(self.ends.done, record=record))
        except (ClaimLost, LedgerUnavailable):
            raise
        except Exception as failure:  # noqa: BLE001 - every end is recorded, that of a defect of ours too
            return self._fail(run, failure)

    def _fail(self, run: Run, failure: Exception) -> str:
        try:
            return _close(run, self.ends.of(failure))
        except (ClaimLost, LedgerUnavailable, ConcurrentChange):
            raise
        except Exception as bug:  # noqa: BLE001 - its handler could not take the end: that is one more
            return _close(run, self.ends.of(bug))


def _ring_again(uow: UnitOfWork, job_id: str) -> None:
    job = uow.jobs.lock(job_id)
    if job is not None:
        uow.jobs.ring(job)


def _close(run: Run, end: End) -> str:
    def closing(uow: UnitOfWork) -> str:
        return end(uow, hold(uow, run))

    return run.ledger.write(run.by, closing)
