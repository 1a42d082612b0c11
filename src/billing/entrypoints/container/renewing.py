"""What renews by itself, wired: orders of ours, charges, mails, and the rounds of the day that make them."""

from datetime import timedelta
from typing import Any

from dependency_injector import containers, providers

from billing.application.expiry.charging import ChargeOrder
from billing.application.expiry.expiring_cards import LookAfterCards
from billing.application.expiry.expiring_names import LookAfterName, LookAfterNames
from billing.application.expiry.hosting_renewals import LookAfterHosting, LookAfterPeriod, OfferPeriod, OrderPeriod
from billing.application.expiry.renewal_notices import RenewalNotices
from billing.application.expiry.renewals import OfferRenewal, SetAutoRenew
from billing.application.work.daily import OnceADay
from billing.entrypoints import limits
from billing.entrypoints.settings import Settings


class Renewing(containers.DeclarativeContainer):
    """Part of the container; what it needs of the rest is handed in."""

    settings = providers.Dependency(instance_of=Settings)
    batch = settings.provided.jobs.sweep_batch
    ledger: "providers.Dependency[Any]" = providers.Dependency()
    telemetry: "providers.Dependency[Any]" = providers.Dependency()
    business_clock: "providers.Dependency[Any]" = providers.Dependency()
    ids: "providers.Dependency[Any]" = providers.Dependency()
    order_number: "providers.Dependency[Any]" = providers.Dependency()
    postbox: "providers.Dependency[Any]" = providers.Dependency()
    pay_links: "providers.Dependency[Any]" = providers.Dependency()
    gateways: "providers.Dependency[Any]" = providers.Dependency()

    policy = providers.ThreadSafeSingleton(limits.renewal_policy, settings.provided.renewals)
    notices = providers.ThreadSafeSingleton(RenewalNotices, postbox, pay_links)
    offer = providers.ThreadSafeSingleton(OfferRenewal, ids, order_number)
    set_auto_renew = providers.ThreadSafeSingleton(SetAutoRenew, ledger, offer, business_clock)
    charge = providers.ThreadSafeSingleton(
        ChargeOrder,
        policy,
        gateways,
        providers.Factory(timedelta, minutes=settings.provided.shop.attempt_expiry_minutes),
        ids,
    )
    names = providers.ThreadSafeSingleton(
        LookAfterNames,
        ledger,
        providers.Factory(LookAfterName, policy, offer, charge, notices),
        batch,
        telemetry,
        business_clock,
    )
    cards = providers.ThreadSafeSingleton(LookAfterCards, ledger, notices, batch, telemetry, business_clock)
    offer_period = providers.ThreadSafeSingleton(
        OfferPeriod,
        ids,
        order_number,
        providers.Factory(timedelta, days=settings.provided.shop.dunning_end_days),
    )
    order_period = providers.ThreadSafeSingleton(OrderPeriod, ledger, offer_period, business_clock)
    hosting = providers.ThreadSafeSingleton(
        LookAfterHosting,
        ledger,
        providers.Factory(LookAfterPeriod, policy, offer_period, notices),
        batch,
        telemetry,
        business_clock,
    )
    once_a_day = providers.Factory(
        OnceADay,
        ledger,
        limits=providers.Factory(limits.daily_limits, settings),
        telemetry=telemetry,
        clock=business_clock,
    )
    names_once_a_day = providers.Factory(once_a_day, steps=names)
    hosting_once_a_day = providers.Factory(once_a_day, steps=hosting)
    cards_once_a_day = providers.Factory(once_a_day, steps=cards)
