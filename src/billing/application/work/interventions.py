"""What a person does to jobs: send them on their way again, or call them off."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from billing.application.ledger import Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Handler
from billing.domain.errors import NotFound
from billing.domain.job import Job, JobKind, JobStatus


@dataclass(frozen=True)
class RetryJob:
    """A person sends a dead, waiting or called-off job on its way again, and what was parked because of it."""

    ledger: Ledger
    handlers: Mapping[JobKind, Handler]

    def __call__(self, job_id: str, by: str) -> Job:
        """Conflict where it runs or is over; NotFound."""
        return self.ledger.write(by, lambda uow: self.revive(uow, _lock(uow, job_id)))

    def revive(self, uow: UnitOfWork, job: Job) -> Job:
        """The same, within a unit that holds it."""
        job.revive(uow.now())
        self.handlers[job.kind].revived(uow, job)
        uow.jobs.ring(job)
        return job


@dataclass(frozen=True)
class RetryJobs:
    """Send the dead jobs of a kind, or those that died of the same, on their way again, oldest first."""

    retry: RetryJob

    def find(self, kind: JobKind | None, error: str | None, limit: int) -> Sequence[str]:
        """Ids of dead jobs; `error` is what their reason contains, in any case."""
        return self.retry.ledger.read(lambda uow: uow.jobs.dead(kind, error, limit))

    def __call__(self, job_ids: Sequence[str], by: str) -> Iterator[bool]:
        """Whether each was revived, as it happens; one that is no longer dead is passed over."""
        for job_id in job_ids:
            yield self.retry.ledger.write(by, partial(self._revive, job_id=job_id))

    def _revive(self, uow: UnitOfWork, job_id: str) -> bool:
        job = _lock(uow, job_id)
        if job.status is not JobStatus.DEAD:
            return False
        self.retry.revive(uow, job)
        return True


@dataclass(frozen=True)
class CancelJob:
    """A person calls a waiting or dead job off; what hangs on it is put before a person."""

    ledger: Ledger
    handlers: Mapping[JobKind, Handler]

    def __call__(self, job_id: str, by: str) -> Job:
        """Conflict where it runs or has succeeded; a repeat changes nothing."""

        def call_off(uow: UnitOfWork) -> Job:
            job = _lock(uow, job_id)
            why = f"called off by {by}" + (f"; before that: {job.why}" if job.why else "")
            if job.call_off(why, uow.now()):
                self.handlers[job.kind].called_off(uow, job, why)
            return job

        return self.ledger.write(by, call_off)


def _lock(uow: UnitOfWork, job_id: str) -> Job:
    job = uow.jobs.lock(job_id)
    if job is None:
        raise NotFound("job", job_id)
    return job
