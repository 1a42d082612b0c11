"""Customers who pay on the phone: they answer when they like, and take the other provider where that is too slow."""

from dataclasses import dataclass
from functools import partial
from random import Random

from billing.domain import Order, Payment
from simulation.people import Shopper
from simulation.scenario import MINUTE_MS
from simulation.world import World

_BY_PAGE, _PAYS_ON_PAGE, _GOES_ON = 0.35, 0.7, 0.3
_NEVER, _DECLINES, _CHANGES_MIND = 0.15, 0.25, 0.5
_ANSWERS_IN_MS = (20_000, 20_000, 2 * MINUTE_MS, 10 * MINUTE_MS, 58 * MINUTE_MS, 240 * MINUTE_MS)


@dataclass(frozen=True)
class Phone:
    """What becomes of a request to approve: sooner, later, much later, not at all; on dice of its own."""

    world: World
    dice: Random

    def ring(self, payment_id: str) -> None:
        """It lights up."""
        after_ms = self.dice.randint(1_000, self.dice.choice(_ANSWERS_IN_MS))
        self.world.schedule.spawn("a phone", partial(self._answer, payment_id), after_ms)

    def _answer(self, payment_id: str) -> None:
        luck = self.dice.random()
        if luck < _NEVER:
            return
        if luck < _NEVER + _DECLINES:
            self.world.push.decline(payment_id)
            if self.dice.random() >= _CHANGES_MIND:
                return
            self.world.schedule.sleep(self.dice.randint(1, self.dice.choice(_ANSWERS_IN_MS)))
        self.world.push.approve(payment_id)


@dataclass(frozen=True)
class PhoneShopper(Shopper):
    """Chooses the provider anew for every attempt."""

    dice: Random

    def settle(self, order: Order) -> None:
        """A few attempts, until one has paid; now and then another beside that."""
        for _ in range(self.dice.randint(1, 4)):
            by_page = self.dice.random() < _BY_PAGE
            payment = self._on_page(order) if by_page else self._on_phone(order)
            self.world.schedule.sleep(self.dice.randint(0, 5 * MINUTE_MS))
            if payment is not None:
                self._come_back(payment)
            now = self.world.books.find(Order, order.id)
            if now is not None and now.is_paid and self.dice.random() >= _GOES_ON:
                return

    def _on_phone(self, order: Order) -> Payment | None:
        start, by = self.world.container.start_payment(), order.customer_id
        return self._insist(lambda: start(order.id, "kpay", {"method": "momo", "phone": "0788 000 000"}, by))

    def _on_page(self, order: Order) -> Payment | None:
        payment = self._open_page(order)
        if payment is not None and self.dice.random() < _PAYS_ON_PAGE:
            self.world.gateway.pay(payment.id)
        return payment
