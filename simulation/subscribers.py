"""Customers whose hosting a provider bills: periods end, cards are declined, slow methods decide, people cancel."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random

from billing.domain import BillingError, ChangeKind, Conflict, InvoiceStatus, Subscription
from simulation.opening import billed_subscription
from simulation.scenario import MINUTE_MS
from simulation.world import World

_PERIODS_MAX = 4
_DECLINED, _SLOW, _ARRIVES, _RETRIED, _CANCELS, _RESUMES = 0.3, 0.2, 0.6, 0.7, 0.15, 0.5


@dataclass(frozen=True)
class Subscriber:
    """A few periods of one subscription, on dice of its own; the provider's time turns faster than ours."""

    world: World
    number: int
    dice: Random

    def __call__(self) -> None:
        """From period to period, as long as it is billed."""
        desk, ref = self.world.billing.twin.desk, self._held().billing_ref or ""
        for _ in range(self.dice.randint(1, _PERIODS_MAX)):
            self._sleep(80)
            if self._happens(_CANCELS):
                self._cancel()
            if self._happens(_DECLINED):
                desk.decline(ref, self.dice.randint(1, 2))
            if self._happens(_SLOW):
                desk.collect_slowly(ref)
            with suppress(Conflict):  # it has ended
                self._tell(desk.turn(ref))
                self._see_to_invoices()

    def _see_to_invoices(self) -> None:
        """What was declined is tried again, and what is slow is decided, or neither."""
        self._sleep(60)
        desk = self.world.billing.twin.desk
        for invoice in list(self.world.billing.twin.books.invoices.values()):
            if invoice.bill.ref != self._held().billing_ref or invoice.status is not InvoiceStatus.OPEN:
                continue
            with suppress(Conflict):
                if invoice.in_flight:
                    self._tell(desk.settle(invoice.ref, None if self._happens(_ARRIVES) else "insufficient_funds"))
                elif self._happens(_RETRIED):
                    self._tell(desk.retry(invoice.ref))

    def _cancel(self) -> None:
        """And perhaps thinks better of it."""
        change = self.world.container.hosting.change_subscription()
        self._ask(partial(change, self._held().id, ChangeKind.CANCEL_AT_PERIOD_END, "customer"))
        if self._happens(_RESUMES):
            self._sleep(10)
            self._ask(partial(change, self._held().id, ChangeKind.RESUME, "customer"))

    def _ask(self, work: partial[Subscription]) -> None:
        with suppress(BillingError):
            self.world.process(work)

    def _held(self) -> Subscription:
        found = self.world.books.find(Subscription, billed_subscription(self.number))
        assert found is not None
        return found

    def _tell(self, told: list[bytes]) -> None:
        for body in told:
            self.world.gateway.tell_of_billing(body)

    def _happens(self, chance: float) -> bool:
        return self.dice.random() < chance

    def _sleep(self, minutes_most: int) -> None:
        self.world.schedule.sleep(self.dice.randint(0, minutes_most * MINUTE_MS))
