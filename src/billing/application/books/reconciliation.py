"""Reconciliation: what providers know is compared with the ledger, and a difference is repaired by the facts alone.

A `Reconciler` compares one kind of thing. It says page by page what there is to compare, so that long work shows how
far it is, can be cut into jobs, and every call in it has a deadline of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from billing.application.ledger import Ledger
from billing.application.money.taking import TakeFact
from billing.application.outcomes import Deadline, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Telemetry
from billing.application.records import Made, Transition
from billing.application.telling.alerts import raise_alert
from billing.application.unit_of_work import UnitOfWork
from billing.domain.alert import AlertKind
from billing.domain.errors import Conflict
from billing.domain.facts import Fact


class Done(StrEnum):
    """What became of a difference."""

    REPAIRED = "repaired"
    WOULD_BE_REPAIRED = "would be repaired"
    NEEDS_PERSON = "needs a person"
    NOT_COMPARED = "could not be compared"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What both sides have of one thing, where it is not the same; `how` is what was done, or why nothing was."""

    about: str
    ours: str
    theirs: str
    done: Done
    how: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether nobody need do anything about it any more."""
        return self.done is Done.REPAIRED


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is compared, in whose name, and how long one call may take; times are the business clock's."""

    since: datetime
    until: datetime
    by: str
    deadline: Callable[[], Deadline]
    dry_run: bool = False


@dataclass(frozen=True)
class Page:
    """What is to be compared, of so many that were looked at; `after` is where to go on, None at the end."""

    subjects: Sequence[Any]
    looked_at: int
    after: str | None = None


class Reconciler(Protocol):
    """Compares one kind of thing, of one provider; a repeat finds nothing that the first one has repaired.

    `lag` is how long after something was made it is worth comparing unasked: until then its notification is on its
    way, or its provider has not decided.
    """

    lag: ClassVar[timedelta]

    def page(self, scope: Scope, after: str | None) -> Page:
        """What to compare; from the beginning where `after` is None. A call of the provider may be in it."""

    def compare(self, scope: Scope, subject: Any) -> Iterator[Difference]:
        """How one of them differs; repaired as it is told, unless it is a dry run."""


@dataclass(frozen=True)
class Repair:
    """Takes facts into the ledger as a notification would, or only tries out what that would do."""

    ledger: Ledger
    take: TakeFact

    def __call__(self, scope: Scope, gateway: str, facts: Sequence[Fact]) -> Sequence[Transition]:
        """What it moves; a dry run keeps nothing of it."""

        def work(uow: UnitOfWork) -> Sequence[Transition]:
            if len(facts) > 1:
                self.take.hold_jobs(uow, gateway, facts)
            for fact in facts:
                self.take(uow, gateway, fact)
            return uow.moves()

        return (self.ledger.rehearse if scope.dry_run else self.ledger.write)(scope.by, work)

    def hand_over(self, scope: Scope, *, about: str, ours: str, theirs: str, how: str) -> Difference:
        """Only a person can say which side is right: an alert once a day, for as long as it is found."""
        if not scope.dry_run:
            why = f"ours: {ours}; theirs: {theirs}; {how}"

            def tell(uow: UnitOfWork) -> bool:
                return raise_alert(uow, AlertKind.BOOKS_DIFFER, about, why, once=f"{uow.now():%Y-%m-%d}")

            self.ledger.write(scope.by, tell)
        return Difference(about=about, ours=ours, theirs=theirs, done=Done.NEEDS_PERSON, how=how)


@dataclass(frozen=True)
class Looked:
    """How far a reconciliation is: what it has just looked at, how much of it, and what differed."""

    at: str
    count: int
    differences: Sequence[Difference] = ()


@dataclass(frozen=True)
class Reconcile:
    """Every reconciler from its beginning to its end, for somebody who waits for it."""

    reconcilers: Mapping[str, Reconciler]
    telemetry: Telemetry

    def __call__(self, scope: Scope) -> Iterator[Looked]:
        """As it happens. A provider that does not answer is told as a difference, and the next reconciler goes on."""
        for name, reconciler in self.reconcilers.items():
            try:
                yield from self._walk(scope, name, reconciler)
            except (RetryLater, OutcomeUnknown, NotYet, NeedsPerson, Refused) as away:
                yield Looked(name, 0, [_not_compared(name, away.why)])

    def _walk(self, scope: Scope, name: str, reconciler: Reconciler) -> Iterator[Looked]:
        after: str | None = None
        while True:
            page = reconciler.page(scope, after)
            yield Looked(name, page.looked_at - len(page.subjects))
            for subject in page.subjects:
                yield Looked(name, 1, list(self._compare(scope, name, reconciler, subject)))
            if page.after is None:
                return
            after = page.after

    def _compare(self, scope: Scope, name: str, reconciler: Reconciler, subject: Any) -> Iterator[Difference]:
        try:
            yield from told(self.telemetry, name, reconciler.compare(scope, subject))
        except (RetryLater, OutcomeUnknown, Refused, NeedsPerson, Conflict) as failure:
            yield _not_compared(f"{name} {subject}", failure.why)


def told(telemetry: Telemetry, name: str, differences: Iterator[Difference]) -> Iterator[Difference]:
    """Each is reported as it is found."""
    for difference in differences:
        telemetry.event("reconcile_difference", reconciler=name, **vars(difference))
        yield difference


def walk(
    find: Callable[[datetime, datetime, str, int], Sequence[Made]], scope: Scope, after: str | None, size: int
) -> tuple[list[str], str | None]:
    """The ids of what was made in the scope, from where `after` left off; and where to go on."""
    since, last_id = scope.since, ""
    if after is not None:
        moment, last_id = after.split(" ")
        since = datetime.fromisoformat(moment)
    made = find(since, scope.until, last_id, size)
    on = f"{made[-1].at.isoformat()} {made[-1].id}" if len(made) == size else None
    return [one.id for one in made], on


def moved(moves: Sequence[Transition]) -> str:
    """`payment pay_1: pending → succeeded; order ord_1: pending → paid`"""
    return "; ".join(f"{move.entity} {move.entity_id}: {move.before or 'new'} → {move.after}" for move in moves)


def _not_compared(about: str, why: str) -> Difference:
    return Difference(about=about, ours="", theirs="", done=Done.NOT_COMPARED, how=why)
