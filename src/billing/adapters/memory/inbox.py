"""The inbox of the in-memory ledger."""

from collections.abc import Collection, Sequence
from datetime import datetime

from billing.adapters.memory.jobs import MemoryJobs
from billing.adapters.memory.session import Session
from billing.application.ports import Clock
from billing.application.records import Arrival, process_job
from billing.domain.event import EventStatus, InboxEvent


class MemoryInbox:
    """Notifications by our id and by the provider's."""

    def __init__(self, session: Session, jobs: MemoryJobs, now: Clock) -> None:
        self._session, self._jobs, self._now = session, jobs, now

    def add_if_new(self, event: InboxEvent) -> bool:
        if self.find(event.gateway, event.event_id) is not None:
            return False
        self._session.add(event.id, event)
        return True

    def take_in(self, arrivals: Sequence[Arrival]) -> Collection[str]:
        new = set()
        for arrival in arrivals:
            if self.add_if_new(arrival.event(self._now())):
                self._jobs.request(arrival.job)
                new.add(arrival.id)
                continue
            known = self.find(arrival.gateway, arrival.event_id)
            if known is not None and not known.is_settled:
                self._jobs.ring_for(process_job(known.id))
        return new

    def lock(self, row_id: str) -> InboxEvent:
        return self._session.get(InboxEvent, row_id, lock=True)

    def get(self, row_id: str) -> InboxEvent:
        return self._session.get(InboxEvent, row_id)

    def find(self, gateway: str, event_id: str) -> InboxEvent | None:
        return self._session.claimant(InboxEvent, "event", f"{gateway} {event_id}")

    def known(self, gateway: str, event_ids: Collection[str]) -> Collection[str]:
        return {event_id for event_id in event_ids if self.find(gateway, event_id) is not None}

    def page(
        self, status: EventStatus | None, gateway: str | None, type: str | None, before: str | None, limit: int
    ) -> Sequence[InboxEvent]:
        def fits(event: InboxEvent) -> bool:
            return (
                status in (None, event.status)
                and gateway in (None, event.gateway)
                and type in (None, event.type)
                and (before is None or event.id < before)
            )

        return list(self._session.all(InboxEvent, fits))[::-1][:limit]

    def prune_bodies(self, older_than: datetime, limit: int) -> int:
        def is_old(event: InboxEvent) -> bool:
            return event.is_settled and event.body is not None and event.received_at < older_than

        old = list(self._session.all(InboxEvent, is_old))
        old.sort(key=lambda event: event.received_at)
        for event in old[:limit]:
            self.lock(event.id).body = None
        return len(old[:limit])
