"""How jobs are run, each kind by limits of its own where it has any, and when a provider is left in peace."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from environs import Env
from marshmallow.validate import Range

from billing.domain.job import JobKind
from billing.entrypoints.setting_formats import POSITIVE

_NOT_NEGATIVE = Range(min=0)
_MAIL_ATTEMPTS_MAX = 200
"""So that a mail outlasts a mail server that is away for a day."""
_MONEY_PATIENCE_HOURS = 360
"""Bank debits and refunds take up to two weeks, and nothing is wrong with them meanwhile."""
_MONEY = (
    JobKind.CHECK_PAYMENT,
    JobKind.CLOSE_PAYMENT,
    JobKind.REFUND_PAYMENT,
    JobKind.SUSPEND_SUBSCRIPTION,
    JobKind.END_SUBSCRIPTION,
)


@dataclass(frozen=True, kw_only=True)
class KindSettings:
    """The limits of one kind of job; a concurrency of 0 is as many as there are workers."""

    attempts_max: int
    call_deadline_seconds: float
    backoff_cap_seconds: float
    patience_hours: float
    concurrency_max: int


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """How long a job may hold, call, retry and wait, and how workers go about it."""

    kinds: Mapping[JobKind, KindSettings]
    lease_seconds: float
    lease_margin_seconds: float
    backoff_base_seconds: float
    concurrency_retry_seconds: float
    sweep_seconds: float
    sweep_batch: int
    ring_again_seconds: float
    ring_timeout_ms: int
    ring_gather_ms: int
    workers: int
    shutdown_seconds: float

    @property
    def call_deadline_max_seconds(self) -> float:
        """No call of any kind of job lasts longer."""
        return max(kind.call_deadline_seconds for kind in self.kinds.values())


@dataclass(frozen=True, kw_only=True)
class BreakerSettings:
    """When a provider that does not answer is left in peace, and for how long."""

    failures: int
    open_seconds: float
    open_max_seconds: float
    fair_call_seconds: float
    alert_minutes: float


def read_jobs(env: Env) -> JobSettings:
    """The general limits, and below them `JOB_<KIND>_…`."""
    general = KindSettings(
        attempts_max=env.int("JOB_ATTEMPTS_MAX", 12, validate=POSITIVE),
        call_deadline_seconds=env.float("JOB_CALL_DEADLINE_SECONDS", 30, validate=POSITIVE),
        backoff_cap_seconds=env.float("JOB_BACKOFF_CAP_SECONDS", 900, validate=POSITIVE),
        patience_hours=env.float("JOB_PATIENCE_HOURS", 72, validate=POSITIVE),
        concurrency_max=env.int("JOB_CONCURRENCY_MAX", 0, validate=_NOT_NEGATIVE),
    )
    return JobSettings(
        kinds={kind: _read_kind(env, kind, general) for kind in JobKind},
        lease_seconds=env.float("JOB_LEASE_SECONDS", 60, validate=POSITIVE),
        lease_margin_seconds=env.float("JOB_LEASE_MARGIN_SECONDS", 10, validate=POSITIVE),
        backoff_base_seconds=env.float("JOB_BACKOFF_BASE_SECONDS", 2, validate=POSITIVE),
        concurrency_retry_seconds=env.float("JOB_CONCURRENCY_RETRY_SECONDS", 5, validate=POSITIVE),
        sweep_seconds=env.float("SWEEP_SECONDS", 2, validate=POSITIVE),
        sweep_batch=env.int("SWEEP_BATCH", 200, validate=POSITIVE),
        ring_again_seconds=env.float("RING_AGAIN_SECONDS", 10, validate=POSITIVE),
        ring_timeout_ms=env.int("RING_TIMEOUT_MS", 250, validate=POSITIVE),
        ring_gather_ms=env.int("RING_GATHER_MS", 25, validate=_NOT_NEGATIVE),
        workers=env.int("WORKERS", 4, validate=POSITIVE),
        shutdown_seconds=env.float("WORKER_SHUTDOWN_SECONDS", 45, validate=POSITIVE),
    )


def _read_kind(env: Env, kind: JobKind, general: KindSettings) -> KindSettings:
    deadline, cap = general.call_deadline_seconds, general.backoff_cap_seconds
    attempts = _MAIL_ATTEMPTS_MAX if kind is JobKind.SEND_MAIL else general.attempts_max
    patience = _MONEY_PATIENCE_HOURS if kind in _MONEY else general.patience_hours
    at_once = 1 if kind is JobKind.RECONCILE else general.concurrency_max
    return KindSettings(
        attempts_max=env.int(f"JOB_{kind.name}_ATTEMPTS_MAX", attempts, validate=POSITIVE),
        call_deadline_seconds=env.float(f"JOB_{kind.name}_CALL_DEADLINE_SECONDS", deadline, validate=POSITIVE),
        backoff_cap_seconds=env.float(f"JOB_{kind.name}_BACKOFF_CAP_SECONDS", cap, validate=POSITIVE),
        patience_hours=env.float(f"JOB_{kind.name}_PATIENCE_HOURS", patience, validate=POSITIVE),
        concurrency_max=env.int(f"JOB_{kind.name}_CONCURRENCY_MAX", at_once, validate=_NOT_NEGATIVE),
    )


def read_breaker(env: Env) -> BreakerSettings:
    """One for all providers."""
    return BreakerSettings(
        failures=env.int("BREAKER_FAILURES", 5, validate=POSITIVE),
        open_seconds=env.float("BREAKER_OPEN_SECONDS", 30, validate=POSITIVE),
        open_max_seconds=env.float("BREAKER_OPEN_MAX_SECONDS", 600, validate=POSITIVE),
        fair_call_seconds=env.float("BREAKER_FAIR_CALL_SECONDS", 1, validate=_NOT_NEGATIVE),
        alert_minutes=env.float("UNREACHABLE_ALERT_MINUTES", 10, validate=POSITIVE),
    )


def contradictions(jobs: JobSettings, breaker: BreakerSettings) -> Iterator[str]:
    """A sentence for each: what would have two workers call for one job, or nobody wait at all."""
    yield from _of_kinds(
        jobs,
        "CALL_DEADLINE_SECONDS",
        lambda kind: jobs.lease_seconds <= kind.call_deadline_seconds + jobs.lease_margin_seconds,
        "BILLING_JOB_LEASE_SECONDS must be longer than {name} and BILLING_JOB_LEASE_MARGIN_SECONDS together, "
        "or two workers could call for one job",
    )
    yield from _of_kinds(
        jobs,
        "BACKOFF_CAP_SECONDS",
        lambda kind: kind.backoff_cap_seconds < jobs.backoff_base_seconds,
        "{name} must be at least BILLING_JOB_BACKOFF_BASE_SECONDS",
    )
    if breaker.open_max_seconds < breaker.open_seconds:
        yield "BILLING_BREAKER_OPEN_MAX_SECONDS must be at least BILLING_BREAKER_OPEN_SECONDS"


def _of_kinds(
    jobs: JobSettings, setting: str, is_wrong: Callable[[KindSettings], bool], sentence: str
) -> Iterator[str]:
    """One sentence for all kinds where it is the general setting that is wrong."""
    wrong = [kind for kind, limits in jobs.kinds.items() if is_wrong(limits)]
    if len(wrong) == len(jobs.kinds):
        yield sentence.format(name=f"BILLING_JOB_{setting}")
        return
    for kind in wrong:
        yield sentence.format(name=f"BILLING_JOB_{kind.name}_{setting}")
