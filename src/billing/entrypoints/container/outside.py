"""The outside things that settings ask for, each as the adapter that speaks to it."""

import atexit
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from email.headerregistry import Address

from billing.adapters.epp_registrar import EppConfig, EppRegistrar, ExpiryFormat
from billing.adapters.kpay_gateway import KpayAccount, KpayGateway
from billing.adapters.smtp_notifier import SmtpConfig, SmtpNotifier, Tls
from billing.adapters.stripe_gateway import StripeBilling, StripeGateway, StripeMethods
from billing.application.deliveries.registrars import RegistrarRoutes
from billing.application.guarding.breakers import Guard
from billing.application.guarding.guarded import (
    GuardedBilling,
    GuardedHintingGateway,
    GuardedMethods,
    GuardedRegistrar,
    GuardedSignedGateway,
)
from billing.application.ledger import Ledger
from billing.application.ports import (
    Clock,
    HintingGateway,
    Notifier,
    PaymentGateway,
    Registrar,
    SignedGateway,
    Telemetry,
)
from billing.application.provider_ports import RecurringBilling, SavedMethods
from billing.domain.errors import Invalid
from billing.entrypoints.kpay_settings import KpaySettings
from billing.entrypoints.mail_settings import MailSettings
from billing.entrypoints.settings import EppSettings, Settings, WrongSettings


def gateways(
    settings: Settings,
    ledger: Ledger,
    now: Clock,
    business_clock: Clock,
    told: Telemetry,
    guard: Callable[[str], Guard],
) -> Mapping[str, PaymentGateway]:
    gateways: list[SignedGateway | HintingGateway] = []
    if settings.stripe is not None:
        if not settings.stripe.webhook_secrets:  # `billing stripe setup` does without: it gets the first
            raise WrongSettings("BILLING_STRIPE_WEBHOOK_SECRETS: Environment variable not set.")
        stripe = StripeGateway(
            api_key=settings.stripe.api_key,
            livemode=settings.stripe.is_live,
            webhook_secrets=settings.stripe.webhook_secrets,
            api_base=settings.stripe.api_base,
            installation=lambda: ledger.read(lambda uow: uow.installation()),
            now=now,
            telemetry=told,
        )
        gateways.append(stripe)
    if settings.kpay is not None:
        others = [one.name for one in gateways]
        gateways.append(_kpay(settings.kpay, settings.http.public_url, others, business_clock, told))
    return {one.name: _guarded(one, guard(f"gateway {one.name}")) for one in gateways}


def _kpay(
    kpay: KpaySettings, public_url: str, others: Sequence[str], business_clock: Clock, told: Telemetry
) -> KpayGateway:
    account = KpayAccount(
        url=kpay.url,
        username=kpay.username,
        password=kpay.password,
        api_key=kpay.api_key,
        retailer_id=kpay.retailer_id,
        limits=kpay.limits,
    )
    return KpayGateway(
        account,
        postback_url=lambda token: f"{public_url}/webhooks/kpay/{token}",
        grace=timedelta(seconds=kpay.grace_seconds),
        others=others,
        now=business_clock,
        telemetry=told,
    )


def _guarded(gateway: SignedGateway | HintingGateway, guard: Guard) -> PaymentGateway:
    if isinstance(gateway, SignedGateway):
        return GuardedSignedGateway(gateway, guard)
    return GuardedHintingGateway(gateway, guard)


def signed(gateways: Mapping[str, PaymentGateway]) -> Mapping[str, SignedGateway]:
    """Those whose notifications are proof."""
    return {name: one for name, one in gateways.items() if isinstance(one, SignedGateway)}


def hinting(gateways: Mapping[str, PaymentGateway]) -> Mapping[str, HintingGateway]:
    """Those whose notifications only hint."""
    return {name: one for name, one in gateways.items() if isinstance(one, HintingGateway)}


def saved_methods(
    settings: Settings, ledger: Ledger, told: Telemetry, guard: Callable[[str], Guard]
) -> Mapping[str, SavedMethods]:
    keepers: list[SavedMethods] = []
    if settings.stripe is not None:
        stripe = StripeMethods(
            api_key=settings.stripe.api_key,
            api_base=settings.stripe.api_base,
            installation=lambda: ledger.read(lambda uow: uow.installation()),
            telemetry=told,
        )
        keepers.append(stripe)
    return {one.gateway: GuardedMethods(one, guard(f"gateway {one.gateway}")) for one in keepers}


def recurring_billing(
    settings: Settings, ledger: Ledger, now: Clock, told: Telemetry, guard: Callable[[str], Guard]
) -> Mapping[str, RecurringBilling]:
    billing: list[RecurringBilling] = []
    if settings.stripe is not None:
        stripe = StripeBilling(
            api_key=settings.stripe.api_key,
            api_base=settings.stripe.api_base,
            installation=lambda: ledger.read(lambda uow: uow.installation()),
            now=now,
            telemetry=told,
        )
        billing.append(stripe)
    return {one.gateway: GuardedBilling(one, guard(f"gateway {one.gateway}")) for one in billing}


def registrars(
    settings: Settings, told: Telemetry, monotonic: Callable[[], float], guard: Callable[[str], Guard]
) -> RegistrarRoutes:
    adapters: dict[str, Registrar] = {}
    if settings.epp is not None:
        adapters["epp"] = _epp(settings.epp, settings.jobs.call_deadline_max_seconds, told, monotonic)
    for suffix, name in settings.registrars.items():
        if name not in adapters:
            why = f"which is unknown or not set up by BILLING_{name.upper()}_…"
            raise WrongSettings(f"BILLING_REGISTRARS sends .{suffix} to {name}, {why}")
    guarded = {name: GuardedRegistrar(adapter, guard(f"registrar {name}")) for name, adapter in adapters.items()}
    return RegistrarRoutes({suffix: guarded[name] for suffix, name in settings.registrars.items()})


def _epp(epp: EppSettings, read_timeout: float, told: Telemetry, monotonic: Callable[[], float]) -> EppRegistrar:
    config = EppConfig(
        host=epp.host,
        port=epp.port,
        username=epp.username,
        password=epp.password,
        ca_file=epp.ca_file,
        server_name=epp.server_name,
        client_cert_file=epp.client_cert_file,
        client_key_file=epp.client_key_file,
        client_key_passphrase=epp.client_key_passphrase,
        read_timeout_seconds=read_timeout,
        sessions_max=epp.sessions_max,
        renew_expiry_format=ExpiryFormat.TIMESTAMP if epp.renew_with_time else ExpiryFormat.DATE,
    )
    try:
        registry = EppRegistrar(config, told, monotonic)
    except Invalid as wrong:  # its fields are named as the settings are
        raise WrongSettings(f"BILLING_EPP_{wrong.field.upper()}: {wrong.why}") from wrong
    atexit.register(registry.close)
    return registry


def notifier(
    mails: MailSettings | None, workers: int, told: Telemetry, monotonic: Callable[[], float]
) -> Notifier | None:
    if mails is None:
        return None
    config = SmtpConfig(
        host=mails.server.host,
        port=mails.server.port,
        tls=Tls(mails.server.scheme),
        username=mails.server.username,
        password=mails.server.password,
        ca_file=mails.ca_file,
        sender=Address(mails.sender_name, addr_spec=mails.sender),
        line_mails_max=mails.line_mails_max,
        line_idle_seconds=mails.line_idle_seconds,
        idle_lines_max=workers,
    )
    try:
        server = SmtpNotifier(config, told, monotonic)
    except OSError as unusable:
        raise WrongSettings(f"BILLING_SMTP_CA_FILE can't be used: {unusable}") from unusable
    atexit.register(server.close)
    return server


def open_jobs(ledger: Ledger) -> Mapping[tuple[str, str], int]:
    counts = ledger.read(lambda uow: uow.jobs.counts())
    return {(str(kind), str(status)): jobs for (kind, status), jobs in counts.items()}


def breakers(ledger: Ledger) -> Mapping[str, str]:
    return ledger.read(lambda uow: {one.name: one.state(uow.now()).value for one in uow.breakers.all()})
