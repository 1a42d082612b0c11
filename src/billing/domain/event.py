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


SETTLED = frozenset({EventStatus.PROCESSED, EventStatus.IGNORED})
"""Nothing more will be done with it by itself."""


@dataclass(eq=False, kw_only=True)
class InboxEvent:
    """One notification, unique by (gateway, event_id) for ever; `body` is the raw bytes, pruned after a while.

    `attempts` counts the tries that came to nothing, and `why` says what came of the last one.
    """

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
        return self.status in SETTLED

    def process(self, why: str, at: datetime) -> None:
        """Its facts are in the ledger: final."""
        self._settle(EventStatus.PROCESSED, why, at)

    def ignore(self, why: str, at: datetime) -> None:
        """Nothing in it concerns us: final."""
        self._settle(EventStatus.IGNORED, why, at)

    def leave_unmatched(self, why: str) -> None:
        """Ours, and about something that is not here, or not yet."""
        if not self.is_settled:
            self.status, self.why = EventStatus.UNMATCHED, why

    def put_off(self, why: str) -> None:
        """A try came to nothing, and there will be another; it stays what it is."""
        if not self.is_settled:
            self.why = why
            self.attempts += 1

    def fail(self, why: str) -> None:
        """It could not be understood: a person looks."""
        self.put_off(why)
        if not self.is_settled:
            self.status = EventStatus.FAILED

    def reopen(self, why: str) -> bool:
        """Read it once more; False, and nothing, where its facts are in the ledger: that is final."""
        if self.status is EventStatus.PROCESSED:
            return False
        self.status, self.why, self.processed_at = EventStatus.RECEIVED, why, None
        return True

    def _settle(self, status: EventStatus, why: str, at: datetime) -> None:
        if not self.is_settled:
            self.status, self.why, self.processed_at = status, why, at
