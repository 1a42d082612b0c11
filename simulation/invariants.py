"""What must hold, computed from what the outside world holds and the ledger's rows; never by the code at test."""

from base64 import b32encode
from collections import Counter
from collections.abc import Sequence
from functools import cache
from hashlib import sha256

from billing.adapters.memory.pages import Told
from billing.domain import (
    DomainRegistration,
    DomainRenewal,
    Hosting,
    InboxEvent,
    ItemStatus,
    Job,
    JobStatus,
    Order,
    OrderItem,
    OrderStatus,
    Payment,
    PaymentStatus,
    Registration,
    RegistrationStatus,
    Subscription,
    SubscriptionRenewal,
)
from billing.domain.event import EventStatus
from simulation.opening import customer_id, registrant
from simulation.schedule import Broken
from simulation.wild_registrar import Effect
from simulation.world import World

_WAITING = {ItemStatus.DUE, ItemStatus.IN_PROGRESS}
_OWED_BACK = {ItemStatus.FAILED}
_FINAL = {("item", "fulfilled"), ("item", "refunded"), ("payment", "succeeded")}


def _require(holds: bool, rule: str, why: str) -> None:
    if not holds:
        raise Broken(rule, why)


class Rules:
    """`always` holds after every commit, `at_rest` when nothing is left to do, `at_last` when a person helped."""

    def __init__(self, world: World) -> None:
        self._world, self._books = world, world.books
        self._pages, self._registry = world.gateway.twin.pages, world.registrar
        self._sound: dict[str, Order] = {}
        self._effects = 0

    # ------------------------------------------------------------------ at every moment

    def always(self) -> None:
        """Cheap enough for every commit: no money and no effect is believed in that is not there, and none twice.

        Orders are looked at when they changed, or when the registry did something.
        """
        effects = len(self._registry.created) + len(self._registry.renewed)
        if effects != self._effects:
            self._effects = effects
            self._sound.clear()
        for order in self._books.rows(Order):
            if self._sound.get(order.id) is not order:
                self._check_order_now(order)
                self._sound[order.id] = order

    def _check_order_now(self, order: Order) -> None:
        for payment in order.payments:
            if payment.received is not None and not self._is_there(payment):
                why = f"{payment.id} shows {payment.received}, there is {self._pages.get(payment.id)}"
                raise Broken("money received is money paid", why)
        accepted = [p.id for p in order.payments if p.status is PaymentStatus.SUCCEEDED and not p.surplus]
        if len(accepted) > 1:
            raise Broken("one payment per order", f"{order.id} kept {accepted}")
        for item in order.items:
            if isinstance(item.what, DomainRegistration):
                self._check_item(order, item, self._registry.created, handle_of(item.id), bool(accepted))
            elif isinstance(item.what, DomainRenewal):
                self._check_item(order, item, self._registry.renewed, item.id, bool(accepted))

    def _is_there(self, payment: Payment) -> bool:
        page = self._pages.get(payment.id)
        return page is not None and page.state is Told.PAID and page.amount == payment.received

    def _check_item(self, order: Order, item: OrderItem, done: Sequence[Effect], key: str, is_paid: bool) -> None:
        times = sum(effect.key == key for effect in done)
        if times > 1:
            rule = "one effect per item"
        elif times and not is_paid:
            rule = "nothing unpaid is delivered"
        elif times and item.status not in _WAITING | {ItemStatus.FULFILLED}:
            rule = "delivered or compensated, never both"
        elif not times and item.status is ItemStatus.FULFILLED:
            rule = "what is fulfilled was done"
        else:
            return
        where = f"{item.id} ({item.what}) of {order.id} is {item.status}"
        raise Broken(rule, f"{where}, the registry did it {times} times")

    # ------------------------------------------------------------------ at rest

    def at_rest(self) -> None:
        """The books balance, the registry's table is ours, and whatever is not over was told to a person."""
        self._sound.clear()
        self.always()
        self._check_every_payment_is_known()
        for order in self._books.rows(Order):
            self._check_order(order)
        self._check_sums()
        self._check_names()
        self._check_subscriptions()
        self._check_jobs()
        self._check_events()
        self._check_history()

    def at_last(self) -> None:
        """After everything dead was revived in fair weather, nothing is left undelivered or undecided."""
        self.at_rest()
        for job in self._books.rows(Job):
            _require(job.status is not JobStatus.DEAD, "fair weather heals", f"{job.dedup_key} is dead: {job.why}")
        for order in self._books.rows(Order):
            for item in order.items:
                _require(item.status not in _WAITING, "fair weather heals", f"{item.id} is {item.status}")

    def _check_every_payment_is_known(self) -> None:
        known = {payment.id: payment for order in self._books.rows(Order) for payment in order.payments}
        for page in self._world.gateway.pages_of(self._world.installation()):
            if page.state is Told.PAID:
                payment = known.get(page.payment_id)
                is_known = payment is not None and payment.received == page.amount
                _require(is_known, "every payment is recorded", f"{page.payment_id}: {page.amount} paid, not recorded")

    def _check_order(self, order: Order) -> None:
        told = order.status is OrderStatus.REQUIRES_ATTENTION
        _require(order.status is not OrderStatus.PENDING, "nothing is forgotten", f"{order.id} is still pending")
        for payment in order.payments:
            if payment.surplus or payment.status is PaymentStatus.REQUIRES_ATTENTION:
                _require(told, "nothing is kept silently", f"{payment.id} of {order.id} ({order.status})")
            if payment.status is PaymentStatus.PENDING:
                self._require_dead_job(payment.id, "nothing is forgotten", f"{payment.id} is pending")
        for item in order.items:
            if item.status in _OWED_BACK or item.attention:
                _require(told, "nothing is kept silently", f"{item.id} of {order.id} is {item.status} ({order.status})")
            if item.status in _WAITING:
                _require(bool(item.attention), "nothing is forgotten", f"{item.id} is {item.status}, nobody was told")
                self._require_dead_job(item.id, "nothing is forgotten", f"{item.id} is {item.status}")

    def _check_sums(self) -> None:
        """Per currency: what came in is what was delivered, is under way, or is owed back to somebody who is told."""
        came, went = Counter[str](), Counter[str]()
        for page in self._world.gateway.pages_of(self._world.installation()):
            if page.state is Told.PAID:
                came[page.amount.currency] += page.amount.minor
        for order in self._books.rows(Order):
            for payment in order.payments:
                kept = payment.status is PaymentStatus.SUCCEEDED and not payment.surplus
                if kept:
                    went[order.currency] += sum(
                        item.price.minor
                        for item in order.items
                        if item.status in _WAITING | _OWED_BACK | {ItemStatus.FULFILLED}
                    )
                elif payment.received is not None:
                    went[payment.received.currency] += payment.received.minor
        _require(came == went, "the books balance", f"{dict(came)} came in, {dict(went)} are accounted for")

    def _check_names(self) -> None:
        items = {item.id: (order, item) for order in self._books.rows(Order) for item in order.items}
        active = {r.name: r for r in self._books.rows(Registration) if r.status is RegistrationStatus.ACTIVE}
        by_handle = {handle_of(item_id): pair for item_id, pair in items.items()}
        for effect in self._registry.created:
            order, item = by_handle[effect.key]
            holder = self._registry.twin.contacts[effect.key]
            mine = holder == order.registrant == registrant(_number(order))
            _require(mine, "for the customer who paid", f"{effect.name} went to {holder.name}")
            if item.status is ItemStatus.FULFILLED:
                held = active.get(item.what.domain) if isinstance(item.what, DomainRegistration) else None
                right = held is not None and (held.item_id, held.customer_id) == (item.id, order.customer_id)
                _require(right, "the registry's table is ours", f"{effect.name} is not shown as held for {item.id}")
        for held in active.values():
            self._check_expiry(held)
            if held.renewing_item is not None:
                _, item = items[held.renewing_item]
                _require(item.status in _WAITING, "a slot is freed", f"{held.name} waits for {item.id}, {item.status}")

    def _check_expiry(self, held: Registration) -> None:
        at_registry = self._registry.holding(held.name)
        right = at_registry is not None and (at_registry.holder, at_registry.expires_at) == (
            held.handle,
            held.expires_at,
        )
        if held.renewing_item is None:
            _require(right, "the registry's table is ours", f"{held.name}: {at_registry} there, {held.expires_at} here")

    def _check_subscriptions(self) -> None:
        orders = self._books.rows(Order)
        per_item = Counter(subscription.item_id for subscription in self._books.rows(Subscription))
        bought = Counter[str]()
        for order in orders:
            for item in order.items:
                is_done = item.status is ItemStatus.FULFILLED
                if isinstance(item.what, Hosting):
                    opened = per_item[item.id]
                    _require(opened == is_done, "one subscription per item", f"{item.id}: {opened}, {item.status}")
                if isinstance(item.what, SubscriptionRenewal) and is_done:
                    bought[item.what.subscription_id] += item.what.cycles
        for subscription in self._books.rows(Subscription):
            paid = 1 + bought[subscription.id]
            _require(subscription.periods == paid, "periods are those paid", f"{subscription.id}: {paid} were paid")

    def _check_jobs(self) -> None:
        occasions = Counter((job.kind, job.subject) for job in self._books.rows(Job))
        for occasion, times in occasions.items():
            _require(times == 1, "one job per occasion", f"{occasion} has {times}")
        for job in self._books.rows(Job):
            is_over = job.status not in (JobStatus.QUEUED, JobStatus.RUNNING)
            _require(is_over, "nothing is forgotten", f"{job.dedup_key} is {job.status}, due {job.due_at}")

    def _check_events(self) -> None:
        for event in self._books.rows(InboxEvent):
            if event.status not in (EventStatus.PROCESSED, EventStatus.IGNORED):
                self._require_dead_job(event.id, "nothing is forgotten", f"{event.event_id} is {event.status}")

    def _check_history(self) -> None:
        for move in self._books.moves():
            undone = (move.entity, move.before) in _FINAL and move.after != move.before
            _require(
                not undone, "what is final stays", f"{move.entity} {move.entity_id}: {move.before} to {move.after}"
            )

    def _require_dead_job(self, subject: str, rule: str, why: str) -> None:
        dead = any(job.subject == subject and job.status is JobStatus.DEAD for job in self._books.rows(Job))
        _require(dead, rule, f"{why}, and no job waits for a person")


@cache
def handle_of(item_id: str) -> str:
    """The handle that an item's name must be held under: B and 15 characters of base 32 of SHA-256 of its id."""
    return "B" + b32encode(sha256(item_id.encode()).digest()).decode()[:15]


def _number(order: Order) -> int:
    return next(n for n in range(1000) if customer_id(n) == order.customer_id)
