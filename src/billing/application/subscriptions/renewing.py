"""A period that a provider has collected for becomes an order of its own, paid and dispatched as any other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from billing.application.money.paying_back import PayBack
from billing.application.ports import Clock, Ids
from billing.application.unit_of_work import UnitOfWork
from billing.domain.dispatch_policy import DispatchPolicy
from billing.domain.errors import Conflict
from billing.domain.invoice import Invoice
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment
from billing.domain.purchase import SubscriptionRenewal
from billing.domain.subscription import Subscription


@dataclass(frozen=True)
class WriteRenewal:
    """Writes the renewal that a paid invoice stands for, within the unit that holds its subscription; once for each."""

    policy: DispatchPolicy
    pay_back: PayBack
    clock: Clock
    ids: Ids
    number: Callable[[], str]

    def __call__(self, uow: UnitOfWork, subscription: Subscription, invoice: Invoice) -> Order:
        """Paid with what was collected, and the jobs that its item needs."""
        order = self._order(subscription, invoice)
        self._collect(order, invoice)
        uow.orders.add(order)
        invoice.renew_by(order.id)
        for wanted in self.policy.jobs_for(order):
            uow.jobs.request(wanted)
        return order

    def refuse(self, uow: UnitOfWork, subscription: Subscription, invoice: Invoice) -> Order:
        """Nothing is renewed: all that was collected is surplus and goes back."""
        order = self._order(subscription, invoice)
        order.cancel()
        payment = self._collect(order, invoice)
        uow.orders.add(order)
        invoice.renew_by(order.id)
        self.pay_back.surplus(uow, order, payment)
        return order

    def _order(self, subscription: Subscription, invoice: Invoice) -> Order:
        price, now = _price(invoice), self.clock()
        what = SubscriptionRenewal(subscription_id=subscription.id)
        return Order(
            id=self.ids("ord"),
            number=self.number(),
            customer_id=subscription.customer_id,
            currency=price.currency,
            items=[OrderItem.of(self.ids("itm"), 0, what, price)],
            created_at=now,
            expires_at=now + timedelta(days=1),
        )

    def _collect(self, order: Order, invoice: Invoice) -> Payment:
        return order.record_collection(
            self.ids("pay"), invoice.gateway, invoice.collected, invoice.payment_ref, self.clock()
        )


def _price(invoice: Invoice) -> Money:
    if invoice.cycle is None:
        raise Conflict(f"invoice {invoice.invoice_ref}", "it bills no period")
    return invoice.cycle.price
