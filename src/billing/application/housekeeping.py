"""What a worker does by itself every few seconds, besides its jobs."""

from dataclasses import dataclass
from datetime import timedelta

from billing.application.jobs import Sweep
from billing.application.ledger import Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.application.unpaid import ExpireOrders


@dataclass(frozen=True)
class KeepHouse:
    """Expire what nobody paid, ring for what is due, forget old answers; bounded, safe to run anywhere and often."""

    ledger: Ledger
    expire_orders: ExpireOrders
    sweep: Sweep
    answers_kept: timedelta
    batch: int

    def __call__(self) -> int:
        """How many bells were rung."""
        self.expire_orders()
        self.ledger.write("housekeeping", self._forget)
        return self.sweep()

    def _forget(self, uow: UnitOfWork) -> int:
        return uow.answers.prune(uow.now() - self.answers_kept, self.batch)
