"""Hosting that no provider bills goes on by orders of ours: one for each period, offered in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar, cast

from billing.application.expiry.renewal_notices import RenewalNotices
from billing.application.expiry.renewals import note_offer, tell_not_offered, withdraw
from billing.application.ledger import Ledger
from billing.application.ports import Clock, Ids, OrderNumbers, Telemetry
from billing.application.shop.pricing import price_basket
from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable, NoPriceList, UnitOfWork
from billing.application.work.daily import place_of, read_place
from billing.domain.errors import Invalid
from billing.domain.order import Order
from billing.domain.order_item import ItemStatus, OrderItem
from billing.domain.order_status import OrderStatus
from billing.domain.purchase import SubscriptionRenewal
from billing.domain.renewal import Renewal, RenewalPolicy
from billing.domain.subscription import Subscription

_IN_HAND = (OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.PROCESSING, OrderStatus.REQUIRES_ATTENTION)
_ORDERS_MAX = 100
_PAYABLE_MIN = timedelta(days=1)


@dataclass(frozen=True)
class HeldPeriod:
    """A subscription, held by the unit, and what pays it on: our offer and its order, or an order of the customer's."""

    subscription: Subscription
    renewal: Renewal | None
    order: Order | None
    theirs: Order | None


def hold_period(uow: UnitOfWork, subscription_id: str) -> HeldPeriod:
    """The order is locked before the subscription, as everywhere; NotFound."""
    seen = uow.subscriptions.get(subscription_id)
    end = seen.current_period_end
    renewal = uow.renewals.of(seen.id, end) if end else None
    order = uow.orders.lock(renewal.order_id) if renewal else None
    theirs = _ordered_by_customer(uow, seen, order)
    held = uow.subscriptions.lock(subscription_id)
    if held.current_period_end != end:
        raise ConcurrentChange(f"subscription {subscription_id} was renewed just now")
    return HeldPeriod(held, renewal, order, theirs)


def take_back_period(uow: UnitOfWork, subscription_id: str, why: str) -> None:
    """Withdraw our unpaid order of the next period, if there is one; before the subscription is locked."""
    seen = uow.subscriptions.get(subscription_id)
    if seen.current_period_end is not None:
        withdraw(uow, seen.id, seen.current_period_end, why)


def _ordered_by_customer(uow: UnitOfWork, subscription: Subscription, ours: Order | None) -> Order | None:
    """An order in which something else waits still is none, once its renewal is decided."""
    for status in _IN_HAND:
        for order in uow.orders.page(subscription.customer_id, status, None, _ORDERS_MAX):
            is_ours = ours is not None and order.id == ours.id
            if not is_ours and any(_renews(item, subscription.id) for item in order.items):
                return order
    return None


def _renews(item: OrderItem, subscription_id: str) -> bool:
    """Whether it waits to be paid, or is paid and under delivery."""
    is_about_it = isinstance(item.what, SubscriptionRenewal) and item.what.subscription_id == subscription_id
    return is_about_it and (item.is_wanted or item.status is ItemStatus.UNPAID)


@dataclass(frozen=True)
class OfferPeriod:
    """Make the order that pays the next period, within the unit that holds the subscription.

    It costs what the subscription costs, and can be paid until service ends: `payable_after` its paid time.
    """

    ids: Ids
    number: OrderNumbers
    payable_after: timedelta

    def __call__(self, uow: UnitOfWork, held: HeldPeriod, now: datetime) -> Order:
        """A new one, in the place of the one that was offered before; Invalid where it can't be renewed so."""
        subscription, end = held.subscription, held.subscription.current_period_end or now
        what = SubscriptionRenewal(subscription_id=subscription.id, cycles=1)
        (price,) = price_basket(uow, subscription.customer_id, subscription.price.currency, [what], now)
        order = Order(
            id=self.ids("ord"),
            number=self.number(),
            customer_id=subscription.customer_id,
            currency=price.currency,
            items=[OrderItem.of(self.ids("itm"), 0, what, price)],
            created_at=now,
            expires_at=max(end + self.payable_after, now + _PAYABLE_MIN),
        )
        note_offer(uow, self.ids, held.renewal, subscription.id, end, order)
        return order


@dataclass(frozen=True)
class OrderPeriod:
    """The customer wants to pay the next period of hosting that no provider bills; however often, it is one order."""

    ledger: Ledger
    offer: OfferPeriod
    clock: Clock

    def __call__(self, subscription_id: str, by: str) -> Order:
        """The one that waits to be paid already, or a new one; Invalid where it can't be renewed so."""

        def order(uow: UnitOfWork) -> Order:
            held, now = hold_period(uow, subscription_id), self.clock()
            for known in (held.order, held.theirs):
                if known is not None and known.status is OrderStatus.PENDING and now < known.expires_at:
                    return known
            return self.offer(uow, held, now)

        return self.ledger.write(by, order)


@dataclass(frozen=True)
class LookAfterPeriod:
    """See to one subscription as it stands on this day, within one unit; a repeat finds nothing to do."""

    policy: RenewalPolicy
    offer: OfferPeriod
    notices: RenewalNotices

    def __call__(self, uow: UnitOfWork, subscription_id: str, now: datetime) -> None:
        """At the first milestone an order is made; one that the customer cancelled is not made again by itself."""
        held = hold_period(uow, subscription_id)
        subscription, end = held.subscription, held.subscription.current_period_end
        if not subscription.goes_on_by_order or end is None or held.theirs is not None:
            return
        milestone = self.policy.within(subscription.cycle.term.end(end, 1) - end).milestone(end, now)
        if milestone is None:
            return
        is_offered = held.renewal is not None and not held.renewal.is_withdrawn
        order = held.order if is_offered else self._offer(uow, held, end, now)
        if order is not None and order.status is OrderStatus.PENDING:
            self.notices.hosting_due(uow, subscription, order, milestone)

    def _offer(self, uow: UnitOfWork, held: HeldPeriod, end: datetime, now: datetime) -> Order | None:
        try:
            return self.offer(uow, held, now)
        except Invalid as unsold:
            subscription_id = held.subscription.id
            tell_not_offered(uow, subscription_id, f"subscription {subscription_id}", end, str(unsold))
            return None


@dataclass(frozen=True)
class LookAfterHosting:
    """All hosting whose paid time ends soon and that no provider bills, by that end, a bounded number at once."""

    name: ClassVar[str] = "hosting"
    ledger: Ledger
    look_after: LookAfterPeriod
    batch: int
    telemetry: Telemetry
    clock: Clock

    def __call__(self, after: str | None) -> str | None:
        """One that somebody else holds, or that a defect keeps from being seen to, is left to the next day."""
        now = self.clock()
        until = now + timedelta(days=max(self.look_after.policy.mail_days) + 1)
        found = self.ledger.read(lambda uow: uow.subscriptions.ending(until, read_place(after), self.batch))
        for subscription in found:
            self._look_after(subscription.id, now)
        if len(found) < self.batch:
            return None
        return place_of(cast(datetime, found[-1].current_period_end), found[-1].id)

    def _look_after(self, subscription_id: str, now: datetime) -> None:
        try:
            self.ledger.write("daily round", partial(self.look_after, subscription_id=subscription_id, now=now))
        except (ConcurrentChange, NoPriceList) as put_off:
            self.telemetry.event("period_put_off", subscription_id=subscription_id, why=str(put_off))
        except LedgerUnavailable:
            raise
        except Exception as bug:  # noqa: BLE001 - one that can't be seen to must not keep all others from it
            self.telemetry.alarm("period_not_seen_to", subscription_id=subscription_id, error=repr(bug))
