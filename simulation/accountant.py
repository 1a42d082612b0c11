"""Somebody who compares the provider's books with the ledger, now and then and at last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from billing.application.books.reconciliation import Difference, Done, Scope
from billing.application.outcomes import Deadline
from simulation.scenario import DAY_MS, MINUTE_MS
from simulation.schedule import require
from simulation.world import START, World

_CALL_SECONDS = 60.0
_BEFORE = timedelta(days=1)


@dataclass(frozen=True)
class Accountant:
    """Has the whole of it reconciled; on dice of its own."""

    world: World
    dice: Random

    def __call__(self) -> None:
        """Some rounds while everybody is at work."""
        for _ in range(self.dice.randint(1, 3)):
            self.world.schedule.sleep(self.dice.randint(1, self.world.scenario.fair_at_ms // 2 + 1))
            self.world.process(self.reconcile)

    def reconcile(self) -> Sequence[Difference]:
        """Everything that differs, which is then repaired or told to a person."""
        scope = Scope(
            since=START - _BEFORE,
            until=self.world.now(),
            by="accountant",
            deadline=lambda: Deadline.after(_CALL_SECONDS, self.world.monotonic),
        )
        looks = self.world.container.comparing.reconcile()(scope)
        return [difference for looked in looks for difference in looked.differences]

    def close_the_books(self) -> None:
        """In fair weather, with nothing left to do: whatever is found is repaired by itself."""
        self.world.schedule.sleep(2 * DAY_MS)  # so that no provider is left in peace any more
        self.world.process(self.world.container.keep_house())
        found = self.reconcile()
        if any(one.done is Done.NOT_COMPARED for one in found):  # a job was just trying whether the provider is back
            self.world.schedule.sleep(60 * MINUTE_MS)
            found = self.reconcile()
        unsettled = [one for one in found if not one.is_settled]
        require(not unsettled, "what differs is repaired", f"{unsettled}")

    def find_them_closed(self) -> None:
        """What was repaired stays so: the second of two runs finds nothing."""
        left = self.reconcile()
        require(not left, "what is reconciled stays so", f"{left}")


def accountant(world: World) -> Accountant:
    """The one of this scenario."""
    return Accountant(world, Random(f"accounts {world.scenario.seed}"))
