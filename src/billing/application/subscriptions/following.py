"""How a provider's billing of subscriptions stands, taken into the ledger whatever the order in which it is told."""

from dataclasses import dataclass

from billing.application.ports import Clock
from billing.application.subscriptions.billing_jobs import change_of, check_of, end_of, last_check_of
from billing.application.subscriptions.subscription_notices import MoveSubscription, raise_doubt
from billing.application.unit_of_work import UnitOfWork
from billing.domain.facts import BillingFact, BillingStands, BillingStatus
from billing.domain.order import Order
from billing.domain.order_item import ItemStatus, OrderItem
from billing.domain.order_status import OrderStatus
from billing.domain.subscription import Subscription, SubscriptionStatus

_NEVER = {ItemStatus.CANCELLED, ItemStatus.FAILED, ItemStatus.REFUNDED}


def hold_billed(uow: UnitOfWork, gateway: str, fact: BillingFact) -> Subscription | None:
    """The subscription that a fact is about, locked: by its billing, else by the item that opened it.

    One that is not known to be billed learns it here.
    """
    found = uow.subscriptions.of_refs(gateway, frozenset({fact.billing_ref}))
    if found is None and fact.item_id is not None:
        found = uow.subscriptions.of_item(fact.item_id)
    if found is None:
        return None
    subscription = uow.subscriptions.lock(found)
    if subscription.billing_ref is None and not subscription.is_over:
        subscription.bind(gateway, fact.billing_ref)
    return subscription


def is_second(subscription: Subscription, gateway: str, fact: BillingFact) -> bool:
    """Whether it is billed otherwise already, or was over before it was billed at all."""
    return (subscription.gateway, subscription.billing_ref) != (gateway, fact.billing_ref)


def opened_by(uow: UnitOfWork, fact: BillingFact) -> tuple[Order, OrderItem] | None:
    """The item that a billing began with, which has no subscription; None where it is too soon to say why.

    It is delivered, and all of its billing is read then; or it never will be, and its billing is in vain.
    """
    order_id = uow.orders.of_item(fact.item_id) if fact.item_id else None
    if order_id is None or fact.item_id is None:
        return None
    order = uow.orders.get(order_id)
    item, paying = order.item(fact.item_id), order.paying
    is_read_later = item.is_wanted and paying is not None and paying.billing_ref == fact.billing_ref
    return (order, item) if is_read_later or is_in_vain(order, item) else None


def is_in_vain(order: Order, item: OrderItem) -> bool:
    """Whether no subscription will come of it; while an attempt is open, an expired order may still be paid late."""
    is_given_up = order.closed_as is OrderStatus.EXPIRED and not any(payment.is_open for payment in order.payments)
    is_decided = order.is_paid or order.closed_as is OrderStatus.CANCELLED or is_given_up
    return item.status in _NEVER and is_decided


@dataclass(frozen=True)
class TakeBilling:
    """Follow how the billing of a subscription stands; billing that nobody needs is ended."""

    move: MoveSubscription
    clock: Clock

    def __call__(self, uow: UnitOfWork, gateway: str, fact: BillingStands) -> object | None:
        """The subscription, or the item without one; None where neither is in the ledger yet."""
        subscription = hold_billed(uow, gateway, fact)
        if subscription is None:
            opened = opened_by(uow, fact)
            if opened is not None and is_in_vain(*opened) and fact.status is not BillingStatus.ENDED:
                uow.jobs.request(end_of(gateway, fact.billing_ref))
            return opened
        if is_second(subscription, gateway, fact):
            if fact.status is not BillingStatus.ENDED:
                why = f"{gateway} bills it as {fact.billing_ref} without need: that is being ended; see what it charged"
                raise_doubt(uow, subscription, why, fact.billing_ref)
                uow.jobs.request(end_of(gateway, fact.billing_ref))
            return subscription
        changes, was_over = subscription.changes, subscription.is_over
        self.move(uow, subscription, lambda: subscription.follow(fact, self.clock()))
        if subscription.changes != changes:
            uow.jobs.request(change_of(subscription.id, subscription.changes))
        if subscription.is_over and not was_over:
            uow.jobs.request(last_check_of(subscription.id))
        if _differs(subscription, fact):
            uow.jobs.request(check_of(subscription.id, f"{fact.status}:{fact.as_of:%Y-%m-%d}"))
        return subscription


def _differs(subscription: Subscription, stands: BillingStands) -> bool:
    """Whether an invoice has not been heard of that would explain what the provider says."""
    if stands.status is BillingStatus.PAST_DUE:
        return subscription.status is SubscriptionStatus.ACTIVE
    return stands.status is BillingStatus.ACTIVE and subscription.past_due_since is not None
