"""Intake: a notification is verified, stored and answered; a worker understands it later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from billing.application.alerts import raise_alert
from billing.application.jobs import Handler, Record, Run
from billing.application.ledger import Ledger
from billing.application.payments import RecordFact
from billing.application.ports import Envelope, Forged, Ids, NotYet, PaymentGateway, Reading, Telemetry
from billing.application.unit_of_work import UnitOfWork
from billing.domain.alert import AlertKind
from billing.domain.errors import NotFound
from billing.domain.event import EventStatus, InboxEvent
from billing.domain.job import Job, JobKind, JobRequest


@dataclass(frozen=True)
class ReceiveWebhook:
    """The whole of a webhook request: one verification and one short transaction."""

    gateways: Mapping[str, PaymentGateway]
    ledger: Ledger
    telemetry: Telemetry
    ids: Ids

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
                new = self.ledger.write(f"webhook {gateway}", lambda uow: self._store(uow, gateway, envelope, body))
                outcome = "stored" if new else "known"
            self.telemetry.event("webhook_received", gateway=gateway, type=envelope.type, outcome=outcome)

    def _store(self, uow: UnitOfWork, gateway: str, envelope: Envelope, body: bytes) -> bool:
        event = InboxEvent(
            id=self.ids("evt"),
            gateway=gateway,
            event_id=envelope.event_id,
            type=envelope.type,
            api_version=envelope.api_version,
            verdict=envelope.verdict,
            body=body,
            received_at=uow.now(),
        )
        if uow.inbox.add_if_new(event):
            return uow.jobs.request(JobRequest(JobKind.PROCESS_EVENT, event.id))
        known = uow.inbox.find(gateway, envelope.event_id)
        if known is not None and not known.is_settled:
            uow.jobs.ring_for(JobRequest(JobKind.PROCESS_EVENT, known.id))
        return False


@dataclass(frozen=True)
class ProcessEvent(Handler):
    """Understand a stored notification and take its facts into the ledger."""

    alerts_itself: ClassVar[bool] = True
    gateways: Mapping[str, PaymentGateway]
    record: RecordFact
    unmatched_retry: timedelta

    def __call__(self, run: Run) -> Record:
        """Facts, order, jobs and the event itself are written in one unit."""
        event = run.ledger.read(lambda uow: uow.inbox.get(run.subject))
        if event.is_settled or event.body is None:
            return lambda uow: None
        reading = self.gateways[event.gateway].interpret(event.body, run.claim_deadline)
        return lambda uow: self._take(uow, event, reading)

    def _take(self, uow: UnitOfWork, stored: InboxEvent, reading: Reading) -> NotYet | None:
        event = uow.inbox.lock(stored.id)
        is_ours = self._is_ours(uow, event.gateway, reading)
        taken = [self.record(uow, event.gateway, fact) for fact in reading.facts] if is_ours else []
        if not is_ours:
            event.ignore("about nothing of ours", uow.now())
        elif not reading.facts:
            event.ignore(reading.why, uow.now())
        elif all(taken):
            event.process(_summary(reading), uow.now())
        else:
            event.leave_unmatched("it names a payment that is not in the ledger")
            return NotYet("the event names a payment that is not in the ledger", self.unmatched_retry)
        return None

    def _is_ours(self, uow: UnitOfWork, gateway: str, reading: Reading) -> bool:
        if reading.installation == uow.installation():
            return True
        return uow.orders.of_refs(gateway, reading.refs) is not None

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The provider will not tell what it meant."""
        event = uow.inbox.lock(job.subject)
        event.fail(why)
        _alert(uow, AlertKind.EVENT_FAILED, event, job, why)

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """Shown among the failed ones; an unmatched one stays unmatched."""
        event = uow.inbox.lock(job.subject)
        if event.status is EventStatus.UNMATCHED:
            _alert(uow, AlertKind.EVENT_UNMATCHED, event, job, why)
        else:
            event.fail(why)
            _alert(uow, AlertKind.EVENT_FAILED, event, job, why)


def _alert(uow: UnitOfWork, kind: AlertKind, event: InboxEvent, job: Job, why: str) -> None:
    about = f"{event.gateway} {event.event_id}, job {job.id}: {why}"
    raise_alert(uow, kind, event.id, about, once=str(job.claim_no))


def _summary(reading: Reading) -> str:
    return "; ".join(filter(None, [", ".join(type(fact).__name__ for fact in reading.facts), reading.why]))
