"""Jobs as their handlers see them: what a run is given, what it may write, and what it says to record at its end."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, TypeVar

from billing.application.ledger import Ledger
from billing.application.outcomes import Deadline, NotYet
from billing.application.unit_of_work import UnitOfWork
from billing.domain.errors import ClaimLost
from billing.domain.job import Job, JobKind, signature
from billing.domain.retry_policy import RetryPolicy

T = TypeVar("T")
Record = Callable[[UnitOfWork], NotYet | None]
"""What to write in the unit that closes the job: the effect and its record are one transaction.

A `NotYet` that it returns keeps what it wrote and lets the job wait.
"""


@dataclass(frozen=True)
class JobLimits:
    """How long a kind of job may hold, call, retry and wait. A call ends well before the lease does.

    At most `concurrency_max` of the kind run at once, wherever; 0 is as many as there are workers. One too many is
    looked at again within `full_retry`.
    """

    lease: timedelta
    call_deadline_seconds: float
    retry: RetryPolicy
    patience: timedelta
    concurrency_max: int = 0
    full_retry: timedelta = timedelta(seconds=5)


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
            uow.jobs.extend(self.job_id, self.claim_no, self.limits.lease)
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

    def called_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """A person does not want it done: leave nothing hanging on it."""


def hold(uow: UnitOfWork, run: Run) -> Job:
    """The job of a run, to change; ClaimLost where another worker has it by now."""
    job = uow.jobs.lock(run.job_id)
    if job is None:
        raise ClaimLost(run.job_id, run.claim_no)
    job.require(run.claim_no)
    return job
