"""Settings as the limits that use cases and views are given: plain numbers become durations."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib.metadata import version
from urllib.parse import urlsplit

from billing.application.guarding.breakers import GuardLimits
from billing.application.inbox.hints import HintLimits
from billing.application.money.paying import AttemptTimes, PaymentLimits
from billing.application.money.refunds import RefundLimits
from billing.application.ports import PaymentGateway
from billing.application.shop.checkout import CheckoutLimits
from billing.application.subscriptions.billers import BillerLimits
from billing.application.telling.alerts import OperatorMail
from billing.application.work.daily import DailyLimits
from billing.application.work.jobs import JobLimits
from billing.domain.breaker import BreakerPolicy
from billing.domain.dispute_policy import DisputedHosting, DisputePolicy, LostHosting
from billing.domain.dunning import DunningPolicy
from billing.domain.job import JobKind
from billing.domain.poll_schedule import PollSchedule
from billing.domain.refund_policy import Compensation, RefundedHosting, RefundPolicy
from billing.domain.renewal import RenewalPolicy
from billing.domain.retry_policy import RetryPolicy
from billing.entrypoints.http.app import HttpConfig
from billing.entrypoints.http.cases import PAGE_SIZE
from billing.entrypoints.http.gateways import KpayTerms
from billing.entrypoints.http.pay.guarding import FormSeal, PayGate, RateLimit
from billing.entrypoints.http.pay.links import PayLinks
from billing.entrypoints.job_settings import JobSettings, KindSettings
from billing.entrypoints.kpay_settings import KPAY, KpaySettings
from billing.entrypoints.mail_settings import MailSettings
from billing.entrypoints.renewal_settings import RenewalSettings
from billing.entrypoints.settings import Settings, ShopSettings


def job_limits(jobs: JobSettings) -> Mapping[JobKind, JobLimits]:
    """Those of each kind of job."""
    return {kind: _limits_of(jobs, own) for kind, own in jobs.kinds.items()}


def _limits_of(jobs: JobSettings, own: KindSettings) -> JobLimits:
    return JobLimits(
        lease=timedelta(seconds=jobs.lease_seconds),
        call_deadline_seconds=own.call_deadline_seconds,
        retry=RetryPolicy(own.attempts_max, jobs.backoff_base_seconds, own.backoff_cap_seconds),
        patience=timedelta(hours=own.patience_hours),
        concurrency_max=own.concurrency_max,
        full_retry=timedelta(seconds=jobs.concurrency_retry_seconds),
    )


def sender_domain(mails: MailSettings | None) -> str | None:
    """What Message-IDs end in; None where there are no mails."""
    return mails.sender.rpartition("@")[2] if mails else None


def operator_mail(mails: MailSettings | None) -> OperatorMail:
    """Nobody is told where there are no mails, and alerts are kept."""
    if mails is None:
        return OperatorMail(recipient=None, interval=timedelta(), listed_max=0)
    return OperatorMail(
        recipient=mails.operator,
        interval=timedelta(minutes=mails.alert_interval_minutes),
        listed_max=mails.alerts_listed_max,
    )


def guard_limits(settings: Settings) -> GuardLimits:
    """The same for every provider; a probe has the margin of a lease to be written down."""
    breaker = settings.breaker
    return GuardLimits(
        policy=BreakerPolicy(
            failures_max=breaker.failures,
            open_for=timedelta(seconds=breaker.open_seconds),
            open_max=timedelta(seconds=breaker.open_max_seconds),
        ),
        fair_call_seconds=breaker.fair_call_seconds,
        probe_margin=timedelta(seconds=settings.jobs.lease_margin_seconds),
    )


def checkout_limits(shop: ShopSettings) -> CheckoutLimits:
    """The bounds of a basket."""
    return CheckoutLimits(
        items_max=shop.items_max,
        cycles_max=shop.cycles_max,
        order_expiry=timedelta(minutes=shop.order_expiry_minutes),
        call_deadline_seconds=shop.availability_deadline_seconds,
    )


def payment_limits(settings: Settings) -> PaymentLimits:
    """The check of an attempt comes after twice the deadline of its start, when the request has surely ended.

    The deadline bounds the call alone; a transaction comes before it and one after it.
    """
    shop, kpay = settings.shop, settings.kpay
    others = {}
    if kpay is not None:
        others[KPAY] = AttemptTimes(
            expiry=timedelta(minutes=kpay.attempt_expiry_minutes),
            retry_after=timedelta(seconds=kpay.retry_after_seconds),
        )
    return PaymentLimits(
        attempt_expiry=timedelta(minutes=shop.attempt_expiry_minutes),
        recover_after=timedelta(seconds=2 * shop.web_call_deadline_seconds),
        call_deadline_seconds=shop.web_call_deadline_seconds,
        others=others,
    )


def poll_schedules(settings: Settings) -> Mapping[str, PollSchedule]:
    """Of the gateways that are asked again and again."""
    if settings.kpay is None:
        return {}
    ages = tuple(timedelta(seconds=age) for age in settings.kpay.poll_seconds)
    return {KPAY: PollSchedule(ages, timedelta(seconds=settings.shop.check_interval_min_seconds))}


def hint_limits(settings: Settings) -> HintLimits:
    """None is kept where no gateway sends any."""
    return HintLimits(
        kept_max=settings.kpay.hints_max if settings.kpay else 0,
        interval_min=timedelta(seconds=settings.shop.check_interval_min_seconds),
    )


def biller_limits(shop: ShopSettings) -> BillerLimits:
    """A job finds out after twice the deadline of the call, when the request has surely ended."""
    return BillerLimits(
        recover_after=timedelta(seconds=2 * shop.web_call_deadline_seconds),
        call_deadline_seconds=shop.web_call_deadline_seconds,
    )


def dunning_policy(shop: ShopSettings) -> DunningPolicy:
    """How long what is unpaid is served."""
    return DunningPolicy(grace=timedelta(days=shop.dunning_grace_days), end_after=timedelta(days=shop.dunning_end_days))


def refund_policy(shop: ShopSettings) -> RefundPolicy:
    """What goes back by itself."""
    return RefundPolicy(Compensation(shop.compensation), RefundedHosting(shop.refunded_hosting))


def dispute_policy(shop: ShopSettings) -> DisputePolicy:
    """What becomes of disputed hosting."""
    return DisputePolicy(DisputedHosting(shop.disputed_hosting), LostHosting(shop.lost_hosting))


def refund_limits(shop: ShopSettings) -> RefundLimits:
    """How long a refund is pursued."""
    return RefundLimits(
        tries_max=shop.refund_tries_max,
        retry=timedelta(minutes=shop.refund_retry_minutes),
        poll=timedelta(minutes=shop.refund_poll_minutes),
    )


def renewal_policy(renewals: RenewalSettings) -> RenewalPolicy:
    """When customers are told, and declined charges tried again."""
    return RenewalPolicy(renewals.mail_days, renewals.retry_days, renewals.alert_days)


def daily_limits(settings: Settings) -> DailyLimits:
    """A worker is at one step of a round no longer than at a job."""
    return DailyLimits(
        begins=timedelta(hours=settings.renewals.daily_at_hour),
        lease=timedelta(seconds=settings.jobs.lease_seconds),
    )


def pay_links(settings: Settings) -> PayLinks | None:
    """None without a key to sign them: then mails have no link, and there is no page."""
    if not settings.secret_keys:
        return None
    return PayLinks(settings.http.public_url, settings.secret_keys)


def pay_gate(
    settings: Settings, links: PayLinks | None, new_value: Callable[[], str], monotonic: Callable[[], float]
) -> PayGate | None:
    """None where there is no page; its cookie goes only to where we are reached, over TLS alone where that is so."""
    if links is None:
        return None
    reached = urlsplit(settings.http.public_url)
    seal = FormSeal(settings.secret_keys, new_value, reached.scheme == "https", f"{reached.path}/pay")
    return PayGate(links, seal, RateLimit(settings.http.pay_posts_per_minute, 60.0, monotonic))


def http_config(settings: Settings, gateways: Mapping[str, PaymentGateway]) -> HttpConfig:
    """An Idempotency-Key is held for twice a request's timeout, so that no repeat runs beside the first call."""
    return HttpConfig(
        public_url=settings.http.public_url,
        version=version("billing"),
        gateways=tuple(gateways),
        kpay=_kpay_terms(settings.kpay),
        body_bytes_max=settings.http.body_bytes_max,
        page_size_default=min(PAGE_SIZE, settings.http.page_size_max),
        page_size_max=settings.http.page_size_max,
        shop=settings.mails.sender_name if settings.mails else "",
        idempotency_lease=timedelta(seconds=settings.http.timeout_seconds * 2),
        idempotency_keep=timedelta(hours=settings.http.idempotency_hours),
    )


def _kpay_terms(kpay: KpaySettings | None) -> KpayTerms | None:
    return KpayTerms(kpay.limits, timedelta(seconds=kpay.retry_after_seconds)) if kpay else None
