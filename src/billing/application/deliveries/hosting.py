"""Deliver hosting that was paid for: moves of our own, nothing outside is called."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from billing.application.deliveries.delivery import Delivery, begin_delivery
from billing.application.outcomes import Refused
from billing.application.ports import Clock, Ids
from billing.application.subscriptions.billing_jobs import begin_of, check_of
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Record, Run
from billing.domain.job import JobRequest
from billing.domain.order import Order
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
        next_job = self._bill_on(subscription, order)
        uow.subscriptions.add(subscription)
        item.subscription_id = subscription.id
        self.fulfil(uow, order, item, "active", cast(datetime, subscription.current_period_end))
        if next_job is not None:
            uow.jobs.request(next_job)

    def _bill_on(self, subscription: Subscription, order: Order) -> JobRequest | None:
        """Billing that began with the payment is followed, and read at once; else one begins where that was paid."""
        paying = order.paying
        if not subscription.auto_renew or paying is None or paying.gateway not in self.billed_by:
            return None
        subscription.gateway = paying.gateway
        if not _began_with(order, paying):
            return begin_of(subscription.id)
        subscription.adopts_anchor = True
        if paying.billing_ref is None:
            return None  # what tells of it names the item
        subscription.bind(paying.gateway, paying.billing_ref)
        return check_of(subscription.id, "activated")


def _began_with(order: Order, paying: Payment) -> bool:
    """Whether it was paid on a page that begins billing: one for it alone, and for an account of the customer's."""
    page_bills = "customer_ref" in paying.options and "method_ref" not in paying.options
    return paying.billing_ref is not None or (order.sole_recurring is not None and page_bills)


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
        invoice = uow.invoices.of_order(order.id)
        end = invoice.period_end if invoice else None
        if not (subscription.is_renewable if end is None else subscription.takes_period(end)):
            raise Refused(f"subscription {subscription.id} is {subscription.status}")
        if end is None:
            subscription.renew(what.cycles, self.clock(), self.restart_after)
        else:
            subscription.renew_until(end)
        item.subscription_id = subscription.id
        self.fulfil(uow, order, item, "renewed", cast(datetime, subscription.current_period_end))
