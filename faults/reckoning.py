"""What came of purchases: counted at the registry and at the provider, and read in the ledger's own tables."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from billing.adapters.sql.invoice_tables import invoices
from billing.adapters.sql.mail_tables import alerts, mails
from billing.adapters.sql.tables import order_items, orders, subscriptions
from billing.adapters.sql.work_tables import inbox_events, jobs, open_job
from billing.domain.alert import AlertKind
from billing.domain.errors import BillingError
from billing.domain.job import JobStatus
from billing.domain.mail import MailStatus
from billing.domain.order_status import OrderStatus
from billing.domain.purchase import DomainRegistration, DomainRenewal, SubscriptionRenewal
from faults import phone_reckoning
from faults.outcome import Tally
from faults.shop import Purchase
from tests.integration.whole.installation import Installation

_SOON = timedelta(minutes=1)
_READ_BY_US = ("checkout.session.", "payment_intent.succeeded", "payment_intent.payment_failed")
_PAID_FOR = orders.c.paid_at.is_not(None)


class Books:
    """Reads an installation's ledger from beside it, and asks its outside world."""

    def __init__(self, installation: Installation) -> None:
        self._installation, self._engine = installation, installation.container.engine()

    def are_quiet(self, purchases: Sequence[Purchase]) -> bool:
        """Every order is where it should be, and no job runs or is due within a minute."""
        try:
            with self._engine.connect() as ledger:
                return all(self._ended(ledger, purchases)) and ledger.scalar(_busy()) == 0
        except BillingError:
            return False

    def jobs(self) -> Counter[str]:
        """How many there are of each kind."""
        with self._engine.connect() as ledger:
            counted = ledger.execute(select(jobs.c.kind, func.count()).group_by(jobs.c.kind))
            return Counter({str(kind): count for kind, count in counted})

    def tally(self, purchases: Sequence[Purchase]) -> Tally:
        """Duplicates anywhere in the installation, and what is missing of these purchases, a sentence each."""
        world = self._installation.control("GET", "/state")
        with self._engine.connect() as ledger:
            return Tally(
                orders=len(purchases),
                duplicates=[*_at_the_registry(ledger, world), *_at_the_provider(ledger, world, purchases),
                            *_in_the_ledger(ledger), *_renewed_unpaid(ledger, world), *_in_the_mailbox(world),
                            *phone_reckoning.twice(ledger, world, purchases)],
                losses=[*_orders_left(ledger, purchases), *_money_left(ledger, world, purchases),
                        *_names_left(ledger, world), *_given_up(ledger, world), *_events_left(ledger, world),
                        *_periods_left(ledger, world), *phone_reckoning.missing(ledger, world)],
            )  # fmt: skip

    def told_of(self, kind: AlertKind) -> set[str]:
        """What operators have been alerted to, by its id."""
        with self._engine.connect() as ledger:
            return set(ledger.scalars(select(alerts.c.subject).where(alerts.c.kind == kind)))

    # ------------------------------------------------------------------ what renews by itself

    def is_billed(self, subscription_id: str) -> bool:
        """Whether its provider bills it, and has said how it stands."""
        found = select(subscriptions.c.as_of).where(subscriptions.c.id == subscription_id)
        return self._find(found.where(subscriptions.c.billing_ref.is_not(None))) is not None

    def plan_of(self, subscription_id: str) -> str | None:
        """Which one it is of."""
        plan: str | None = self._find(select(subscriptions.c.plan).where(subscriptions.c.id == subscription_id))
        return plan

    def renewal_of(self, subscription_id: str) -> str | None:
        """The completed order of its last period that its provider collected for."""
        of_it = select(orders.c.id).join(invoices, invoices.c.order_id == orders.c.id)
        wanted = and_(invoices.c.subscription_id == subscription_id, orders.c.status == OrderStatus.COMPLETED)
        order_id: str | None = self._find(of_it.where(wanted).order_by(invoices.c.period_end.desc()).limit(1))
        return order_id

    def _find(self, query: Any) -> Any:
        with self._engine.connect() as ledger:
            return ledger.scalar(query)

    def _ended(self, ledger: Connection, purchases: Sequence[Purchase]) -> Iterator[bool]:
        statuses = _statuses(ledger, purchases)
        return (statuses.get(purchase.order_id) == purchase.wanted for purchase in purchases)


# ---------------------------------------------------------------------- twice


def _at_the_registry(ledger: Connection, world: Any) -> Iterator[str]:
    """More creates than one, more renews than were paid for."""
    paid_for = {str(name): count for name, count in ledger.execute(_items(DomainRenewal.kind, order_items.c.domain))}
    for domain in world["registry"]["domains"]:
        if domain["creates"] > 1:
            yield f"{domain['name']} was registered {domain['creates']} times"
        if domain["renews"] > paid_for.get(domain["name"], 0):
            yield f"{domain['name']} was renewed {domain['renews']} times, paid {paid_for.get(domain['name'], 0)} times"


def _at_the_provider(ledger: Connection, world: Any, purchases: Sequence[Purchase]) -> Iterator[str]:
    """Two pages of one attempt, two charges for one order, more back than was owed."""
    sessions = Counter(session["metadata"].get("payment_id") for session in world["stripe"]["sessions"])
    yield from (f"attempt {payment} has {count} pages" for payment, count in sessions.items() if count > 1)
    paid = [intent for intent in world["stripe"]["payment_intents"] if intent["status"] == "succeeded"]
    charges = Counter(intent["metadata"]["order_id"] for intent in paid if "order_id" in intent["metadata"])
    yield from (f"order {order} was paid {count} times" for order, count in charges.items() if count > 1)
    owed, back = {purchase.order_id: purchase.owed for purchase in purchases}, _paid_back(ledger, world)
    yield from (
        f"order {order}: {back[order]} was paid back, {owed[order]} owed" for order in owed if back[order] > owed[order]
    )


def _in_the_ledger(ledger: Connection) -> Iterator[str]:
    """Periods of hosting that nobody paid, and jobs of one occasion."""
    bought: Counter[str] = Counter()
    renewals = select(order_items.c.what).join(orders).where(_PAID_FOR, order_items.c.kind == SubscriptionRenewal.kind)
    for what in ledger.scalars(renewals):
        bought[what.subscription_id] += what.cycles
    for subscription_id, periods in ledger.execute(select(subscriptions.c.id, subscriptions.c.periods)):
        if periods > 1 + bought[subscription_id]:
            yield f"{subscription_id} has {periods} periods, {1 + bought[subscription_id]} were paid"
    occasions = select(jobs.c.kind, jobs.c.subject).group_by(jobs.c.kind, jobs.c.subject).having(func.count() > 1)
    yield from (f"two jobs {kind} of {subject}" for kind, subject in ledger.execute(occasions))


def _renewed_unpaid(ledger: Connection, world: Any) -> Iterator[str]:
    """More periods than the provider has collected for, of what it bills by itself."""
    paid = Counter(subscription_of(invoice) for invoice in world["stripe"]["invoices"] if is_paid_period(invoice))
    held = select(subscriptions.c.id, subscriptions.c.billing_ref, subscriptions.c.periods)
    for subscription_id, billing_ref, periods in ledger.execute(held.where(subscriptions.c.billing_ref.is_not(None))):
        if periods > 1 + paid[billing_ref]:
            yield f"{subscription_id} has {periods} periods, {1 + paid[billing_ref]} were paid at the provider"


def _in_the_mailbox(world: Any) -> Iterator[str]:
    """The same letter more often than the once more that is allowed where an answer was lost."""
    copies = Counter(letter["message_id"] for letter in world["mail"])
    yield from (f"mail {letter} came {count} times" for letter, count in copies.items() if count > 2)


# ---------------------------------------------------------------------- missing


def _orders_left(ledger: Connection, purchases: Sequence[Purchase]) -> Iterator[str]:
    statuses = _statuses(ledger, purchases)
    for purchase in purchases:
        status = statuses.get(purchase.order_id, "not in the ledger")
        if status != purchase.wanted:
            yield f"order {purchase.order_id} is {status}, not {purchase.wanted}"


def _money_left(ledger: Connection, world: Any, purchases: Sequence[Purchase]) -> Iterator[str]:
    back = _paid_back(ledger, world)
    for purchase in purchases:
        if back[purchase.order_id] < purchase.owed:
            yield f"order {purchase.order_id}: {back[purchase.order_id]} was paid back of {purchase.owed}"


def _names_left(ledger: Connection, world: Any) -> Iterator[str]:
    """Fulfilled here, unknown there."""
    held = {domain["name"]: domain["renews"] for domain in world["registry"]["domains"]}
    fulfilled = order_items.c.status == "fulfilled"
    for name, _ in ledger.execute(_items(DomainRegistration.kind, order_items.c.domain, fulfilled)):
        if str(name) not in held:
            yield f"{name} is fulfilled and not registered"
    for name, renewals in ledger.execute(_items(DomainRenewal.kind, order_items.c.domain, fulfilled)):
        if held.get(str(name), 0) < renewals:
            yield f"{name} is renewed {renewals} times here and {held.get(str(name), 0)} times there"


def _given_up(ledger: Connection, world: Any) -> Iterator[str]:
    """Dead jobs; of a mail only where it has not arrived: it is given up when its outcome was twice unknown."""
    arrived = {letter["message_id"] for letter in world["mail"]}
    known = {mail_id for mail_id, letter in ledger.execute(select(mails.c.id, mails.c.message_id)) if letter in arrived}
    dead = select(jobs.c.dedup_key, jobs.c.subject, jobs.c.why).where(jobs.c.status == JobStatus.DEAD)
    yield from (f"dead: {key}: {why}" for key, subject, why in ledger.execute(dead) if subject not in known)
    sent = select(mails.c.id, mails.c.message_id).where(mails.c.status == MailStatus.SENT)
    yield from (
        f"{mail_id} is sent and not in the mailbox" for mail_id, letter in ledger.execute(sent) if letter not in arrived
    )


def _events_left(ledger: Connection, world: Any) -> Iterator[str]:
    """Answered with 200 and not in the inbox."""
    stored = set(ledger.scalars(select(inbox_events.c.event_id)))
    for event in world["stripe"]["events"]:
        if event["delivered"] and event["type"].startswith(_READ_BY_US) and event["id"] not in stored:
            yield f"{event['type']} {event['id']} was acknowledged and is not in the inbox"


def _periods_left(ledger: Connection, world: Any) -> Iterator[str]:
    """Collected for by the provider, and no completed renewal here."""
    done = select(invoices.c.invoice_ref).join(orders, invoices.c.order_id == orders.c.id)
    known = set(ledger.scalars(done.where(orders.c.status == OrderStatus.COMPLETED)))
    for invoice in world["stripe"]["invoices"]:
        if is_paid_period(invoice) and invoice["id"] not in known:
            yield f"invoice {invoice['id']} was paid, and has renewed nothing"


# ---------------------------------------------------------------------- reading


def is_paid_period(invoice: Any) -> bool:
    """Whether Stripe has collected for a period by it."""
    return bool(invoice["billing_reason"] == "subscription_cycle" and invoice["status"] == "paid")


def subscription_of(invoice: Any) -> str:
    """Stripe's id of what it bills."""
    return str(invoice["parent"]["subscription_details"]["subscription"])


def _statuses(ledger: Connection, purchases: Sequence[Purchase]) -> dict[str, str]:
    wanted = [purchase.order_id for purchase in purchases]
    rows = ledger.execute(select(orders.c.id, orders.c.status).where(orders.c.id.in_(wanted)))
    return {order_id: str(status) for order_id, status in rows}


def _paid_back(ledger: Connection, world: Any) -> Counter[str]:
    """Minor units by order: at the one provider, and by hand for the other."""
    order_of = {intent["id"]: intent["metadata"].get("order_id") for intent in world["stripe"]["payment_intents"]}
    back = phone_reckoning.paid_back(ledger)
    for refund in world["stripe"]["refunds"]:
        if refund["status"] not in ("failed", "canceled"):
            back[order_of[refund["payment_intent"]]] += refund["amount"]
    return back


def _busy() -> Any:
    due = jobs.c.due_at <= datetime.now(UTC) + _SOON
    return select(func.count()).where(open_job, or_(jobs.c.status == JobStatus.RUNNING, due))


def _items(kind: str, of: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Any:
    """How many paid items there are of each."""
    wanted = and_(_PAID_FOR, order_items.c.kind == kind, *conditions)
    return select(of, func.count()).join(orders, order_items.c.order_id == orders.c.id).where(wanted).group_by(of)
