"""The inbox of the in-memory ledger."""

from collections.abc import Sequence
from datetime import datetime

from billing.adapters.memory.session import Session
from billing.domain.event import EventStatus, InboxEvent


class MemoryInbox:
    """Notifications by our id and by the provider's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_if_new(self, event: InboxEvent) -> bool:
        if self.find(event.gateway, event.event_id) is not None:
            return False
        self._session.add(event.id, event)
        return True

    def lock(self, row_id: str) -> InboxEvent:
        return self._session.get(InboxEvent, row_id, lock=True)

    def get(self, row_id: str) -> InboxEvent:
        return self._session.get(InboxEvent, row_id)

    def find(self, gateway: str, event_id: str) -> InboxEvent | None:
        return self._session.claimant(InboxEvent, "event", f"{gateway} {event_id}")

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
