"""The providers' own books that settings ask for: what happened there, what came of a payment, how we are set up."""

from collections.abc import Callable, Mapping

from billing.adapters.stripe_gateway import StripeApi, StripeFeed, StripeSetup, StripeStatements
from billing.application.guarding.breakers import Guard
from billing.application.guarding.guarded_books import GuardedFeed, GuardedStatements
from billing.application.ledger import Ledger
from billing.application.ports import Telemetry
from billing.application.provider_ports import EventFeed, ProviderSetup, Statements
from billing.entrypoints.settings import Settings, StripeSettings


def event_feeds(settings: Settings, told: Telemetry, guard: Callable[[str], Guard]) -> Mapping[str, EventFeed]:
    feeds = [StripeFeed(_stripe_api(settings.stripe, told))] if settings.stripe else []
    return {one.gateway: GuardedFeed(one, guard(f"gateway {one.gateway}")) for one in feeds}


def statements(settings: Settings, told: Telemetry, guard: Callable[[str], Guard]) -> Mapping[str, Statements]:
    shown = [StripeStatements(_stripe_api(settings.stripe, told))] if settings.stripe else []
    return {one.gateway: GuardedStatements(one, guard(f"gateway {one.gateway}")) for one in shown}


def provider_setups(settings: Settings, ledger: Ledger, told: Telemetry) -> Mapping[str, ProviderSetup]:
    """Not guarded: a person waits for each call, and is to see how it fails."""
    stripe = settings.stripe
    if stripe is None:
        return {}
    setup = StripeSetup(_stripe_api(stripe, told), stripe.is_live, lambda: ledger.read(lambda uow: uow.installation()))
    return {setup.gateway: setup}


def _stripe_api(stripe: StripeSettings, told: Telemetry) -> StripeApi:
    return StripeApi(stripe.api_key, stripe.api_base, told)
