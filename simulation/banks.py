"""Customers' banks: which payments they question, what they take, and how they decide, in their own time."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random

from billing.domain import Conflict, DisputeStatus, Money
from simulation.scenario import MINUTE_MS
from simulation.world import World

_ROUNDS = 3
_AT_ONCE, _DISPUTED, _ASKED, _IN_PART, _ESCALATED, _WON, _ANSWERED = 0.1, 0.08, 0.3, 0.4, 0.4, 0.5, 0.5


@dataclass(frozen=True)
class Bank:
    """Goes through what was paid now and then, and disputes some of it, also twice; on dice of its own."""

    world: World
    dice: Random

    def __call__(self) -> None:
        """A few hours of a bank."""
        for _ in range(_ROUNDS):
            self._sleep(90)
            for page in self.world.gateway.pages_of(self.world.installation()):
                if page.left.minor and self._happens(_DISPUTED):
                    self.world.schedule.spawn("a bank", partial(self._dispute, page.key))

    def notice(self, payment_id: str) -> None:
        """Somebody pays with a card that is not theirs: it may be disputed before anything is delivered."""
        if self._happens(_AT_ONCE):
            soon_ms = self.dice.randint(0, self.dice.choice((2_000, MINUTE_MS)))
            self.world.schedule.spawn("a bank", partial(self._dispute, payment_id), soon_ms)

    def _dispute(self, payment_id: str) -> None:
        """From its opening to its end; only notifications tell of it, and the last of them comes."""
        gateway, page = self.world.gateway, self.world.gateway.twin.pages[payment_id]
        amount = page.amount
        if self._happens(_IN_PART):
            amount = Money(self.dice.randint(1, amount.minor), amount.currency)
        is_inquiry = self._happens(_ASKED)
        with suppress(Conflict):  # all of it went back in this moment
            ref = gateway.open_dispute(payment_id, amount, is_inquiry)
            self._sleep(5)
            if is_inquiry and not self._happens(_ESCALATED):
                self._sleep(60)
                gateway.decide(payment_id, ref, DisputeStatus.CLOSED)
                return
            gateway.withdraw(payment_id, ref)
            self._sleep(self.dice.choice((1, 90, 600)))
            if self._happens(_ANSWERED):
                gateway.respond(payment_id, ref)
                self._sleep(self.dice.choice((1, 600)))
            gateway.decide(payment_id, ref, DisputeStatus.WON if self._happens(_WON) else DisputeStatus.LOST)

    def _happens(self, chance: float) -> bool:
        return self.dice.random() < chance

    def _sleep(self, minutes_most: int) -> None:
        self.world.schedule.sleep(self.dice.randint(0, minutes_most * MINUTE_MS))
