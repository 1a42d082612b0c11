"""The deliveries: what the registry did, against what was paid and what the ledger shows."""

from base64 import b32encode
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256

from billing.domain import (
    DomainRegistration,
    DomainRenewal,
    Hosting,
    ItemStatus,
    NameStanding,
    Order,
    OrderItem,
    PaymentStatus,
    Refund,
    RefundCause,
    Registration,
    RegistrationStatus,
    Subscription,
    SubscriptionRenewal,
)
from simulation.opening import customer_id, registrant
from simulation.schedule import require
from simulation.wild_registrar import Effect
from simulation.world import World

_WAITING = {ItemStatus.DUE, ItemStatus.IN_PROGRESS}


class DeliveryRules:
    """One effect per paid item, for the customer who paid, and never for an item that we paid back."""

    def __init__(self, world: World) -> None:
        self._world, self._registry = world, world.registrar

    # ------------------------------------------------------------------ at every moment

    def check_now(self, order: Order) -> None:
        """No effect is believed in that is not there, and there is none twice, unpaid or beside a compensation."""
        is_paid = any(p.status is PaymentStatus.SUCCEEDED and not p.surplus for p in order.payments)
        for item in order.items:
            if item.status is ItemStatus.FULFILLED and _was_compensated(order, item):
                require(False, "delivered or compensated, never both", f"{item.id} of {order.id} is both")
            if isinstance(item.what, DomainRegistration):
                self._check_item(order, item, self._registry.created, handle_of(item.id), is_paid)
            elif isinstance(item.what, DomainRenewal):
                self._check_item(order, item, self._registry.renewed, item.id, is_paid)

    def _check_item(self, order: Order, item: OrderItem, done: Sequence[Effect], key: str, is_paid: bool) -> None:
        times = sum(effect.key == key for effect in done)
        if times > 1:
            rule = "one effect per item"
        elif times and not is_paid:
            rule = "nothing unpaid is delivered"
        elif times and item.status not in _WAITING | {ItemStatus.FULFILLED} and not _asked_back(order, item):
            rule = "delivered or compensated, never both"
        elif not times and item.status is ItemStatus.FULFILLED:
            rule = "what is fulfilled was done"
        else:
            return
        where = f"{item.id} ({item.what}) of {order.id} is {item.status}"
        require(False, rule, f"{where}, the registry did it {times} times")

    # ------------------------------------------------------------------ at rest

    def check_at_rest(self) -> None:
        """The registry's table and ours are the same, and every period of hosting was paid."""
        orders = self._world.books.rows(Order)
        self._check_names(orders)
        self._check_subscriptions(orders)

    def _check_names(self, orders: Sequence[Order]) -> None:
        items = {item.id: (order, item) for order in orders for item in order.items}
        holdings = self._world.books.rows(Registration)
        active = {held.name: held for held in holdings if held.status is RegistrationStatus.ACTIVE}
        lost = {held.item_id for held in holdings if held.standing is NameStanding.LOST}
        by_handle = {handle_of(item_id): pair for item_id, pair in items.items()}
        for effect in self._registry.created:
            order, item = by_handle[effect.key]
            holder = self._registry.twin.contacts[effect.key]
            mine = holder == order.registrant == registrant(_number(order))
            require(mine, "for the customer who paid", f"{effect.name} went to {holder.name}")
            if item.status is ItemStatus.FULFILLED:
                held = active.get(item.what.domain) if isinstance(item.what, DomainRegistration) else None
                right = held is not None and (held.item_id, held.customer_id) == (item.id, order.customer_id)
                right = right or item.id in lost
                require(right, "the registry's table is ours", f"{effect.name} is not shown as held for {item.id}")
        # A person called the renewal off without knowing of it: the next one reads what the registry shows.
        unknown = {one.name for one in self._registry.renewed if items[one.key][1].status is not ItemStatus.FULFILLED}
        for held in active.values():
            renewing = items[held.renewing_item][1] if held.renewing_item else None
            if renewing is None:
                self._check_expiry(held, is_expiry_known=str(held.name) not in unknown)
            else:
                waits = renewing.status in _WAITING
                require(waits, "a slot is freed", f"{held.name} waits for {renewing.id}, which is {renewing.status}")

    def _check_expiry(self, held: Registration, *, is_expiry_known: bool) -> None:
        there = self._registry.holding(held.name)
        is_ours = there is not None and there.holder == held.handle
        right = is_ours and (not is_expiry_known or (there and there.expires_at) == held.expires_at)
        require(right, "the registry's table is ours", f"{held.name}: {there} there, {held.expires_at} here")

    def _check_subscriptions(self, orders: Sequence[Order]) -> None:
        subscriptions = self._world.books.rows(Subscription)
        per_item = Counter(subscription.item_id for subscription in subscriptions)
        bought = Counter[str]()
        for item in (item for order in orders for item in order.items):
            is_done = item.status is ItemStatus.FULFILLED
            if isinstance(item.what, Hosting):
                opened = per_item[item.id]
                require(opened == is_done, "one subscription per item", f"{item.id}: {opened}, it is {item.status}")
            if isinstance(item.what, SubscriptionRenewal) and is_done:
                bought[item.what.subscription_id] += item.what.cycles
        for subscription in subscriptions:
            paid = 1 + bought[subscription.id]
            if not subscription.is_billed_by_provider:  # else the provider says what was paid
                require(subscription.periods == paid, "periods are those paid", f"{subscription.id}: {paid} were paid")


@cache
def handle_of(item_id: str) -> str:
    """The handle that an item's name must be held under: B and 15 characters of base 32 of SHA-256 of its id."""
    return "B" + b32encode(sha256(item_id.encode()).digest()).decode()[:15]


def _was_compensated(order: Order, item: OrderItem) -> bool:
    """Whether we paid its price back, or are about to, since it can't be delivered."""
    return any(r.is_live and r.cause is RefundCause.UNDELIVERED for r in _refunds_of(order, item))


def _asked_back(order: Order, item: OrderItem) -> bool:
    """Whether a person had its price paid back, or a bank took it, knowing that it might be delivered."""
    lost = any(item.id in dispute.item_ids for payment in order.payments for dispute in payment.disputes)
    return lost or any(r.cause in (RefundCause.REQUESTED, RefundCause.PROVIDER) for r in _refunds_of(order, item))


def _refunds_of(order: Order, item: OrderItem) -> Iterator[Refund]:
    return (refund for payment in order.payments for refund in payment.refunds if item.id in refund.item_ids)


def _number(order: Order) -> int:
    return next(n for n in range(1000) if customer_id(n) == order.customer_id)
