"""What this process is at, and giving it back when it has to go."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Condition

from billing.application.ledger import Ledger
from billing.application.ports import Telemetry
from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable, UnitOfWork
from billing.application.work.jobs import Run, hold
from billing.domain.errors import ClaimLost


class UnderWay:
    """The runs of one process, from their claim to their end; for all of its threads.

    Once everything was taken the process goes: it claims nothing more, not even what it has just handed back.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._claims, self._goes = 0, False
        self._runs: dict[tuple[str, int], Run] = {}

    def begin(self, claim: Callable[[], Run | None]) -> Run | None:
        """What `claim` got, which is under way from then on; ProcessGoes, and no claim, where it has to go."""
        with self._changed:
            if self._goes:
                raise ProcessGoes
            self._claims += 1
        run = None
        try:
            run = claim()
        finally:
            with self._changed:
                self._claims -= 1
                if run is not None:
                    self._runs[run.job_id, run.claim_no] = run
                self._changed.notify_all()
        return run

    @contextmanager
    def until_ended(self, run: Run) -> Iterator[None]:
        """It runs as long as the block does; one that was interrupted, as by Ctrl-C, has not ended."""
        try:
            yield
        except Exception:
            self._forget(run)
            raise
        self._forget(run)

    def _forget(self, run: Run) -> None:
        with self._changed:
            self._runs.pop((run.job_id, run.claim_no), None)

    def take_all(self) -> Sequence[Run]:
        """What runs now, each given out once; waits for claims that have begun, and lets no other begin."""
        with self._changed:
            self._goes = True
            self._changed.wait_for(lambda: not self._claims)
            runs, self._runs = list(self._runs.values()), {}
        return runs


class ProcessGoes(Exception):
    """This process claims nothing more."""


@dataclass(frozen=True)
class HandBack:
    """Put what this process can't finish back into the queue, so that another worker need not wait for its lease.

    Whatever a thread still does for it is fenced: it can record nothing. A repeat finds nothing to hand back.
    """

    ledger: Ledger
    under_way: UnderWay
    telemetry: Telemetry

    def __call__(self) -> int:
        """How many were handed back; without a ledger none are, and their leases decide."""
        handed_back = 0
        for run in self.under_way.take_all():
            try:
                self.ledger.write(run.by, partial(_hand_back, run=run))
                self.telemetry.event("job_handed_back", kind=run.kind, job_id=run.job_id, claim_no=run.claim_no)
                handed_back += 1
            except ClaimLost:
                continue
            except (LedgerUnavailable, ConcurrentChange) as away:
                self.telemetry.alarm("job_left_behind", kind=run.kind, job_id=run.job_id, why=away.why)
        return handed_back


def _hand_back(uow: UnitOfWork, run: Run) -> None:
    job = hold(uow, run)
    job.hand_back("handed back by a worker that was told to stop", uow.now())
    uow.jobs.ring(job)
