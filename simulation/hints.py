"""Hints on their way: the provider's own come late, twice, out of order or never, and others are made up."""

from dataclasses import dataclass
from functools import partial
from random import Random

from billing.adapters.memory.pages import Told
from simulation.scenario import MINUTE_MS
from simulation.schedule import require
from simulation.world import World

_TRIES_SURELY, _KNOWS_THE_ADDRESS = 10, 0.7


@dataclass(frozen=True)
class HintPostman:
    """Delivers hints; whether, when and how often is thrown by the dice of the weather, how patiently by its own."""

    world: World
    dice: Random

    def __call__(self, payment_id: str, body: bytes, *, surely: bool) -> None:
        """Take one hint."""
        weather = self.world.weather
        if not surely and weather.loses("hint"):
            return
        tries = _TRIES_SURELY if surely else self.dice.randint(1, 3)
        for after_ms in weather.arrivals(self.dice):
            self.world.schedule.spawn("hint", partial(self._deliver, payment_id, body, tries), after_ms)

    def _deliver(self, payment_id: str, body: bytes, tries_max: int) -> None:
        """Until it is answered as its sender wants it."""
        for tries in range(tries_max):
            answer = self.world.process(
                lambda: self.world.container.receive_hint()("kpay", self.world.push.tokens[payment_id], body)
            )
            if answer is not None:
                is_right = (answer["refid"], answer["reply"]) == (payment_id, "OK")
                require(is_right, "a hint is answered", f"{payment_id}: {answer}")
                return
            self.world.schedule.sleep(10_000 * 2**tries)


@dataclass(frozen=True)
class Forger:
    """Makes hints up, of attempts that there are: to their own addresses, and to others."""

    world: World
    dice: Random

    def __call__(self) -> None:
        """Some, in an hour or two."""
        for _ in range(self.dice.randint(3, 12)):
            self.world.schedule.sleep(self.dice.randint(1, 12 * MINUTE_MS))
            if tokens := self.world.push.tokens:
                self._forge(self.dice.choice(list(tokens)))

    def _forge(self, payment_id: str) -> None:
        tokens = self.world.push.tokens
        said = self.dice.choice((Told.PAID, Told.PAID, Told.FAILED))
        others = [token for of, token in tokens.items() if of != payment_id]
        knows = self.dice.random() < _KNOWS_THE_ADDRESS
        token = tokens[payment_id] if knows else self.dice.choice([*others, "a guess"])
        self.world.schedule.note(f"claims {said} of {payment_id}" + ("" if knows else ", at another address"))
        if knows and said is Told.PAID and self.world.push.twin.pages[payment_id].state is not Told.PAID:
            self.world.push.belied.add(payment_id)
        body = self.world.push.twin.postback(payment_id, said)
        answer = self.world.process(lambda: self.world.container.receive_hint()("kpay", token, body))
        require(knows or answer is None, "a hint needs its address", f"{payment_id} at {token}: {answer}")
