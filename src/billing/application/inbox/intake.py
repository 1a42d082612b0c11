"""Intake: a notification is verified, stored and answered; a worker understands it later."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from billing.application.inbox.letterbox import Letterbox
from billing.application.money.taking import TakeFact
from billing.application.outcomes import Deadline, NotYet, Refused
from billing.application.ports import Envelope, Forged, Ids, Reading, SignedGateway, Telemetry
from billing.application.records import Arrival
from billing.application.telling.alerts import raise_alert
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.alert import AlertKind
from billing.domain.errors import NotFound
from billing.domain.event import EventStatus, InboxEvent
from billing.domain.job import Job


@dataclass(frozen=True)
class ReceiveWebhook:
    """The whole of a webhook request: one verification and one short transaction."""

    gateways: Mapping[str, SignedGateway]
    letterbox: Letterbox
    telemetry: Telemetry
    ids: Ids
    context: Callable[[], Mapping[str, str]]

    def __call__(self, gateway: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Returns once it is durable (or known, or of no interest); Forged where it is not the provider's."""
        if gateway not in self.gateways:
            raise NotFound("gateway", gateway)
        try:
            envelope = self.gateways[gateway].verify(body, headers)
        except Forged as forged:
            self.telemetry.event("webhook_forged", gateway=gateway, why=forged.why)
            raise
        with self.telemetry.bound({"event_id": envelope.event_id}):
            outcome = "unread"
            if envelope.readable:
                outcome = "stored" if self.letterbox.drop(self._arrival(gateway, envelope, body)) else "known"
            self.telemetry.event("webhook_received", gateway=gateway, type=envelope.type, outcome=outcome)

    def _arrival(self, gateway: str, envelope: Envelope, body: bytes) -> Arrival:
        return Arrival(
            id=self.ids("evt"),
            gateway=gateway,
            event_id=envelope.event_id,
            type=envelope.type,
            api_version=envelope.api_version,
            verdict=envelope.verdict,
            body=body,
            context=self.context(),
        )


@dataclass(frozen=True)
class ProcessEvent(Handler):
    """Understand a stored notification and take its facts into the ledger."""

    alerts_itself: ClassVar[bool] = True
    gateways: Mapping[str, SignedGateway]
    take_fact: TakeFact
    unmatched_retry: timedelta

    def __call__(self, run: Run) -> Record:
        """Facts, order, jobs and the event itself are written in one unit."""
        event = run.ledger.read(lambda uow: uow.inbox.get(run.subject))
        if event.is_settled:
            return lambda uow: None
        reading = self.interpret(event, run.claim_deadline)
        return lambda uow: self.take(uow, event.id, reading)

    def interpret(self, event: InboxEvent, deadline: Deadline) -> Reading:
        """What it says, by its provider's words alone; outside any transaction, since that may fetch."""
        if event.body is None:
            raise Refused("its body was pruned")
        return self.gateways[event.gateway].interpret(event.body, deadline)

    def take(self, uow: UnitOfWork, event_row_id: str, reading: Reading) -> NotYet | None:
        """Take what it says into the ledger, and write down on it what became of it."""
        event = uow.inbox.lock(event_row_id)
        is_ours = self._is_ours(uow, event.gateway, reading)
        if is_ours and len(reading.facts) > 1:
            self.take_fact.hold_jobs(uow, event.gateway, reading.facts)
        taken = [self.take_fact(uow, event.gateway, fact) for fact in reading.facts] if is_ours else []
        if not is_ours:
            event.ignore("about nothing of ours", uow.now())
        elif not reading.facts:
            event.ignore(reading.why, uow.now())
        elif all(taken):
            event.process(_summary(reading), uow.now())
        else:
            event.leave_unmatched("it names what is not in the ledger")
            return NotYet("the event names what is not in the ledger", self.unmatched_retry)
        return None

    def _is_ours(self, uow: UnitOfWork, gateway: str, reading: Reading) -> bool:
        if reading.installation == uow.installation():
            return True
        owners = (uow.orders, uow.wallets, uow.subscriptions)
        return any(owner.of_refs(gateway, reading.refs) is not None for owner in owners)

    def put_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """Counted on the event, which is what a person looks at."""
        uow.inbox.lock(job.subject).put_off(why)

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The provider will not tell what it meant."""
        event = uow.inbox.lock(job.subject)
        event.fail(why)
        _alert(uow, AlertKind.EVENT_FAILED, event, job, why)

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """Shown among the failed ones; an unmatched one stays unmatched."""
        event = uow.inbox.lock(job.subject)
        if event.status is EventStatus.UNMATCHED:
            event.put_off(why)
            _alert(uow, AlertKind.EVENT_UNMATCHED, event, job, why)
        else:
            event.fail(why)
            _alert(uow, AlertKind.EVENT_FAILED, event, job, why)

    def revived(self, uow: UnitOfWork, job: Job) -> None:
        """The same as a replay."""
        uow.inbox.lock(job.subject).reopen("to be read once more")

    def called_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """Nobody will read it by itself any more, and whoever called it off knows."""
        uow.inbox.lock(job.subject).fail(why)


def _alert(uow: UnitOfWork, kind: AlertKind, event: InboxEvent, job: Job, why: str) -> None:
    about = f"{event.gateway} {event.event_id}, job {job.id}: {why}"
    raise_alert(uow, kind, event.id, about, once=str(job.claim_no))


def _summary(reading: Reading) -> str:
    return "; ".join(filter(None, [", ".join(type(fact).__name__ for fact in reading.facts), reading.why]))
