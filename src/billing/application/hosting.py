"""Deliver hosting that was paid for: moves of our own, nothing outside is called."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from billing.application.billing_jobs import begin_of, check_of
from billing.application.delivery import Delivery, begin_delivery
from billing.application.jobs import Record, Run
from billing.application.outcomes import Refused
from billing.application.ports import Clock, Ids
from billing.application.unit_of_work import UnitOfWork
from billing.domain.job import JobRequest
from billing.domain.payment import Payment
from billing.domain.purchase import Hosting, SubscriptionRenewal
from billing.domain.subscription import Subscription


@dataclass(frozen=True)
class ActivateSubscription(Delivery):
    """Open the hosting subscription that an item paid for, and see to it that it is billed on.

    `billed_by` are the gateways that bill subscriptions by themselves.
    """

    clock: Clock
    ids: Ids
    billed_by: Container[str] = ()

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
        next_job = self._bill_on(subscription, order.paying)
        uow.subscriptions.add(subscription)
        item.subscription_id = subscription.id
        self.fulfil(uow, order, item, "active", cast(datetime, subscription.current_period_end))
        if next_job is not None:
            uow.jobs.request(next_job)

    def _bill_on(self, subscription: Subscription, paying: Payment | None) -> JobRequest | None:
        """Billing that began with the payment is read for its anchor; else one begins where the first was paid."""
        if not subscription.auto_renew or paying is None or paying.gateway not in self.billed_by:
            return None
        if paying.billing_ref is None:
            subscription.gateway = paying.gateway
            return begin_of(subscription.id)
        subscription.bind(paying.gateway, paying.billing_ref)
        subscription.adopts_anchor = True
        return check_of(subscription.id, "activated")


@dataclass(frozen=True)
class RenewSubscription(Delivery):
    """Add the paid periods to a hosting subscription; one that a provider collected for ends when the provider says."""

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
        invoice = uow.invoices.of_order(order.id)
        if invoice is None or invoice.period_end is None:
            subscription.renew(what.cycles, self.clock(), self.restart_after)
        else:
            subscription.renew_until(invoice.period_end)
        item.subscription_id = subscription.id
        self.fulfil(uow, order, item, "renewed", cast(datetime, subscription.current_period_end))
