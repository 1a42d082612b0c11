"""A job: a row written in the transaction that makes it necessary; the queue only rings for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from billing.domain.errors import ClaimLost, Conflict


class JobKind(StrEnum):
    """What a worker knows to do."""

    PROCESS_EVENT = "process_event"
    CHECK_PAYMENT = "check_payment"
    CLOSE_PAYMENT = "close_payment"
    REGISTER_DOMAIN = "register_domain"
    RENEW_DOMAIN = "renew_domain"
    ACTIVATE_SUBSCRIPTION = "activate_subscription"
    RENEW_SUBSCRIPTION = "renew_subscription"
    CREATE_STRIPE_SUBSCRIPTION = "create_stripe_subscription"
    CHANGE_SUBSCRIPTION = "change_subscription"
    CHECK_SUBSCRIPTION = "check_subscription"
    SUSPEND_SUBSCRIPTION = "suspend_subscription"
    RESTORE_SUBSCRIPTION = "restore_subscription"
    END_SUBSCRIPTION = "end_subscription"
    END_BILLING = "end_billing"
    PAY_INVOICE = "pay_invoice"
    REFUND_PAYMENT = "refund_payment"
    SET_DEFAULT_METHOD = "set_default_method"
    DETACH_METHOD = "detach_method"
    PAY_WITH_NEXT_METHOD = "pay_with_next_method"
    SEND_MAIL = "send_mail"
    RECONCILE = "reconcile"


PRIORITIES: Mapping[JobKind, int] = {
    JobKind.PROCESS_EVENT: 50,
    JobKind.REGISTER_DOMAIN: 50,
    JobKind.RENEW_DOMAIN: 50,
    JobKind.ACTIVATE_SUBSCRIPTION: 50,
    JobKind.RENEW_SUBSCRIPTION: 50,
    JobKind.CHECK_PAYMENT: 40,
    JobKind.RESTORE_SUBSCRIPTION: 40,
    JobKind.REFUND_PAYMENT: 40,
    JobKind.CREATE_STRIPE_SUBSCRIPTION: 40,
    JobKind.CHANGE_SUBSCRIPTION: 40,
    JobKind.END_BILLING: 40,
    JobKind.PAY_INVOICE: 40,
    JobKind.PAY_WITH_NEXT_METHOD: 40,
    JobKind.CLOSE_PAYMENT: 30,
    JobKind.SET_DEFAULT_METHOD: 30,
    JobKind.DETACH_METHOD: 30,
    JobKind.CHECK_SUBSCRIPTION: 30,
    JobKind.SUSPEND_SUBSCRIPTION: 30,
    JobKind.END_SUBSCRIPTION: 30,
    JobKind.SEND_MAIL: 10,
    JobKind.RECONCILE: 5,
}
"""Which bell is heard first when there is more work than workers."""


class JobStatus(StrEnum):
    """`queued` covers waiting for a due time; `cancelled` also a refusal that was compensated."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    DEAD = "dead"
    CANCELLED = "cancelled"


OPEN = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})


_PATIENCES_MAX = 3
"""How many times its patience a job may wait for one thing after another."""


def signature(kind: JobKind, job_id: str) -> str:
    """What the history has of a job: `register_domain job_1`."""
    return f"{kind} {job_id}"


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job that is wanted: its key names the occasion and is unique for ever.

    >>> JobRequest(JobKind.REGISTER_DOMAIN, "itm_1").dedup_key
    'register_domain:itm_1'
    """

    kind: JobKind
    subject: str
    # The ids to go with it into every log line; None is those bound to the moment.
    context: Mapping[str, str] | None = field(default=None, compare=False)

    @property
    def dedup_key(self) -> str:
        """`register_domain:itm_1`"""
        return f"{self.kind}:{self.subject}"


@dataclass(eq=False, kw_only=True)
class Job:
    """One piece of work and its whole state.

    >>> from datetime import UTC
    >>> now, lease = datetime(2027, 1, 31, tzinfo=UTC), timedelta(seconds=60)
    >>> wanted = JobRequest(JobKind.REGISTER_DOMAIN, "itm_1")
    >>> job = Job(id="job_1", kind=wanted.kind, subject=wanted.subject, dedup_key=wanted.dedup_key,
    ...           created_at=now, due_at=now, ring_at=now)
    >>> slow = job.claim(now, lease)
    >>> quick = job.claim(now + lease, lease)  # the lease ran out: another worker takes over
    >>> job.require(quick)
    >>> job.require(slow)
    Traceback (most recent call last):
    billing.domain.errors.ClaimLost: job job_1 is no longer held under claim 1

    `claim_no` rises with every claim and never falls: it is the fence. `attempts` counts spent tries. `ring_at` is
    when the sweep rings next. It waits for one thing since `waiting_since`, for one after another since
    `delayed_since`. Times are the ledger's clock (`uow.now()`), never the business clock.
    """

    id: str
    kind: JobKind
    subject: str
    dedup_key: str
    created_at: datetime
    due_at: datetime
    ring_at: datetime
    status: JobStatus = JobStatus.QUEUED
    attempts: int = 0
    claim_no: int = 0
    claimed_at: datetime | None = None
    lease_until: datetime | None = None
    waiting_since: datetime | None = None
    delayed_since: datetime | None = None
    wake_at: datetime | None = None
    why: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    finished_at: datetime | None = None
    version: int = 1

    @property
    def priority(self) -> int:
        """Higher is heard first."""
        return PRIORITIES[self.kind]

    @property
    def has_run(self) -> bool:
        """Whether a worker ever took it."""
        return self.claim_no > 0

    @property
    def signature(self) -> str:
        """Who the history says it was that made a move."""
        return signature(self.kind, self.id)

    # ------------------------------------------------------------------ claims

    def is_claimable(self, now: datetime) -> bool:
        """Due and free, or held by a worker whose lease ran out."""
        if self.status is JobStatus.QUEUED:
            return self.due_at <= now
        return self.has_lost_its_worker(now)

    def has_lost_its_worker(self, now: datetime) -> bool:
        """Running under a lease that nobody extended."""
        return self.status is JobStatus.RUNNING and self.lease_until is not None and self.lease_until <= now

    def claim(self, now: datetime, lease: timedelta) -> int:
        """Take it; the number returned must be shown to record anything."""
        if not self.is_claimable(now):
            raise Conflict(f"job {self.id}", f"it is {self.status} and not to be claimed")
        self.status, self.wake_at = JobStatus.RUNNING, None
        self.claim_no += 1
        self.claimed_at = now
        self._lease(now, lease)
        return self.claim_no

    def require(self, claim_no: int) -> None:
        """The fence: ClaimLost unless it is still running under this claim."""
        if self.status is not JobStatus.RUNNING or self.claim_no != claim_no:
            raise ClaimLost(self.id, claim_no)

    def extend(self, now: datetime, lease: timedelta) -> None:
        """Hold it for another lease from now."""
        self._lease(now, lease)

    def _lease(self, now: datetime, lease: timedelta) -> None:
        self.lease_until = self.ring_at = now + lease

    # ------------------------------------------------------------------ ends of a run

    def succeed(self, now: datetime) -> None:
        """Done; woken in the meantime, it runs once more."""
        self._end(JobStatus.SUCCEEDED, None, now)

    def spend(self, why: str) -> None:
        """An attempt is gone."""
        self.attempts += 1
        self.why = why

    def again(self, now: datetime, delay: timedelta) -> None:
        """Back in the queue, due after the delay."""
        self._queue(now + delay)

    def hand_back(self, why: str, now: datetime) -> None:
        """Left undone by a worker that has to go: the next one may have it at once, and no attempt is spent."""
        self.why = why
        self._queue(now)

    def wait(self, until: datetime, why: str, now: datetime) -> None:
        """Not yet, which costs no attempt; since when is remembered, so that no wait is for ever.

        Another thing to wait for has a time of its own.
        """
        self.waiting_since = self._waits_since(why) or now
        self.delayed_since = self.delayed_since or now
        self.why = why
        self._queue(until)

    def has_waited_out(self, patience: timedelta, why: str, now: datetime) -> bool:
        """Whether it may wait for this no longer."""
        since, delayed = self._waits_since(why) or now, self.delayed_since or now
        return now - since > patience or now - delayed > _PATIENCES_MAX * patience

    def _waits_since(self, why: str) -> datetime | None:
        """Since when for this; what follows a colon is a detail that differs from time to time."""
        is_same = self.why is not None and self.why.partition(":")[0] == why.partition(":")[0]
        return self.waiting_since if is_same else None

    def die(self, why: str, now: datetime) -> None:
        """Given up until a person revives it."""
        self._end(JobStatus.DEAD, why, now)

    def cancel(self, why: str, now: datetime) -> None:
        """Called off, or refused for good and compensated."""
        self._end(JobStatus.CANCELLED, why, now)

    def _end(self, status: JobStatus, why: str | None, now: datetime) -> None:
        self.status, self.why, self.lease_until, self.finished_at = status, why, None, now
        self.waiting_since = self.delayed_since = None
        if self.wake_at:
            self._reopen(self.wake_at)

    # ------------------------------------------------------------------ calling it back

    def wake(self, now: datetime, interval: timedelta) -> None:
        """Run as soon as may be, but not within `interval` of its last run; running, it will run again after.

        It starts over with all its attempts: whoever asks often must not use them up.
        """
        due = max(now, self.claimed_at + interval) if self.claimed_at else now
        if self.status is JobStatus.RUNNING:
            self.wake_at = due
        else:
            self._reopen(min(due, self.due_at) if self.status is JobStatus.QUEUED else due)

    def postpone(self, until: datetime) -> None:
        """Nothing to do before then; only a waiting job is put off."""
        if self.status is JobStatus.QUEUED:
            self._queue(until)

    def finish_early(self, why: str, now: datetime) -> None:
        """What it was to do is known or done; only a job that waits, for its time or for a person, is spared."""
        if self.status in (JobStatus.QUEUED, JobStatus.DEAD):
            self._end(JobStatus.SUCCEEDED, why, now)

    def call_off(self, why: str, now: datetime) -> bool:
        """A person does not want it done; False, and nothing, where it was called off before."""
        if self.status is JobStatus.CANCELLED:
            return False
        if self.status not in (JobStatus.DEAD, JobStatus.QUEUED):
            raise Conflict(f"job {self.id}", f"it is {self.status}; only a dead or waiting job is called off")
        self.cancel(why, now)
        return True

    def revive(self, now: datetime) -> None:
        """A person wants it tried again, with all its attempts; what was called off may be wanted after all."""
        if self.status not in (JobStatus.DEAD, JobStatus.QUEUED, JobStatus.CANCELLED):
            raise Conflict(f"job {self.id}", f"it is {self.status}; a dead, waiting or called-off job is retried")
        self._reopen(now)

    def replay(self, now: datetime) -> None:
        """A person wants it done once more, also where it is over."""
        if self.status is JobStatus.RUNNING:
            raise Conflict(f"job {self.id}", "it is running right now: ask again in a minute")
        self._reopen(now)

    def rung(self, now: datetime, again_after: timedelta) -> None:
        """The bell was rung; ring once more only if nobody comes."""
        self.ring_at = now + again_after

    def _reopen(self, due: datetime) -> None:
        self.attempts = 0
        self.finished_at = self.waiting_since = self.delayed_since = None
        self._queue(due)

    def _queue(self, due: datetime) -> None:
        due = min(due, self.wake_at) if self.wake_at else due
        self.status, self.lease_until, self.wake_at = JobStatus.QUEUED, None, None
        self.due_at = self.ring_at = due
