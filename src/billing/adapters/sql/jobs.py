"""Job rows, and the bells to ring for them once the unit is committed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from sqlalchemy import and_, bindparam, func, select, update

from billing.adapters.sql.columns import fixed
from billing.adapters.sql.work import Work
from billing.adapters.sql.work_tables import jobs, open_job, unsuccessful
from billing.application.ports import Ids
from billing.domain.errors import ClaimLost
from billing.domain.job import OPEN, PRIORITIES, Job, JobKind, JobRequest, JobStatus

_KINDS = 0x6B696E64
"""The first of two numbers under which kinds are locked on PostgreSQL: it spells "kind"."""

_EXTEND = (
    update(jobs)
    .where(jobs.c.id == bindparam("held_id"), jobs.c.claim_no == bindparam("held_under"))
    .where(fixed(jobs.c.status, JobStatus.RUNNING))
    .values(lease_until=bindparam("until"), ring_at=bindparam("until"), version=jobs.c.version + 1)
)


@dataclass(frozen=True)
class NewJobs:
    """What a job gets when it is written: an id, the logging context of the moment, and when the sweep rings again."""

    ids: Ids
    context: Callable[[], Mapping[str, str]]
    ring_again: timedelta


class SqlJobs:
    """By id, by occasion, by subject."""

    def __init__(self, work: Work, new: NewJobs, bells: dict[str, int]) -> None:
        self._work, self.new, self.bells = work, new, bells
        self._written: list[str] = []

    def request(self, wanted: JobRequest, due_in: timedelta = timedelta()) -> bool:
        now, job_id, at_once = self._work.now(), self.new.ids("job"), due_in <= timedelta()
        row = {
            "id": job_id,
            "kind": wanted.kind,
            "subject": wanted.subject,
            "dedup_key": wanted.dedup_key,
            "created_at": now,
            "due_at": now + due_in,
            "ring_at": now + (self.new.ring_again if at_once else due_in),
            "status": JobStatus.QUEUED,
            "attempts": 0,
            "claim_no": 0,
            "context": dict(self.new.context() if wanted.context is None else wanted.context),
            "version": 1,
        }
        written = self._work.insert_if_new(jobs, ("dedup_key",), row)
        if written:
            self._written.append(job_id)
        if written and at_once:
            self.bells[job_id] = PRIORITIES[wanted.kind]
        return written

    def lock(self, job_id: str) -> Job | None:
        return self._work.find(Job, id=job_id, lock=True)

    def lock_for(self, wanted: JobRequest) -> Job | None:
        return self._work.find(Job, dedup_key=wanted.dedup_key, lock=True)

    def extend(self, job_id: str, claim_no: int, lease: timedelta) -> None:
        # The fence in one statement, since every outward call waits for it: no row is found where `require` raises.
        until = self._work.now() + lease
        held = {"held_id": job_id, "held_under": claim_no, "until": until}
        if self._work.connection.execute(_EXTEND, held).rowcount != 1:
            raise ClaimLost(job_id, claim_no)

    # ------------------------------------------------------------------ ringing

    def ring(self, job: Job) -> None:
        now = self._work.now()
        if job.is_claimable(now):
            job.rung(now, self.new.ring_again)
            self.bells[job.id] = job.priority

    def ring_for(self, wanted: JobRequest) -> None:
        job = self._work.find(Job, dedup_key=wanted.dedup_key)
        if job is not None and job.is_claimable(self._work.now()):
            self.bells[job.id] = job.priority

    def to_ring(self, now: datetime, limit: int) -> Sequence[Job]:
        due = select(Job).where(open_job, jobs.c.ring_at <= now).order_by(jobs.c.ring_at).limit(limit)
        locked = due.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        return self._work.session.scalars(locked).all()

    # ------------------------------------------------------------------ counting what runs

    def lock_kind(self, kind: JobKind) -> None:
        # On SQLite whoever writes is alone.
        if self._work.connection.dialect.name == "postgresql":
            number = crc32(kind.encode()) - 2**31  # the same in every process, within PostgreSQL's integer
            self._work.connection.execute(select(func.pg_advisory_xact_lock(_KINDS, number)))

    def running(self, kind: JobKind, now: datetime) -> int:
        at_it = and_(unsuccessful, fixed(jobs.c.status, JobStatus.RUNNING), jobs.c.lease_until > now)
        counted = select(func.count()).select_from(jobs).where(at_it, jobs.c.kind == kind)
        return self._work.connection.scalars(counted).one()

    # ------------------------------------------------------------------ looking

    def written(self) -> Sequence[Job]:
        # A savepoint may have undone some of them.
        return self._work.session.scalars(select(Job).where(jobs.c.id.in_(self._written)).order_by(jobs.c.id)).all()

    def get(self, job_id: str) -> Job:
        return self._work.get(Job, job_id)

    def of_subjects(self, subjects: Sequence[str]) -> Sequence[Job]:
        about = select(Job).where(jobs.c.subject.in_(subjects)).order_by(jobs.c.created_at, jobs.c.id)
        return self._work.session.scalars(about).all()

    def page(self, status: JobStatus | None, kind: JobKind | None, before: str | None, limit: int) -> Sequence[Job]:
        wanted = select(Job).order_by(jobs.c.id.desc()).limit(limit)
        if status is not None:
            wanted = wanted.where(fixed(jobs.c.status, status))
        if status not in (None, JobStatus.SUCCEEDED):
            wanted = wanted.where(unsuccessful)
        if kind is not None:
            wanted = wanted.where(jobs.c.kind == kind)
        if before is not None:
            wanted = wanted.where(jobs.c.id < before)
        return self._work.session.scalars(wanted).all()

    def dead(self, kind: JobKind | None, error: str | None, limit: int) -> Sequence[str]:
        wanted = select(jobs.c.id).where(unsuccessful, fixed(jobs.c.status, JobStatus.DEAD))
        if kind is not None:
            wanted = wanted.where(jobs.c.kind == kind)
        if error is not None:
            wanted = wanted.where(jobs.c.why.icontains(error, autoescape=True))
        return self._work.connection.scalars(wanted.order_by(jobs.c.id).limit(limit)).all()

    def counts(self) -> Mapping[tuple[JobKind, JobStatus], int]:
        j = jobs.c
        waiting = fixed(j.status, *OPEN, JobStatus.DEAD)
        per_kind = select(j.kind, j.status, func.count()).where(unsuccessful, waiting).group_by(j.kind, j.status)
        return {(kind, status): count for kind, status, count in self._work.session.execute(per_kind)}
