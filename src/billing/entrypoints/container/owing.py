"""What customers owe for hosting and pay on our page, wired."""

from datetime import timedelta
from typing import Any

from dependency_injector import containers, providers

from billing.application.subscriptions.another_card import PayWithNext, PutInCard
from billing.application.subscriptions.owing import PayOwed
from billing.entrypoints import limits
from billing.entrypoints.settings import Settings


class Owing(containers.DeclarativeContainer):
    """Part of the container; what it needs of the rest is handed in."""

    settings = providers.Dependency(instance_of=Settings)
    shop = settings.provided.shop
    ledger: "providers.Dependency[Any]" = providers.Dependency()
    monotonic: "providers.Dependency[Any]" = providers.Dependency()
    billing: "providers.Dependency[Any]" = providers.Dependency()
    keepers: "providers.Dependency[Any]" = providers.Dependency()
    take_fact: "providers.Dependency[Any]" = providers.Dependency()
    start_setup: "providers.Dependency[Any]" = providers.Dependency()

    pay_owed = providers.ThreadSafeSingleton(
        PayOwed, ledger, billing, take_fact, providers.Factory(limits.biller_limits, shop), monotonic
    )
    put_in_card = providers.ThreadSafeSingleton(PutInCard, ledger, start_setup)
    pay_with_next = providers.Factory(
        PayWithNext,
        keepers,
        take_fact,
        pause_min=providers.Factory(timedelta, seconds=shop.check_interval_min_seconds),
    )
