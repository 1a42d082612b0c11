"""Deliver hosting that was paid for: moves of our own, nothing outside is called."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from billing.application.delivery import Delivery, begin_delivery
from billing.application.jobs import Record, Run
from billing.application.outcomes import Refused
from billing.application.ports import Clock, Ids
from billing.application.unit_of_work import UnitOfWork
from billing.domain.purchase import Hosting, SubscriptionRenewal
from billing.domain.subscription import Subscription


@dataclass(frozen=True)
class ActivateSubscription(Delivery):
    """Open the hosting subscription that an item paid for."""

    clock: Clock
    ids: Ids

    def __call__(self, run: Run) -> Record:
        """A move of our own: nothing outside is called."""
        return lambda uow: self._record(uow, run.subject)

    def _record(self, uow: UnitOfWork, item_id: str) -> None:
        begun = begin_delivery(uow, item_id)
        if begun is None:
            return
        order, item = begun
        what, now = cast(Hosting, item.what), self.clock()
        subscription = Subscription(
            id=self.ids("sub"),
            customer_id=order.customer_id,
            item_id=item.id,
            plan=what.plan,
            cycle=what.cycle,
            price=item.price,
            domain=what.domain,
            auto_renew=what.auto_renew,
            created_at=now,
        )
        subscription.activate(now)
        uow.subscriptions.add(subscription)
        item.subscription_id = subscription.id
        self.fulfil(uow, order, item, "active", cast(datetime, subscription.current_period_end))


@dataclass(frozen=True)
class RenewSubscription(Delivery):
    """Add the paid periods to a hosting subscription."""

    clock: Clock
    restart_after: timedelta

    def __call__(self, run: Run) -> Record:
        """A move of our own; one that has ended for good in the meantime is refused."""
        return lambda uow: self._record(uow, run.subject)

    def _record(self, uow: UnitOfWork, item_id: str) -> None:
        begun = begin_delivery(uow, item_id)
        if begun is None:
            return
        order, item = begun
        what = cast(SubscriptionRenewal, item.what)
        subscription = uow.subscriptions.lock(what.subscription_id)
        if not subscription.is_renewable:
            raise Refused(f"subscription {subscription.id} is {subscription.status}")
        subscription.renew(what.cycles, self.clock(), self.restart_after)
        item.subscription_id = subscription.id
        self.fulfil(uow, order, item, "renewed", cast(datetime, subscription.current_period_end))
