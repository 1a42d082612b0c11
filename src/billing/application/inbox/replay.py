"""Notifications in a person's hands: read once more, tried out first, or settled without being read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from billing.application.inbox.intake import ProcessEvent
from billing.application.ledger import Ledger
from billing.application.outcomes import AccountRefused, Deadline, NeedsPerson, Refused
from billing.application.ports import PaymentGateway, Reading
from billing.application.records import Transition, process_job
from billing.application.unit_of_work import UnitOfWork
from billing.domain.errors import BillingError, Conflict, Invalid, NotFound
from billing.domain.event import EventStatus, InboxEvent
from billing.domain.job import Job, JobStatus


@dataclass(frozen=True)
class FindEvent:
    """A notification by our id or by the one that its provider gave it."""

    gateways: Mapping[str, PaymentGateway]

    def __call__(self, uow: UnitOfWork, ref: str) -> InboxEvent:
        """To read; NotFound, and Invalid where two providers use the same id."""
        try:
            return uow.inbox.get(ref)
        except NotFound:
            named = [event for gateway in self.gateways if (event := uow.inbox.find(gateway, ref)) is not None]
        if not named:
            raise NotFound("event", ref)
        if len(named) > 1:
            told = ", ".join(f"{event.id} of {event.gateway}" for event in named)
            raise Invalid("event", f"several providers sent {ref}: name one by our id, {told}")
        return named[0]


@dataclass(frozen=True)
class ReplayEvent:
    """Have a stored notification read once more by its own job: without its provider, on today's credentials."""

    ledger: Ledger
    find: FindEvent

    def __call__(self, ref: str, by: str) -> tuple[InboxEvent, bool]:
        """The notification, and whether it will be read: not where its facts are in the ledger already.

        Conflict while its job runs, and where its body was pruned.
        """

        def replay(uow: UnitOfWork) -> tuple[InboxEvent, bool]:
            event, job = _lock_event(uow, self.find(uow, ref).id)
            if not event.reopen(f"replayed by {by}"):
                return event, False
            _require_body(event)
            if job is None:
                uow.jobs.request(process_job(event.id))
            else:
                job.replay(uow.now())
                uow.jobs.ring(job)
            return event, True

        return self.ledger.write(by, replay)


@dataclass(frozen=True)
class DismissEvent:
    """A person says that nothing is to be done about a notification that could not be processed."""

    ledger: Ledger
    find: FindEvent

    def __call__(self, ref: str, why: str, by: str) -> InboxEvent:
        """`ignored`, and replayable while its body is kept; a settled one stays what it is.

        Conflict while its job runs.
        """

        def dismiss(uow: UnitOfWork) -> InboxEvent:
            event, job = _lock_event(uow, self.find(uow, ref).id)
            if not event.is_settled:
                event.ignore(f"dismissed by {by}: {why}", uow.now())
                if job is not None and job.status in (JobStatus.QUEUED, JobStatus.DEAD):
                    job.cancel(f"dismissed by {by}", uow.now())
            return event

        return self.ledger.write(by, dismiss)


@dataclass(frozen=True)
class Preview:
    """What a replay would make of a notification, as things stand."""

    event: InboxEvent
    becomes: EventStatus
    why: str | None
    moves: Sequence[Transition] = ()
    jobs: Sequence[Job] = ()


@dataclass(frozen=True)
class PreviewEvent:
    """Read a notification as its job would, and keep nothing of it: nothing is written, rung for or reported."""

    ledger: Ledger
    find: FindEvent
    process: ProcessEvent
    call_deadline_seconds: float
    monotonic: Callable[[], float]

    def __call__(self, ref: str, by: str) -> Preview:
        """Conflict as in a replay; RetryLater, OutcomeUnknown, AccountRefused where its provider can't be asked now."""
        event = self.ledger.read(lambda uow: self._require(uow, ref))
        if event.status is EventStatus.PROCESSED:
            return Preview(event, event.status, event.why)
        if event.gateway not in self.process.gateways:
            raise NotFound("gateway", event.gateway)
        try:
            reading = self.process.interpret(event, Deadline.after(self.call_deadline_seconds, self.monotonic))
        except AccountRefused:
            raise
        except (Refused, NeedsPerson) as refusal:
            return Preview(event, EventStatus.FAILED, refusal.why)
        except BillingError:
            raise
        except Exception as bug:  # noqa: BLE001 - a defect of ours is what a person may be looking for
            return Preview(event, EventStatus.FAILED, f"bug: {bug!r}")
        try:
            return self.ledger.rehearse(by, partial(self._try_out, event, reading))
        except NeedsPerson as unclear:
            return Preview(event, EventStatus.FAILED, unclear.why)

    def _require(self, uow: UnitOfWork, ref: str) -> InboxEvent:
        event = self.find(uow, ref)
        if event.status is not EventStatus.PROCESSED:
            _require_body(event)
            for job in uow.jobs.of_subjects([event.id]):
                _require_idle(job)
        return event

    def _try_out(self, event: InboxEvent, reading: Reading, uow: UnitOfWork) -> Preview:
        tried = uow.inbox.lock(event.id)
        tried.reopen("")
        self.process.take(uow, event.id, reading)
        return Preview(event, tried.status, tried.why, uow.moves(), uow.jobs.written())


def _lock_event(uow: UnitOfWork, event_row_id: str) -> tuple[InboxEvent, Job | None]:
    """A notification and its job, to change; Conflict while the job runs."""
    job = uow.jobs.lock_for(process_job(event_row_id))
    _require_idle(job)
    return uow.inbox.lock(event_row_id), job


def _require_idle(job: Job | None) -> None:
    """Conflict while the job runs: what it is about to write is not ours to change."""
    if job is not None and job.status is JobStatus.RUNNING:
        raise Conflict(f"job {job.id}", "it is running right now: ask again in a minute")


def _require_body(event: InboxEvent) -> None:
    """Conflict where it was pruned."""
    if event.body is None:
        raise Conflict(f"event {event.id}", "its body was pruned, so there is nothing left to read")
