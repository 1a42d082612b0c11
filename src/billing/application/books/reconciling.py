"""Reconciliation that nobody asked for: at every interval a chain of small jobs, each a page of one reconciler.

A job is one page, its subject the place of that page. So what was done is not done again, one that failed is tried
again, and between two pages whatever is paid for goes first.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from billing.application.books.reconciliation import Reconciler, Scope, told
from billing.application.ledger import Ledger
from billing.application.outcomes import Refused
from billing.application.ports import Clock, Telemetry
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.job import JobKind, JobRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Part:
    """A page of what one reconciler compares of one interval.

    >>> part = Part("stripe events", _EPOCH, _EPOCH + timedelta(hours=6), "0:evt_9")
    >>> part.subject
    'stripe events|1970-01-01T00:00:00+00:00|1970-01-01T06:00:00+00:00|0:evt_9'
    >>> Part.of(part.subject) == part
    True
    """

    reconciler: str
    since: datetime
    until: datetime
    after: str | None = None

    @property
    def subject(self) -> str:
        """What its job is about."""
        return "|".join((self.reconciler, self.since.isoformat(), self.until.isoformat(), self.after or ""))

    @property
    def job(self) -> JobRequest:
        """The one job that compares it."""
        return JobRequest(JobKind.RECONCILE, self.subject)

    @classmethod
    def of(cls, subject: str) -> "Part":
        """Read off a job's subject."""
        reconciler, since, until, after = subject.split("|")
        return cls(reconciler, datetime.fromisoformat(since), datetime.fromisoformat(until), after or None)


@dataclass(frozen=True)
class ReconcilePart(Handler):
    """Compare one page, and ask for the next."""

    reconcilers: Mapping[str, Reconciler]
    telemetry: Telemetry

    def __call__(self, run: Run) -> Record:
        """Each difference is repaired in a unit of its own: cut short, the next try finds only the others."""
        part = Part.of(run.subject)
        if part.reconciler not in self.reconcilers:
            raise Refused(f"there is no reconciler {part.reconciler} any more")
        reconciler = self.reconcilers[part.reconciler]
        scope = Scope(since=part.since, until=part.until, by=run.by, deadline=run.deadline)
        page = reconciler.page(scope, part.after)
        for subject in page.subjects:
            deque(told(self.telemetry, part.reconciler, reconciler.compare(scope, subject)), maxlen=0)

        def record(uow: UnitOfWork) -> None:
            if page.after is not None:
                uow.jobs.request(Part(part.reconciler, part.since, part.until, page.after).job)

        return record


@dataclass(frozen=True)
class RequestReconciliation:
    """Ask for what has become due: the intervals since the last one that was asked for, as far back as `reach`.

    Any number of workers may do so, as often and as late as they like. Without an interval there is none.
    """

    ledger: Ledger
    reconcilers: Mapping[str, Reconciler]
    clock: Clock
    interval: timedelta
    reach: timedelta

    def __call__(self) -> int:
        """How many jobs were written."""
        if not self.interval or not self.reconcilers:
            return 0
        newest = _EPOCH + (self.clock() - _EPOCH) // self.interval * self.interval
        if self.ledger.read(lambda uow: _are_known(uow, self._parts(newest))):
            return 0
        wanted = self.ledger.read(lambda uow: self._missing(uow, newest))
        return self.ledger.write("housekeeping", lambda uow: sum(uow.jobs.request(part.job) for part in wanted))

    def _missing(self, uow: UnitOfWork, newest: datetime) -> list[Part]:
        """Oldest first; a new installation has missed nothing before its first interval."""
        if not uow.jobs.page(None, JobKind.RECONCILE, None, 1):
            return self._parts(newest)
        ends = (newest - n * self.interval for n in range(max(1, self.reach // self.interval)))
        missing = list(takewhile(lambda parts: not _are_known(uow, parts), map(self._parts, ends)))
        return [part for parts in reversed(missing) for part in parts]

    def _parts(self, ended: datetime) -> list[Part]:
        """The first page of each reconciler, of the interval that ended then and has lain for as long as it asks."""
        return [Part(name, ended - one.lag - self.interval, ended - one.lag) for name, one in self.reconcilers.items()]


def _are_known(uow: UnitOfWork, parts: Sequence[Part]) -> bool:
    return len(uow.jobs.of_subjects([part.subject for part in parts])) == len(parts)
