"""Settings from the environment: read once, every wrong one named, each command asking only for what it needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from environs import Env, EnvValidationError, FileAwareEnv
from marshmallow.validate import Length, OneOf, Range

from billing.domain.errors import BillingError

_POSITIVE = Range(min=0, min_inclusive=False)


@dataclass(eq=False)
class WrongSettings(BillingError):
    """{sentences}"""

    sentences: str


@dataclass(frozen=True, kw_only=True)
class StripeSettings:
    """How Stripe is reached."""

    api_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    api_base: str | None


@dataclass(frozen=True, kw_only=True)
class EppSettings:
    """How the EPP registry is reached."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    ca_file: str | None
    server_name: str | None
    client_cert_file: str | None
    client_key_file: str | None
    client_key_passphrase: str | None = field(repr=False)
    sessions_max: int
    renew_with_time: bool


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """How we are reached, and what a request may be."""

    bind: str
    public_url: str
    processes: int
    threads: int
    timeout_seconds: int
    body_bytes_max: int
    page_size_max: int
    idempotency_hours: int


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """How long a job may hold, call, retry and wait."""

    lease_seconds: float
    call_deadline_seconds: float
    lease_margin_seconds: float
    attempts_max: int
    backoff_base_seconds: float
    backoff_cap_seconds: float
    patience_hours: float
    sweep_seconds: float
    sweep_batch: int
    ring_again_seconds: float
    ring_timeout_ms: int
    workers: int
    shutdown_seconds: float


@dataclass(frozen=True, kw_only=True)
class ShopSettings:
    """What an order may be and how long things wait."""

    items_max: int
    cycles_max: int
    order_expiry_minutes: int
    attempt_expiry_minutes: int
    check_after_expiry_minutes: int
    check_interval_min_seconds: float
    web_call_deadline_seconds: float
    unmatched_retry_seconds: float
    registry_poll_seconds: float
    expiry_rounding_days: int
    restart_after_days: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the program was told; a part that was not given is None."""

    database_url: str = field(repr=False)
    queue_url: str = field(repr=False)
    stripe: StripeSettings | None
    epp: EppSettings | None
    registrars: dict[str, str]
    http: HttpSettings
    jobs: JobSettings
    shop: ShopSettings
    busy_deadline_ms: int
    pool_size: int
    log_level: str
    log_json: bool
    metrics_dir: str | None
    clock_offset_file: Path | None

    def require_gateway(self) -> None:
        """WrongSettings unless somebody can pay."""
        if self.stripe is None:
            raise WrongSettings("BILLING_STRIPE_API_KEY is not set: no payment gateway is enabled")

    def require_registrar(self) -> None:
        """WrongSettings unless names can be registered."""
        if not self.registrars:
            raise WrongSettings("BILLING_REGISTRARS is not set: for example rw=epp,com=epp")


def load_settings(dotenv: Path = Path(".env")) -> Settings:
    """Read the environment and, below it, a `.env` file; any name may be given as NAME_FILE, as secrets often are.

    WrongSettings has one sentence for each wrong name.
    """
    env = FileAwareEnv(eager=False, strip_whitespace=True)
    env.read_env(dotenv, recurse=False)
    with env.prefixed("BILLING_"):
        settings = _read(env)
    try:
        env.seal()
    except EnvValidationError as wrong:
        messages = cast(Mapping[str, list[str]], wrong.error_messages)
        sentences = [f"{name}: {' '.join(map(str, why))}" for name, why in messages.items()]
        raise WrongSettings("\n".join(sentences)) from None
    if problems := list(_contradictions(settings)):
        raise WrongSettings("\n".join(problems))
    return settings


def _read(env: Env) -> Settings:
    offset_file = env.str("CLOCK_OFFSET_FILE", None)
    return Settings(
        database_url=env.str("DATABASE_URL", "sqlite:///var/billing.sqlite"),
        queue_url=env.str("QUEUE_URL", "sqlite:///var/queue.sqlite"),
        stripe=_read_stripe(env),
        epp=_read_epp(env),
        registrars=cast(dict[str, str], env.dict("REGISTRARS", {})),
        http=_read_http(env),
        jobs=_read_jobs(env),
        shop=_read_shop(env),
        busy_deadline_ms=env.int("BUSY_DEADLINE_MS", 5000, validate=_POSITIVE),
        pool_size=env.int("POOL_SIZE", 10, validate=_POSITIVE),
        log_level=env.str("LOG_LEVEL", "info", validate=OneOf(("debug", "info", "warning", "error"))),
        log_json=env.bool("LOG_JSON", True),
        metrics_dir=env.str("METRICS_DIR", None),
        clock_offset_file=Path(offset_file) if offset_file else None,
    )


def _read_stripe(env: Env) -> StripeSettings | None:
    api_key = env.str("STRIPE_API_KEY", None)
    if not api_key:
        return None
    return StripeSettings(
        api_key=api_key,
        webhook_secrets=tuple(env.list("STRIPE_WEBHOOK_SECRETS", validate=Length(min=1)) or ()),
        api_base=env.str("STRIPE_API_BASE", None),
    )


def _read_epp(env: Env) -> EppSettings | None:
    host = env.str("EPP_HOST", None)
    if not host:
        return None
    return EppSettings(
        host=host,
        port=env.int("EPP_PORT", 700),
        username=env.str("EPP_USERNAME"),
        password=env.str("EPP_PASSWORD"),
        ca_file=env.str("EPP_CA_FILE", None),
        server_name=env.str("EPP_SERVER_NAME", None),
        client_cert_file=env.str("EPP_CLIENT_CERT_FILE", None),
        client_key_file=env.str("EPP_CLIENT_KEY_FILE", None),
        client_key_passphrase=env.str("EPP_CLIENT_KEY_PASSPHRASE", None),
        sessions_max=env.int("EPP_SESSIONS_MAX", 4, validate=_POSITIVE),
        renew_with_time=env.bool("EPP_RENEW_WITH_TIME", False),
    )


def _read_http(env: Env) -> HttpSettings:
    bind = env.str("HTTP_BIND", "127.0.0.1:8000")
    return HttpSettings(
        bind=bind,
        public_url=env.str("PUBLIC_URL", f"http://{bind}").rstrip("/"),
        processes=env.int("HTTP_PROCESSES", 2, validate=_POSITIVE),
        threads=env.int("HTTP_THREADS", 4, validate=_POSITIVE),
        timeout_seconds=env.int("HTTP_TIMEOUT_SECONDS", 30, validate=_POSITIVE),
        body_bytes_max=env.int("HTTP_BODY_BYTES_MAX", 1024 * 1024, validate=_POSITIVE),
        page_size_max=env.int("HTTP_PAGE_SIZE_MAX", 100, validate=_POSITIVE),
        idempotency_hours=env.int("IDEMPOTENCY_HOURS", 24, validate=_POSITIVE),
    )


def _read_jobs(env: Env) -> JobSettings:
    return JobSettings(
        lease_seconds=env.float("JOB_LEASE_SECONDS", 60, validate=_POSITIVE),
        call_deadline_seconds=env.float("JOB_CALL_DEADLINE_SECONDS", 30, validate=_POSITIVE),
        lease_margin_seconds=env.float("JOB_LEASE_MARGIN_SECONDS", 10, validate=_POSITIVE),
        attempts_max=env.int("JOB_ATTEMPTS_MAX", 12, validate=_POSITIVE),
        backoff_base_seconds=env.float("JOB_BACKOFF_BASE_SECONDS", 2, validate=_POSITIVE),
        backoff_cap_seconds=env.float("JOB_BACKOFF_CAP_SECONDS", 900, validate=_POSITIVE),
        patience_hours=env.float("JOB_PATIENCE_HOURS", 72, validate=_POSITIVE),
        sweep_seconds=env.float("SWEEP_SECONDS", 2, validate=_POSITIVE),
        sweep_batch=env.int("SWEEP_BATCH", 200, validate=_POSITIVE),
        ring_again_seconds=env.float("RING_AGAIN_SECONDS", 10, validate=_POSITIVE),
        ring_timeout_ms=env.int("RING_TIMEOUT_MS", 250, validate=_POSITIVE),
        workers=env.int("WORKERS", 4, validate=_POSITIVE),
        shutdown_seconds=env.float("WORKER_SHUTDOWN_SECONDS", 45, validate=_POSITIVE),
    )


def _read_shop(env: Env) -> ShopSettings:
    return ShopSettings(
        items_max=env.int("ORDER_ITEMS_MAX", 20, validate=_POSITIVE),
        cycles_max=env.int("RENEWAL_CYCLES_MAX", 24, validate=_POSITIVE),
        order_expiry_minutes=env.int("ORDER_EXPIRY_MINUTES", 1440, validate=Range(min=31)),
        attempt_expiry_minutes=env.int("ATTEMPT_EXPIRY_MINUTES", 1439, validate=Range(min=31, max=1439)),
        check_after_expiry_minutes=env.int("CHECK_AFTER_EXPIRY_MINUTES", 5, validate=_POSITIVE),
        check_interval_min_seconds=env.float("CHECK_INTERVAL_MIN_SECONDS", 5, validate=_POSITIVE),
        web_call_deadline_seconds=env.float("WEB_CALL_DEADLINE_SECONDS", 15, validate=_POSITIVE),
        unmatched_retry_seconds=env.float("UNMATCHED_RETRY_SECONDS", 300, validate=_POSITIVE),
        registry_poll_seconds=env.float("REGISTRY_POLL_SECONDS", 60, validate=_POSITIVE),
        expiry_rounding_days=env.int("EXPIRY_ROUNDING_DAYS", 2, validate=_POSITIVE),
        restart_after_days=env.int("SUBSCRIPTION_RESTART_AFTER_DAYS", 30, validate=_POSITIVE),
    )


def _contradictions(settings: Settings) -> Iterator[str]:
    jobs = settings.jobs
    if jobs.lease_seconds <= jobs.call_deadline_seconds + jobs.lease_margin_seconds:
        yield (
            "BILLING_JOB_LEASE_SECONDS must be longer than BILLING_JOB_CALL_DEADLINE_SECONDS and "
            "BILLING_JOB_LEASE_MARGIN_SECONDS together, or two workers could call for one job"
        )
    for suffix, adapter in settings.registrars.items():
        if adapter != "epp":
            yield f"BILLING_REGISTRARS: {suffix}={adapter}: the registrar adapters are: epp"
        elif settings.epp is None:
            yield f"BILLING_EPP_HOST is not set, and BILLING_REGISTRARS sends .{suffix} there"
    live = settings.stripe is not None and "_live_" in settings.stripe.api_key
    if live and settings.clock_offset_file is not None:
        yield "BILLING_CLOCK_OFFSET_FILE moves the clock of a shop with a live key: it is for demos and tests only"
    if not settings.database_url.startswith(("sqlite:", "postgresql:", "postgresql+psycopg:")):
        yield "BILLING_DATABASE_URL must begin with sqlite:/// or postgresql://"
    if not settings.queue_url.startswith(("sqlite:", "redis:", "rediss:", "postgresql:", "memory:")):
        yield "BILLING_QUEUE_URL must begin with sqlite:///, redis://, postgresql:// or memory://"
