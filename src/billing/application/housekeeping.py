"""What a worker does by itself every few seconds, besides its jobs."""

from dataclasses import dataclass
from datetime import timedelta

from billing.application.ledger import Ledger
from billing.application.ports import Telemetry
from billing.application.unit_of_work import UnitOfWork
from billing.application.unpaid import ExpireOrders
from billing.domain.errors import BillingError


@dataclass(frozen=True)
class Sweep:
    """Ring again for what is due, lost or expired; bounded, safe to run anywhere and often."""

    ledger: Ledger
    telemetry: Telemetry
    batch: int

    def __call__(self) -> int:
        """How many bells were rung."""

        def ring_due(uow: UnitOfWork) -> int:
            jobs = uow.jobs.to_ring(uow.now(), self.batch)
            for job in jobs:
                uow.jobs.ring(job)
            return len(jobs)

        rung = self.ledger.write("sweep", ring_due)
        if rung:
            self.telemetry.event("sweep_rang", jobs=rung)
        return rung


@dataclass(frozen=True)
class KeepHouse:
    """Expire what nobody paid, ring for what is due, forget old answers; bounded, safe to run anywhere and often."""

    ledger: Ledger
    expire_orders: ExpireOrders
    sweep: Sweep
    telemetry: Telemetry
    answers_kept: timedelta
    batch: int

    def __call__(self) -> int:
        """How many bells were rung, which comes first: nothing else may keep paid work waiting."""
        rung = self.sweep()
        for step in (self.expire_orders, self._forget_answers):
            try:
                step()
            except BillingError as trouble:
                self.telemetry.event("housekeeping_failed", why=str(trouble))
        return rung

    def _forget_answers(self) -> None:
        def forget(uow: UnitOfWork) -> int:
            return uow.answers.prune(uow.now() - self.answers_kept, self.batch)

        self.ledger.write("housekeeping", forget)
