"""What is compared with providers, wired: each reconciler under the name by which people and jobs know it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from dependency_injector import containers, providers

from billing.application.books.attempts_compared import UnpaidAttempts
from billing.application.books.billing_compared import BilledSubscriptions
from billing.application.books.books_compared import ComparePayment, OlderPayments, PaidPayments
from billing.application.books.missed_events import MissedEvents
from billing.application.books.reconciliation import Reconcile, Reconciler, Repair
from billing.application.books.reconciling import ReconcilePart, RequestReconciliation
from billing.application.books.wallets_compared import KeptMethods
from billing.application.inbox.intake import ProcessEvent
from billing.application.inbox.letterbox import Letterbox
from billing.application.ports import Ids, PaymentGateway
from billing.application.provider_ports import EventFeed, RecurringBilling, SavedMethods, Statements
from billing.entrypoints.settings import Settings


def reconcilers(
    feeds: Mapping[str, EventFeed],
    gateways: Mapping[str, PaymentGateway],
    statements: Mapping[str, Statements],
    billing: Mapping[str, RecurringBilling],
    keepers: Mapping[str, SavedMethods],
    repair: Repair,
    process: ProcessEvent,
    letterbox: Letterbox,
    ids: Ids,
    context: Callable[[], Mapping[str, str]],
    page_size: int,
) -> Mapping[str, Reconciler]:
    """In this order: an event that was missed may be all that a payment lacks."""
    found: dict[str, Reconciler] = {
        f"{name} events": MissedEvents(feed, letterbox, process, repair.ledger, ids, context)
        for name, feed in feeds.items()
    }
    found["unpaid attempts"] = UnpaidAttempts(gateways, repair, page_size)
    compare = ComparePayment(statements, repair)
    found["paid payments"] = PaidPayments(compare, page_size)
    found["older payments"] = OlderPayments(compare, page_size)
    found["subscriptions"] = BilledSubscriptions(billing, repair, page_size)
    found["saved methods"] = KeptMethods(keepers, repair, page_size)
    return found


class Comparing(containers.DeclarativeContainer):
    """Part of the container; what it needs of the rest is handed in."""

    settings = providers.Dependency(instance_of=Settings)
    shop = settings.provided.shop
    ledger: "providers.Dependency[Any]" = providers.Dependency()
    telemetry: "providers.Dependency[Any]" = providers.Dependency()
    business_clock: "providers.Dependency[Any]" = providers.Dependency()
    ids: "providers.Dependency[Any]" = providers.Dependency()
    context: "providers.Dependency[Any]" = providers.Dependency()
    event_feeds: "providers.Dependency[Any]" = providers.Dependency()
    gateways: "providers.Dependency[Any]" = providers.Dependency()
    statements: "providers.Dependency[Any]" = providers.Dependency()
    billing: "providers.Dependency[Any]" = providers.Dependency()
    keepers: "providers.Dependency[Any]" = providers.Dependency()
    take_fact: "providers.Dependency[Any]" = providers.Dependency()
    process_event: "providers.Dependency[Any]" = providers.Dependency()
    letterbox: "providers.Dependency[Any]" = providers.Dependency()

    reconcilers = providers.ThreadSafeSingleton(
        reconcilers,
        event_feeds,
        gateways,
        statements,
        billing,
        keepers,
        providers.Factory(Repair, ledger, take_fact),
        process_event,
        letterbox,
        ids,
        context,
        shop.reconcile_page_size,
    )
    reconcile = providers.ThreadSafeSingleton(Reconcile, reconcilers, telemetry)
    reconcile_part = providers.Factory(ReconcilePart, reconcilers, telemetry)
    request = providers.ThreadSafeSingleton(
        RequestReconciliation,
        ledger,
        reconcilers,
        business_clock,
        interval=providers.Factory(timedelta, hours=shop.reconcile_interval_hours),
        reach=providers.Factory(timedelta, days=shop.reconcile_days),
    )
