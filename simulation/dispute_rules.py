"""What banks question: nothing is begun for it meanwhile, and hosting follows what the banks have decided."""

from collections.abc import Iterator
from datetime import timedelta

from billing.domain import (
    Alert,
    DisputeStatus,
    ItemStatus,
    Job,
    JobKind,
    JobStatus,
    Order,
    Payment,
    PaymentStatus,
    Subscription,
    SubscriptionStatus,
)
from billing.domain.subscription import UNPAID
from simulation.schedule import require
from simulation.world import World

_CONTESTED = {DisputeStatus.UNKNOWN, DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW}
_BEGUN = {ItemStatus.IN_PROGRESS, ItemStatus.FULFILLED}
_FOLLOWS = {JobKind.SUSPEND_SUBSCRIPTION, JobKind.RESTORE_SUBSCRIPTION, JobKind.END_SUBSCRIPTION}


_UNPAID_FOR = timedelta(days=30)


class DisputeRules:
    """By the rows of the ledger; that they are those of the provider is a rule of the money."""

    def __init__(self, world: World) -> None:
        self._books, self._now = world.books, world.now
        self._held: dict[str, set[str]] = {}

    def check_now(self, order: Order) -> None:
        """What was due when the dispute was known is not begun while it stands."""
        contested = any(_pays(p) and any(d.status in _CONTESTED for d in p.disputes) for p in order.payments)
        if not contested:
            self._held.pop(order.id, None)
            return
        for item in order.items:
            held = item.id in self._held.get(order.id, ())
            require(not held or item.status not in _BEGUN, "nothing disputed is begun", f"{item.id} is {item.status}")
        self._held[order.id] = {item.id for item in order.items if item.status is ItemStatus.DUE}

    def check_at_rest(self) -> None:
        """Every dispute was told to an operator, and hosting stands as its disputes do."""
        orders = self._books.rows(Order)
        told = {alert.subject for alert in self._books.rows(Alert)}
        for dispute in (one for order in orders for payment in order.payments for one in payment.disputes):
            require(dispute.id in told, "operators are told", f"nobody was told of {dispute.id}")
        for subscription in self._books.rows(Subscription):
            self._check_hosting(subscription, list(_payments_for(subscription, orders)))

    def _check_hosting(self, subscription: Subscription, payments: list[Payment]) -> None:
        if self._waits_for_a_person(subscription):
            return
        disputes = [dispute for payment in payments for dispute in payment.disputes]
        stands = [dispute.id for dispute in disputes if dispute.status in _CONTESTED]
        is_suspended = subscription.status is SubscriptionStatus.SUSPENDED
        over, unpaid = subscription.is_over, UNPAID in subscription.holds
        about = f"{subscription.id} is {subscription.status}, {[(one.id, str(one.status)) for one in disputes]}"
        require(over or is_suspended == (bool(stands) or unpaid), "hosting follows its disputes", about)
        require(set(subscription.holds) - {UNPAID} == set(stands) or over, "hosting follows its disputes", about)
        lost = any(_is_lost(payment) for payment in payments)
        require(over or not lost, "hosting follows its disputes", about)
        by_banks = any(one.status is DisputeStatus.LOST for one in disputes)
        require(not over or by_banks or self._may_be_over(subscription), "no service is taken", about)

    def _may_be_over(self, subscription: Subscription) -> bool:
        """What a provider bills ends as it does there, which is a rule of that; the rest when it was long unpaid."""
        end = subscription.current_period_end
        return subscription.is_billed_by_provider or (end is not None and end + _UNPAID_FOR <= self._now())

    def _waits_for_a_person(self, subscription: Subscription) -> bool:
        jobs = (job for job in self._books.rows(Job) if job.kind in _FOLLOWS and job.status is JobStatus.DEAD)
        return any(job.subject.partition(":")[0] == subscription.id for job in jobs)


def _pays(payment: Payment) -> bool:
    return payment.status is PaymentStatus.SUCCEEDED and not payment.surplus


def _payments_for(subscription: Subscription, orders: list[Order]) -> Iterator[Payment]:
    for order in orders:
        if any(item.subscription_id == subscription.id for item in order.items):
            yield from (payment for payment in order.payments if _pays(payment))


def _is_lost(payment: Payment) -> bool:
    """All that it brought was taken back, so that it can't have been otherwise when that was decided."""
    lost = sum(one.withdrawn.minor - one.reinstated.minor for one in payment.disputes if one.is_lost)
    return payment.received is not None and lost >= payment.received.minor > 0
