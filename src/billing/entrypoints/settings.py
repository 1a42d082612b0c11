"""Settings from the environment: read once, every wrong one named, each command asking only for what it needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from environs import Env, EnvValidationError, FileAwareEnv
from marshmallow.validate import OneOf, Range

from billing.domain.dispute_policy import DisputedHosting, LostHosting
from billing.domain.errors import BillingError
from billing.domain.refund_policy import Compensation, RefundedHosting
from billing.entrypoints import setting_formats as formats
from billing.entrypoints.job_settings import BreakerSettings, JobSettings, contradictions, read_breaker, read_jobs
from billing.entrypoints.kpay_settings import KpaySettings, read_kpay
from billing.entrypoints.mail_settings import MailSettings, read_mails
from billing.entrypoints.renewal_settings import RenewalSettings, read_renewals
from billing.entrypoints.setting_formats import POSITIVE, optional


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

    @property
    def is_live(self) -> bool:
        """Whether its key moves real money: https://docs.stripe.com/keys"""
        return "_live_" in self.api_key


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
    pay_posts_per_minute: int


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
    availability_deadline_seconds: float
    unmatched_retry_seconds: float
    registry_poll_seconds: float
    renewal_turn_seconds: float
    expiry_rounding_days: int
    restart_after_days: int
    dunning_grace_days: int
    dunning_end_days: int
    renewal_check_hours: float
    charge_poll_hours: float
    card_poll_seconds: float
    compensation: str
    refunded_hosting: str
    disputed_hosting: str
    lost_hosting: str
    refund_tries_max: int
    refund_retry_minutes: float
    refund_poll_minutes: float
    inbox_body_days: int
    reconcile_interval_hours: float
    reconcile_days: int
    reconcile_page_size: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the program was told; a part that was not given is None."""

    database_url: str = field(repr=False)
    queue_url: str = field(repr=False)
    secret_keys: tuple[str, ...] = field(repr=False)
    stripe: StripeSettings | None
    kpay: KpaySettings | None
    epp: EppSettings | None
    registrars: dict[str, str]
    http: HttpSettings
    jobs: JobSettings
    breaker: BreakerSettings
    shop: ShopSettings
    mails: MailSettings | None
    renewals: RenewalSettings
    busy_deadline_ms: int
    pool_size: int
    log_level: str
    log_json: bool
    metrics_dir: str | None
    clock_offset_file: Path | None
    failpoints_dir: Path | None


def load_settings(dotenv: Path = Path(".env")) -> Settings:
    """Read the environment and, below it, a `.env` file; any name may be given as NAME_FILE, as secrets often are.

    WrongSettings has one sentence for each wrong name.
    """
    env = FileAwareEnv(eager=False, strip_whitespace=True)
    env.read_env(dotenv, recurse=False)
    try:
        with env.prefixed("BILLING_"):
            settings = _read(env)
        env.seal()
    except EnvValidationError as wrong:
        messages = cast(Mapping[str, list[str]], wrong.error_messages)
        sentences = [f"{name}: {' '.join(map(str, why))}" for name, why in messages.items()]
        raise WrongSettings("\n".join(sentences)) from None
    except ValueError as unreadable:  # a NAME_FILE that can't be read
        raise WrongSettings(str(unreadable)) from unreadable
    if problems := list(_contradictions(settings)):
        raise WrongSettings("\n".join(problems))
    return settings


def _read(env: Env) -> Settings:
    offset_file = env.str("CLOCK_OFFSET_FILE", None)
    failpoints_dir = optional(env, "FAILPOINTS_DIR", formats.existing_folder)
    return Settings(
        database_url=env.str("DATABASE_URL", "sqlite:///var/billing.sqlite", validate=formats.ledger_url),
        queue_url=env.str("QUEUE_URL", "sqlite:///var/queue.sqlite", validate=formats.queue_url),
        secret_keys=tuple(env.list("SECRET_KEY", [], validate=formats.long_secrets) or ()),
        stripe=_read_stripe(env),
        kpay=read_kpay(env),
        epp=_read_epp(env),
        registrars=formats.registrar_routes(env.str("REGISTRARS", "", validate=formats.registrar_routes) or ""),
        http=_read_http(env),
        jobs=read_jobs(env),
        breaker=read_breaker(env),
        shop=_read_shop(env),
        mails=read_mails(env),
        renewals=read_renewals(env),
        busy_deadline_ms=env.int("BUSY_DEADLINE_MS", 5000, validate=POSITIVE),
        pool_size=env.int("POOL_SIZE", 10, validate=POSITIVE),
        log_level=env.str("LOG_LEVEL", "info", validate=OneOf(("debug", "info", "warning", "error"))),
        log_json=env.bool("LOG_JSON", True),
        metrics_dir=env.str("METRICS_DIR", None),
        clock_offset_file=Path(offset_file) if offset_file else None,
        failpoints_dir=Path(failpoints_dir) if failpoints_dir else None,
    )


def _read_stripe(env: Env) -> StripeSettings | None:
    api_key = optional(env, "STRIPE_API_KEY", formats.stripe_key)
    if not api_key:
        return None
    return StripeSettings(
        api_key=api_key,
        webhook_secrets=tuple(env.list("STRIPE_WEBHOOK_SECRETS", (), validate=formats.secrets) or ()),
        api_base=optional(env, "STRIPE_API_BASE", formats.web_address),
    )


def _read_epp(env: Env) -> EppSettings | None:
    host = optional(env, "EPP_HOST", formats.host_name)
    if not host:
        return None
    return EppSettings(
        host=host,
        port=env.int("EPP_PORT", 700, validate=formats.PORT),
        username=env.str("EPP_USERNAME"),
        password=env.str("EPP_PASSWORD"),
        ca_file=optional(env, "EPP_CA_FILE", formats.existing_file),
        server_name=optional(env, "EPP_SERVER_NAME", formats.host_name),
        client_cert_file=optional(env, "EPP_CLIENT_CERT_FILE", formats.existing_file),
        client_key_file=optional(env, "EPP_CLIENT_KEY_FILE", formats.existing_file),
        client_key_passphrase=env.str("EPP_CLIENT_KEY_PASSPHRASE", None),
        sessions_max=env.int("EPP_SESSIONS_MAX", 4, validate=POSITIVE),
        renew_with_time=env.bool("EPP_RENEW_WITH_TIME", False),
    )


def _read_http(env: Env) -> HttpSettings:
    bind = env.str("HTTP_BIND", "127.0.0.1:8000", validate=formats.bind_address)
    return HttpSettings(
        bind=bind,
        public_url=(optional(env, "PUBLIC_URL", formats.web_address) or f"http://{bind}").rstrip("/"),
        processes=env.int("HTTP_PROCESSES", 2, validate=POSITIVE),
        threads=env.int("HTTP_THREADS", 16, validate=POSITIVE),
        timeout_seconds=env.int("HTTP_TIMEOUT_SECONDS", 30, validate=POSITIVE),
        body_bytes_max=env.int("HTTP_BODY_BYTES_MAX", 1024 * 1024, validate=POSITIVE),
        page_size_max=env.int("HTTP_PAGE_SIZE_MAX", 100, validate=POSITIVE),
        idempotency_hours=env.int("IDEMPOTENCY_HOURS", 24, validate=POSITIVE),
        pay_posts_per_minute=env.int("PAY_POSTS_PER_MINUTE", 10, validate=POSITIVE),
    )


def _read_shop(env: Env) -> ShopSettings:
    return ShopSettings(
        items_max=env.int("ORDER_ITEMS_MAX", 20, validate=POSITIVE),
        cycles_max=env.int("RENEWAL_CYCLES_MAX", 24, validate=POSITIVE),
        order_expiry_minutes=env.int("ORDER_EXPIRY_MINUTES", 1440, validate=Range(min=31)),
        attempt_expiry_minutes=env.int("ATTEMPT_EXPIRY_MINUTES", 1439, validate=Range(min=35, max=1439)),
        check_after_expiry_minutes=env.int("CHECK_AFTER_EXPIRY_MINUTES", 5, validate=POSITIVE),
        check_interval_min_seconds=env.float("CHECK_INTERVAL_MIN_SECONDS", 5, validate=POSITIVE),
        web_call_deadline_seconds=env.float("WEB_CALL_DEADLINE_SECONDS", 15, validate=POSITIVE),
        availability_deadline_seconds=env.float("AVAILABILITY_DEADLINE_SECONDS", 5, validate=POSITIVE),
        unmatched_retry_seconds=env.float("UNMATCHED_RETRY_SECONDS", 300, validate=POSITIVE),
        registry_poll_seconds=env.float("REGISTRY_POLL_SECONDS", 60, validate=POSITIVE),
        renewal_turn_seconds=env.float("RENEWAL_TURN_SECONDS", 600, validate=POSITIVE),
        expiry_rounding_days=env.int("EXPIRY_ROUNDING_DAYS", 2, validate=POSITIVE),
        restart_after_days=env.int("SUBSCRIPTION_RESTART_AFTER_DAYS", 30, validate=POSITIVE),
        dunning_grace_days=env.int("DUNNING_GRACE_DAYS", 7, validate=POSITIVE),
        dunning_end_days=env.int("DUNNING_END_DAYS", 30, validate=POSITIVE),
        renewal_check_hours=env.float("RENEWAL_CHECK_HOURS", 6, validate=POSITIVE),
        charge_poll_hours=env.float("CHARGE_POLL_HOURS", 6, validate=POSITIVE),
        card_poll_seconds=env.float("CARD_POLL_SECONDS", 60, validate=POSITIVE),
        compensation=env.str("COMPENSATION", "auto", validate=OneOf(list(Compensation))),
        refunded_hosting=env.str("REFUNDED_HOSTING", "keep", validate=OneOf(list(RefundedHosting))),
        disputed_hosting=env.str("DISPUTED_HOSTING", "suspend", validate=OneOf(list(DisputedHosting))),
        lost_hosting=env.str("LOST_HOSTING", "end", validate=OneOf(list(LostHosting))),
        refund_tries_max=env.int("REFUND_TRIES_MAX", 3, validate=POSITIVE),
        refund_retry_minutes=env.float("REFUND_RETRY_MINUTES", 15, validate=POSITIVE),
        refund_poll_minutes=env.float("REFUND_POLL_MINUTES", 360, validate=POSITIVE),
        inbox_body_days=env.int("INBOX_BODY_DAYS", 90, validate=POSITIVE),
        reconcile_interval_hours=env.float("RECONCILE_INTERVAL_HOURS", 6, validate=formats.never_or_hours),
        reconcile_days=env.int("RECONCILE_DAYS", 3, validate=Range(min=1, max=30)),
        reconcile_page_size=env.int("RECONCILE_PAGE_SIZE", 20, validate=POSITIVE),
    )


def _contradictions(settings: Settings) -> Iterator[str]:
    yield from contradictions(settings.jobs, settings.breaker)
    if settings.shop.dunning_end_days <= settings.shop.dunning_grace_days:
        yield "BILLING_DUNNING_END_DAYS must be more than BILLING_DUNNING_GRACE_DAYS: what ends is suspended first"
    if settings.http.timeout_seconds <= settings.shop.web_call_deadline_seconds:
        why = "a request takes longer than a call in it, and no repeat may run beside it"
        yield f"BILLING_HTTP_TIMEOUT_SECONDS must be longer than BILLING_WEB_CALL_DEADLINE_SECONDS: {why}"
    live = settings.stripe is not None and settings.stripe.is_live
    if live and settings.clock_offset_file is not None:
        yield "BILLING_CLOCK_OFFSET_FILE moves the clock of a shop with a live key: it is for demos and tests only"
    if live and settings.failpoints_dir is not None:
        yield "BILLING_FAILPOINTS_DIR breaks a shop with a live key: it is for tests only"
