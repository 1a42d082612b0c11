"""What a worker does by itself every few seconds, besides its jobs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from billing.application.ledger import Ledger
from billing.application.ports import Telemetry
from billing.application.unit_of_work import UnitOfWork
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
class ForgetAnswers:
    """Forget old answers to calls with an Idempotency-Key, a bounded number at once."""

    ledger: Ledger
    kept: timedelta
    batch: int

    def __call__(self) -> int:
        """How many were forgotten."""
        return self.ledger.write("housekeeping", lambda uow: uow.answers.prune(uow.now() - self.kept, self.batch))


@dataclass(frozen=True)
class PruneBodies:
    """Forget what settled notifications said, personal data and all; their rows stay, so that repeats are known.

    One that is not settled keeps its body until somebody has settled it, however old it is: it is all we have.
    """

    ledger: Ledger
    telemetry: Telemetry
    kept: timedelta
    batch: int

    def __call__(self) -> int:
        """How many were forgotten."""
        pruned = self.ledger.write(
            "housekeeping", lambda uow: uow.inbox.prune_bodies(uow.now() - self.kept, self.batch)
        )
        if pruned:
            self.telemetry.event("inbox_bodies_pruned", bodies=pruned)
        return pruned


@dataclass(frozen=True)
class KeepHouse:
    """Ring for what is due, then take every other step; each is bounded, and safe to run anywhere and often."""

    sweep: Sweep
    steps: Sequence[Callable[[], object]]
    telemetry: Telemetry

    def __call__(self) -> int:
        """How many bells were rung, which comes first: nothing else may keep paid work waiting."""
        rung = self.sweep()
        for step in self.steps:
            try:
                step()
            except BillingError as trouble:
                self.telemetry.event("housekeeping_failed", why=str(trouble))
            except Exception as bug:  # noqa: BLE001 - a defect in one step must not keep the others from being taken
                self.telemetry.alarm("housekeeping_bug", error=repr(bug))
        return rung
