"""Tills: how customers pay through one gateway, and how the shop hears of it; all else is the shop's and the same."""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta

from billing.application.books.reconciliation import Scope
from billing.domain import DomainName, Money, Order, Payment, Purchase
from tests.builders import a_registrant
from tests.twins import BY, Twins

HEARD_WITHIN_SECONDS = 6
"""So soon a provider's word has come in by any road: it is asked at most once in five."""


class Till(ABC):
    """One gateway of a shop as its customers use it."""

    gateway: str
    currency = "USD"
    shop: Twins

    # ------------------------------------------------------------------ at every gateway the same

    def order(self, *wanted: Purchase) -> Order:
        """Place an order."""
        placed: Order = self.shop.container.place_order()("cus_1", self.currency, a_registrant(), wanted, BY)
        return placed

    def start(self, order: Order) -> Payment:
        """Begin to pay."""
        started: Payment = self.shop.container.start_payment()(order.id, self.gateway, self.options(), BY)
        return started

    def buy(self, *wanted: Purchase) -> Order:
        """Order, pay, and get it."""
        order = self.order(*wanted)
        self.pay_and_tell(self.start(order))
        return self.shop.read(order)

    def pay_and_tell(self, payment: Payment) -> None:
        """The customer pays, and the shop hears of it."""
        self.pay(payment)
        self.tell(payment)

    def cancel(self, order: Order) -> None:
        """The customer does not want it any more."""
        self.shop.container.cancel_order()(order.id, BY)

    def expire(self, order: Order) -> None:
        """Its time is over, and no worker has seen to anything since."""
        self.shop.pass_time(order.expires_at - self.shop.now)
        self.shop.container.expire_orders()()

    def wait(self, seconds: float) -> None:
        """Time passes, and workers do what has become due."""
        self.shop.wait(seconds)

    def wait_until(self, moment: datetime) -> None:
        """The same, and how long is told by when it is over."""
        self.wait((moment - self.shop.now).total_seconds())

    def occupy(self, name: str) -> None:
        """Somebody else registers a name."""
        self.shop.registrar.occupy(DomainName(name))

    def refresh(self, payment: Payment) -> None:
        """The customer comes back to the shop, which asks."""
        self.shop.container.refresh_payment()(payment.id, BY)
        self.wait(HEARD_WITHIN_SECONDS)

    def reconcile(self) -> None:
        """The books are compared."""
        now = self.shop.now
        scope = Scope(since=now - timedelta(days=3), until=now, by=BY, deadline=self.shop.soon)
        for _ in self.shop.container.comparing.reconcile()(scope):
            pass
        self.wait(HEARD_WITHIN_SECONDS)

    def refund(self, payment: Payment, amount: Money) -> None:
        """An operator has it paid back, and whoever pays it does."""
        self.shop.container.request_refund()(payment.id, amount, (), "as asked", BY)
        self.shop.sweep_and_work()
        self.see_to_refunds()

    def see_to_refunds(self) -> None:
        """A person pays what is left to a person, if anything is."""
        orders = self.shop.ledger.read(lambda uow: uow.orders.page(None, None, None, 100))
        for refund in (refund for order in orders for payment in order.payments for refund in payment.refunds):
            if refund.needs_hand:
                self.shop.container.settle_refund()(refund.id, True, "sent by hand", BY)
        self.shop.sweep_and_work()

    def rest(self) -> None:
        """Nobody does anything for more than a day: whatever is to be asked, closed or given up then is."""
        for _ in range(30):
            self.wait(3600)

    # ------------------------------------------------------------------ at each its own way

    @abstractmethod
    def options(self) -> dict[str, str]:
        """What a start is asked with."""

    @abstractmethod
    def pay(self, payment: Payment) -> None:
        """The customer pays; nobody has told of it."""

    @abstractmethod
    def decline(self, payment: Payment) -> None:
        """One try is refused, which is the end of it where there is no page to try again on."""

    @abstractmethod
    def tell(self, payment: Payment) -> None:
        """The provider tells how it stands, and workers work."""
