"""The engine: claim a job, let its handler work, and record the one way in which the run ended.

A run ends done, or in one of `RetryLater`, `NotYet`, `Refused`, `OutcomeUnknown`, `NeedsPerson`; anything else is a
bug, counted, loud, and retried like a transient fault.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import ClassVar, TypeVar

from billing.application.alerts import raise_alert, raise_job_dead
from billing.application.ledger import Ledger
from billing.application.ports import (
    Deadline,
    NeedsPerson,
    NotYet,
    OutcomeUnknown,
    Refused,
    RetryLater,
    Telemetry,
)
from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable, UnitOfWork
from billing.domain.errors import ClaimLost, NotFound
from billing.domain.job import Job, JobKind, signature
from billing.domain.retry_policy import RetryPolicy

T = TypeVar("T")
Record = Callable[[UnitOfWork], NotYet | None]
"""What to write in the unit that closes the job: the effect and its record are one transaction.

A `NotYet` that it returns keeps what it wrote and lets the job wait.
"""


@dataclass(frozen=True)
class JobLimits:
    """How long a kind of job may hold, call, retry and wait. A call ends well before the lease does."""

    lease: timedelta
    call_deadline_seconds: float
    retry: RetryPolicy
    patience: timedelta


@dataclass(frozen=True)
class Run:
    """One claim of one job, as its handler sees it."""

    job_id: str
    kind: JobKind
    subject: str
    claim_no: int
    context: Mapping[str, str]
    limits: JobLimits
    ledger: Ledger
    claim_deadline: Deadline
    monotonic: Callable[[], float]

    @property
    def by(self) -> str:
        """Who the history says it was."""
        return signature(self.kind, self.job_id)

    def checkpoint(self, work: Callable[[UnitOfWork], T]) -> T:
        """Write in the middle of a run, fenced; the lease starts anew."""

        def fenced(uow: UnitOfWork) -> T:
            _hold(uow, self).extend(uow.now(), self.limits.lease)
            return work(uow)

        return self.ledger.write(self.by, fenced)

    def deadline(self) -> Deadline:
        """Extend the lease and say by when the next outward call must have ended.

        `claim_deadline` is the same for a call made right after the claim.
        """
        deadline = Deadline.after(self.limits.call_deadline_seconds, self.monotonic)
        self.checkpoint(lambda uow: None)
        return deadline


class Handler(ABC):
    """Carries out one kind of job; what its other methods write belongs to the unit that closes the job.

    `alerts_itself`: where it buries a job it raises the alert that says what this means, or none, instead of the
    engine's.
    """

    alerts_itself: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, run: Run) -> Record:
        """Do the work outside any transaction and say what to record."""

    def put_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """It came to nothing this time and will be tried again: show it where the work is shown."""

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """It can never be done: compensate."""

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """Attempts are spent: show it to a person."""

    def revived(self, uow: UnitOfWork, job: Job) -> None:
        """A person sent it on its way again."""


def _hold(uow: UnitOfWork, run: Run) -> Job:
    job = uow.jobs.lock(run.job_id)
    if job is None:
        raise ClaimLost(run.job_id, run.claim_no)
    job.require(run.claim_no)
    return job


@dataclass(frozen=True)
class RunJob:
    """Run one job if it is due and free; called by whoever heard the bell, any number of times."""

    ledger: Ledger
    handlers: Mapping[JobKind, Handler]
    limits: Mapping[JobKind, JobLimits]
    telemetry: Telemetry
    monotonic: Callable[[], float]
    random: Callable[[], float]

    def __call__(self, job_id: str) -> None:
        """Claim, work, close; leaves quietly where there is nothing to claim."""
        started = self.monotonic()
        run = self.ledger.write(f"claim {job_id}", lambda uow: self._claim(uow, job_id, started))
        if run is None:
            self.telemetry.event("job_not_claimed", job_id=job_id)
            return
        with self.telemetry.bound({**run.context, "job_id": job_id}):
            self._run(run, started)

    def _run(self, run: Run, started: float) -> None:
        ended = "lost"
        try:
            ended = self._work(run)
        except ClaimLost as lost:
            self.telemetry.event("job_claim_lost", claim_no=lost.claim_no)
        except LedgerUnavailable as away:  # nothing can be written: the lease runs out and somebody takes over
            self.telemetry.alarm("job_left_behind", kind=run.kind, why=away.why)
        finally:
            seconds = self.monotonic() - started
            self.telemetry.event("job_ran", seconds=seconds, kind=run.kind, subject=run.subject, ended=ended)

    def _claim(self, uow: UnitOfWork, job_id: str, started: float) -> Run | None:
        job, now = uow.jobs.lock(job_id), uow.now()
        if job is None or not job.is_claimable(now):
            return None
        limits = self.limits[job.kind]
        if job.has_lost_its_worker(now):
            job.spend("the worker was lost")
            if limits.retry.is_exhausted(job.attempts):
                self._bury(uow, job, "the worker was lost, again and again")
                return None
            self.handlers[job.kind].put_off(uow, job, "the worker was lost")
        lag = (now - job.due_at).total_seconds()
        claim_no = job.claim(now, limits.lease)
        self.telemetry.event("job_claimed", seconds=lag, kind=job.kind, job_id=job.id, claim_no=claim_no)
        deadline = Deadline(started + limits.call_deadline_seconds, self.monotonic)
        return Run(
            job_id=job_id,
            kind=job.kind,
            subject=job.subject,
            claim_no=claim_no,
            context=job.context,
            limits=limits,
            ledger=self.ledger,
            claim_deadline=deadline,
            monotonic=self.monotonic,
        )

    def _work(self, run: Run) -> str:
        try:
            record = self.handlers[run.kind](run)
            return self._close(run, partial(self._done, record=record))
        except (ClaimLost, LedgerUnavailable):
            raise
        except ConcurrentChange as lost:
            return self._close(run, self._spent(str(lost)))
        except RetryLater as later:
            return self._close(run, self._spent(later.why, later.after_seconds))
        except OutcomeUnknown as unknown:
            return self._close(run, self._spent(f"outcome unknown: {unknown.why}"))
        except NotYet as wait:
            return self._close(run, partial(self._wait, wait=wait))
        except Refused as refusal:
            return self._close(run, self._refused(refusal.why))
        except NeedsPerson as puzzle:
            return self._close(run, partial(self._bury, why=puzzle.why))
        except Exception as bug:  # noqa: BLE001 - a defect of ours must not lose the job: loud, and tried again
            self.telemetry.alarm("job_bug", kind=run.kind, subject=run.subject, error=repr(bug))
            return self._close(run, self._spent(f"bug: {bug!r}"))

    def _close(self, run: Run, end: Callable[[UnitOfWork, Job], str]) -> str:
        def closing(uow: UnitOfWork) -> str:
            return end(uow, _hold(uow, run))

        return self.ledger.write(run.by, closing)

    # ------------------------------------------------------------------ the ends

    def _done(self, uow: UnitOfWork, job: Job, record: Record) -> str:
        wait = record(uow)
        if wait is not None:
            return self._wait(uow, job, wait)
        job.succeed(uow.now())
        return "done"

    def _spent(self, why: str, at_least_seconds: float | None = None) -> Callable[[UnitOfWork, Job], str]:
        def end(uow: UnitOfWork, job: Job) -> str:
            retry = self.limits[job.kind].retry
            job.spend(why)
            self.telemetry.event("job_attempt_spent", kind=job.kind, attempts=job.attempts, why=why)
            if retry.is_exhausted(job.attempts):
                return self._bury(uow, job, why)
            self.handlers[job.kind].put_off(uow, job, why)
            job.again(uow.now(), retry.delay(job.attempts, self.random, at_least_seconds))
            return "retry"

        return end

    def _wait(self, uow: UnitOfWork, job: Job, wait: NotYet) -> str:
        now = uow.now()
        if job.waiting_since and now - job.waiting_since > self.limits[job.kind].patience:
            return self._bury(uow, job, f"waited too long: {wait.why}")
        if wait.alert:
            raise_alert(uow, wait.alert, wait.about, wait.why, once=f"{now:%Y-%m-%d}")
        self.handlers[job.kind].put_off(uow, job, wait.why)
        job.wait(now + wait.after, wait.why, now)
        return "not_yet"

    def _refused(self, why: str) -> Callable[[UnitOfWork, Job], str]:
        def end(uow: UnitOfWork, job: Job) -> str:
            self.handlers[job.kind].refused(uow, job, why)
            job.cancel(why, uow.now())
            return "refused"

        return end

    def _bury(self, uow: UnitOfWork, job: Job, why: str) -> str:
        handler = self.handlers[job.kind]
        handler.buried(uow, job, why)
        job.die(why, uow.now())
        if handler.alerts_itself:
            self.telemetry.alarm("job_dead", subject=job.id, why=f"{job.kind} {job.subject}: {why}")
        else:
            raise_job_dead(uow, job, why)
        return "dead"


@dataclass(frozen=True)
class RetryJob:
    """A person sends a dead or waiting job on its way again, and what was parked because of it."""

    ledger: Ledger
    handlers: Mapping[JobKind, Handler]

    def __call__(self, job_id: str, by: str) -> Job:
        """Conflict where it runs or is over; NotFound."""

        def revive(uow: UnitOfWork) -> Job:
            job = uow.jobs.lock(job_id)
            if job is None:
                raise NotFound("job", job_id)
            job.revive(uow.now())
            self.handlers[job.kind].revived(uow, job)
            uow.jobs.ring(job)
            return job

        return self.ledger.write(by, revive)
