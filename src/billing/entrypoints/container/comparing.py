"""What is compared with providers: each reconciler under the name by which people and jobs know it."""

from collections.abc import Callable, Mapping

from billing.application.attempts_compared import UnpaidAttempts
from billing.application.billing_compared import BilledSubscriptions
from billing.application.books_compared import ComparePayment, OlderPayments, PaidPayments
from billing.application.intake import ProcessEvent
from billing.application.letterbox import Letterbox
from billing.application.missed_events import MissedEvents
from billing.application.ports import Ids, PaymentGateway
from billing.application.provider_ports import EventFeed, RecurringBilling, Statements
from billing.application.reconciliation import Reconciler, Repair


def reconcilers(
    feeds: Mapping[str, EventFeed],
    gateways: Mapping[str, PaymentGateway],
    statements: Mapping[str, Statements],
    billing: Mapping[str, RecurringBilling],
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
    return found
