"""Tills of the twins: a provider with pages and proof beside one with pushes and hints, both made to fail on order."""

from abc import abstractmethod

from billing.adapters.memory.pages import Told
from billing.application.outcomes import RetryLater
from billing.domain import Money, Payment
from tests.alike.tills import HEARD_WITHIN_SECONDS, Till
from tests.twins import PHONE, TwoWays

_AWAY = RetryLater("away")


class TwinTill(Till):
    """One of a twin's, which can be made to fail."""

    shop: TwoWays

    def __init__(self, shop: TwoWays) -> None:
        self.shop = shop

    def tell(self, payment: Payment) -> None:
        """By its own road; what a hint wakes is asked a moment later."""
        self.notify(payment)
        self.shop.work()
        self.wait(HEARD_WITHIN_SECONDS)

    @abstractmethod
    def notify(self, payment: Payment) -> None:
        """A notification of how it stands comes in."""

    @abstractmethod
    def fail(self, payment: Payment) -> None:
        """It comes to nothing for good."""

    @abstractmethod
    def pay_another_sum(self, payment: Payment, amount: Money) -> None:
        """As `pay`, not the sum that was asked."""

    @abstractmethod
    def submit(self, payment: Payment) -> None:
        """The customer has done all that there is to do, and a bank takes its time: nothing closes it any more."""

    @abstractmethod
    def reopen(self, payment: Payment) -> None:
        """What was closed there can be paid all the same: somebody held its page open."""

    @abstractmethod
    def lose_answer(self) -> None:
        """The next start takes effect and its answer is lost."""

    @abstractmethod
    def go_away(self) -> None:
        """No call goes through."""

    @abstractmethod
    def come_back(self) -> None:
        """They do again."""


class PageTill(TwinTill):
    """The customer pays on the provider's page; signed notifications prove it."""

    gateway = "memory"

    def options(self) -> dict[str, str]:
        """None are needed."""
        return {}

    def pay(self, payment: Payment) -> None:
        """On the page."""
        self.shop.gateway.pay(payment.id)

    def pay_another_sum(self, payment: Payment, amount: Money) -> None:
        """On the page."""
        self.shop.gateway.pay(payment.id, amount)

    def fail(self, payment: Payment) -> None:
        """By a slow method, as a declined card leaves the page open."""
        self.shop.gateway.submit(payment.id)
        self.shop.gateway.fail(payment.id, "no")

    def decline(self, payment: Payment) -> None:
        """A card; the page stays open."""
        self.shop.gateway.decline(payment.id, "no")

    def submit(self, payment: Payment) -> None:
        """By a slow method."""
        self.shop.gateway.submit(payment.id)
        self.tell(payment)

    def reopen(self, payment: Payment) -> None:
        """There is no such act at its desk."""
        page = self.shop.gateway.pages[payment.id]
        page.state = Told.OPEN

    def notify(self, payment: Payment) -> None:
        """Signed."""
        self.shop.hear(self.shop.gateway.notification(payment.id))

    def lose_answer(self) -> None:
        """Of the page's opening."""
        self.shop.gateway.lose_answer()

    def go_away(self) -> None:
        """For longer than a test lasts."""
        for call in ("start", "check", "close"):
            self.shop.gateway.fail_with(_AWAY, call, times=99)

    def come_back(self) -> None:
        """At once."""
        self.shop.gateway.mend()


class PhoneTill(TwinTill):
    """The customer approves on the phone; notifications only hint at asking."""

    gateway = "kpay"

    def options(self) -> dict[str, str]:
        """Whom to push it to."""
        return {"phone": PHONE}

    def pay(self, payment: Payment) -> None:
        """On the phone."""
        self.shop.push.approve(payment.id)

    def pay_another_sum(self, payment: Payment, amount: Money) -> None:
        """On the phone."""
        self.shop.push.approve(payment.id, amount)

    def fail(self, payment: Payment) -> None:
        """Declined, which is all there is."""
        self.shop.push.decline(payment.id, "no")

    def decline(self, payment: Payment) -> None:
        """The same."""
        self.fail(payment)

    def submit(self, payment: Payment) -> None:
        """It can't be closed from the beginning."""

    def reopen(self, payment: Payment) -> None:
        """It was never closed."""

    def notify(self, payment: Payment) -> None:
        """To the attempt's own address."""
        self.shop.post_back(payment, self.shop.push.postback(payment.id))

    def lose_answer(self) -> None:
        """Of the push."""
        self.shop.push.lose_answer()

    def go_away(self) -> None:
        """For longer than a test lasts."""
        for call in ("start", "start_again", "check", "close"):
            self.shop.push.fail_with(_AWAY, call, times=99)

    def come_back(self) -> None:
        """At once."""
        self.shop.push.mend()
