"""The jobs of the in-memory ledger."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.adapters.memory.session import Session
from billing.application.ports import Clock, Ids
from billing.domain.errors import ClaimLost
from billing.domain.job import OPEN, Job, JobKind, JobRequest, JobStatus


@dataclass(frozen=True)
class KindLock:
    """A row that only its stamp matters of: of two units that locked a kind, the slower one is refused."""

    kind: JobKind


@dataclass(frozen=True)
class JobMaking:
    """What a new job row gets from outside the unit: its id, its times, and the logging context of the moment."""

    ids: Ids
    now: Clock
    ring_again: timedelta
    context: Callable[[], Mapping[str, str]]


class MemoryJobs:
    """Job rows; what is due at once goes into the unit's bells."""

    def __init__(self, session: Session, making: JobMaking, bells: dict[str, int]) -> None:
        self._session, self._making, self._bells = session, making, bells

    def request(self, wanted: JobRequest, due_in: timedelta = timedelta()) -> bool:
        if self._find(wanted) is not None:
            return False
        now = self._making.now()
        job = Job(
            id=self._making.ids("job"),
            kind=wanted.kind,
            subject=wanted.subject,
            dedup_key=wanted.dedup_key,
            created_at=now,
            due_at=now + due_in,
            ring_at=now + due_in,
            context=dict(self._making.context() if wanted.context is None else wanted.context),
        )
        self._session.add(job.id, job)
        self.ring(job)
        return True

    def lock(self, job_id: str) -> Job | None:
        return self._session.find(Job, job_id, lock=True)

    def lock_for(self, wanted: JobRequest) -> Job | None:
        job = self._find(wanted)
        return self.lock(job.id) if job else None

    def extend(self, job_id: str, claim_no: int, lease: timedelta) -> None:
        job = self.lock(job_id)
        if job is None:
            raise ClaimLost(job_id, claim_no)
        job.require(claim_no)
        job.extend(self._making.now(), lease)

    def ring(self, job: Job) -> None:
        now = self._making.now()
        if job.is_claimable(now):
            job.rung(now, self._making.ring_again)
            self._bells[job.id] = job.priority

    def ring_for(self, wanted: JobRequest) -> None:
        job = self._find(wanted)
        if job is not None and job.is_claimable(self._making.now()):
            self._bells[job.id] = job.priority

    def to_ring(self, now: datetime, limit: int) -> Sequence[Job]:
        due = list(self._session.waiting(Job, lambda job: job.ring_at <= now))
        due.sort(key=lambda job: job.ring_at)
        return [job for job in due[:limit] if self.lock(job.id)]

    def written(self) -> Sequence[Job]:
        return [job for job in self._session.all(Job) if self._session.is_new(Job, job.id)]

    def get(self, job_id: str) -> Job:
        return self._session.get(Job, job_id)

    def of_subjects(self, subjects: Sequence[str]) -> Sequence[Job]:
        return list(self._session.all(Job, lambda job: job.subject in subjects))

    def page(self, status: JobStatus | None, kind: JobKind | None, before: str | None, limit: int) -> Sequence[Job]:
        def fits(job: Job) -> bool:
            return status in (None, job.status) and kind in (None, job.kind) and (before is None or job.id < before)

        return list(self._session.all(Job, fits))[::-1][:limit]

    def lock_kind(self, kind: JobKind) -> None:
        self._session.replace(kind, KindLock(kind))

    def running(self, kind: JobKind, now: datetime) -> int:
        at_it = self._session.waiting(Job, lambda job: job.kind is kind and job.status is JobStatus.RUNNING)
        return sum(job.lease_until is not None and job.lease_until > now for job in at_it)

    def dead(self, kind: JobKind | None, error: str | None, limit: int) -> Sequence[str]:
        fitting = (
            job.id
            for job in self._session.all(Job, lambda job: job.status is JobStatus.DEAD)
            if kind in (None, job.kind) and (error is None or error.lower() in (job.why or "").lower())
        )
        return list(fitting)[:limit]

    def counts(self) -> Mapping[tuple[JobKind, JobStatus], int]:
        waiting = OPEN | {JobStatus.DEAD}
        return Counter((job.kind, job.status) for job in self._session.all(Job, lambda job: job.status in waiting))

    def _find(self, wanted: JobRequest) -> Job | None:
        return self._session.claimant(Job, "job", wanted.dedup_key)
