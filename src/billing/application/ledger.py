"""The one way to the ledger: run a unit, repeat it when another was faster, then ring and report for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from billing.application.ports import JobQueue, Telemetry
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork

T = TypeVar("T")


class Begin(Protocol):
    """Opens units of work; `by` goes into the history of what the unit moves."""

    def __call__(self, by: str, *, reading: bool = False) -> UnitOfWork: ...


@dataclass(frozen=True)
class Ledger:
    """Writing and reading units of work; what is passed in may run more than once and calls nobody outside."""

    begin: Begin
    queue: JobQueue
    telemetry: Telemetry
    tries_max: int = 5

    def write(self, by: str, work: Callable[[UnitOfWork], T]) -> T:
        """Commit what `work` did; ConcurrentChange only after `tries_max` tries."""
        for spent in range(1, self.tries_max + 1):
            try:
                return self._write_once(by, work)
            except ConcurrentChange as lost:
                self.telemetry.event("unit_repeated", by=by, why=lost.why)
                if spent == self.tries_max:
                    raise
        raise AssertionError("tries_max is at least 1")

    def _write_once(self, by: str, work: Callable[[UnitOfWork], T]) -> T:
        with self.begin(by) as uow:
            result = work(uow)
            uow.commit()
        if uow.bells:
            self.queue.ring(uow.bells)
        for tell in uow.reports:
            tell()
        for alert in uow.raised:
            self.telemetry.alarm(alert.kind, subject=alert.subject, why=alert.why)
        return result

    def rehearse(self, by: str, work: Callable[[UnitOfWork], T]) -> T:
        """What `work` would do: as `write`, in a unit that is never committed, and no bell rings."""
        with self.begin(by) as uow:
            return work(uow)

    def read(self, work: Callable[[UnitOfWork], T]) -> T:
        """Look without locking; nothing is kept."""
        with self.begin("reader", reading=True) as uow:
            return work(uow)
