"""The inbox of notifications."""

from typing import Any

from sqlalchemy import and_

from billing.adapters.sql.tables import inbox_events
from billing.adapters.sql.work import Work
from billing.domain.event import InboxEvent


class SqlInbox:
    """Stores with one statement, since that is what a webhook waits for."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add_if_new(self, event: InboxEvent) -> bool:
        row: dict[str, Any] = {name: getattr(event, name) for name in inbox_events.c.keys()}  # noqa: SIM118
        return self._work.insert_if_new(inbox_events, ("gateway", "event_id"), row)

    def lock(self, row_id: str) -> InboxEvent:
        return self._work.lock(InboxEvent, row_id)

    def get(self, row_id: str) -> InboxEvent:
        return self._work.get(InboxEvent, row_id)

    def find(self, gateway: str, event_id: str) -> InboxEvent | None:
        known = and_(inbox_events.c.gateway == gateway, inbox_events.c.event_id == event_id)
        return self._work.find(InboxEvent, known)
