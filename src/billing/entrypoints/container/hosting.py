"""The life of hosting subscriptions, wired: who follows their billing, changes them, and tells of it."""

from datetime import timedelta
from typing import Any

from dependency_injector import containers, providers

from billing.application.subscriptions.attending import ResolveSubscription
from billing.application.subscriptions.dunning import TickSubscriptions
from billing.application.subscriptions.following import TakeBilling
from billing.application.subscriptions.invoicing import TakeInvoice
from billing.application.subscriptions.lifecycle import CarryOutChange, ChangeSubscription, TellBilling
from billing.application.subscriptions.recurring import BeginBilling
from billing.application.subscriptions.renewing import WriteRenewal
from billing.application.subscriptions.subscription_notices import MoveSubscription, SubscriptionNotices
from billing.domain.dispatch_policy import DispatchPolicy
from billing.entrypoints import limits
from billing.entrypoints.settings import Settings


class Hosting(containers.DeclarativeContainer):
    """Part of the container; what it needs of the rest is handed in."""

    settings = providers.Dependency(instance_of=Settings)
    shop = settings.provided.shop
    ledger: "providers.Dependency[Any]" = providers.Dependency()
    telemetry: "providers.Dependency[Any]" = providers.Dependency()
    business_clock: "providers.Dependency[Any]" = providers.Dependency()
    monotonic: "providers.Dependency[Any]" = providers.Dependency()
    ids: "providers.Dependency[Any]" = providers.Dependency()
    order_number: "providers.Dependency[Any]" = providers.Dependency()
    postbox: "providers.Dependency[Any]" = providers.Dependency()
    pay_links: "providers.Dependency[Any]" = providers.Dependency()
    pay_back: "providers.Dependency[Any]" = providers.Dependency()
    billing: "providers.Dependency[Any]" = providers.Dependency()

    dunning = providers.Callable(limits.dunning_policy, shop)
    notices = providers.ThreadSafeSingleton(SubscriptionNotices, postbox, dunning, pay_links)
    move = providers.ThreadSafeSingleton(MoveSubscription, notices)
    renew = providers.ThreadSafeSingleton(
        WriteRenewal,
        policy=providers.Factory(DispatchPolicy),
        pay_back=pay_back,
        clock=business_clock,
        ids=ids,
        number=order_number,
    )
    take_billing = providers.ThreadSafeSingleton(TakeBilling, move, business_clock)
    take_invoice = providers.ThreadSafeSingleton(TakeInvoice, renew, move, business_clock, ids)
    tell = providers.ThreadSafeSingleton(TellBilling, ledger, billing)
    change_subscription = providers.ThreadSafeSingleton(
        ChangeSubscription,
        ledger,
        tell,
        move,
        providers.Factory(limits.biller_limits, shop),
        business_clock,
        monotonic,
    )
    resolve_subscription = providers.ThreadSafeSingleton(
        ResolveSubscription,
        ledger,
        billing,
        renew,
        move,
        business_clock,
        shop.web_call_deadline_seconds,
        monotonic,
    )
    tick_subscriptions = providers.ThreadSafeSingleton(
        TickSubscriptions,
        ledger,
        move,
        telemetry,
        business_clock,
        check_after=providers.Factory(timedelta, hours=shop.renewal_check_hours),
        batch=settings.provided.jobs.sweep_batch,
    )
    begin_billing = providers.Factory(
        BeginBilling,
        billing,
        take_billing,
        business_clock,
        providers.Factory(timedelta, seconds=shop.card_poll_seconds),
    )
    carry_out_change = providers.Factory(CarryOutChange, tell, move, business_clock)
