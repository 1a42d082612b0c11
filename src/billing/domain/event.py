"""A provider's notification in the inbox: stored before it is understood."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventStatus(StrEnum):
    """What became of a notification."""

    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    UNMATCHED = "unmatched"
    FAILED = "failed"


@dataclass(eq=False, kw_only=True)
class InboxEvent:
    """One notification, unique by (gateway, event_id) for ever; `body` is the raw bytes, pruned after a while."""

    id: str
    gateway: str
    event_id: str
    type: str
    api_version: str | None
    verdict: str
    body: bytes | None
    received_at: datetime
    status: EventStatus = EventStatus.RECEIVED
    why: str | None = None
    attempts: int = 0
    processed_at: datetime | None = None
    version: int = 1

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will be done with it by itself."""
        return self.status in (EventStatus.PROCESSED, EventStatus.IGNORED)

    def settle(self, status: EventStatus, why: str, at: datetime) -> None:
        """Processed or ignored: final, a repeat of either changes nothing."""
        if not self.is_settled:
            self.status, self.why, self.processed_at = status, why, at

    def trouble(self, status: EventStatus, why: str) -> None:
        """Unmatched or failed: not given up until a person says so."""
        if not self.is_settled:
            self.status, self.why = status, why
            self.attempts += 1
