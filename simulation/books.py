"""The rows of a ledger as they are, past every use case: what the rules are computed from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from billing.adapters.memory.store import Store
from billing.application.records import Transition
from billing.domain import Alert, Job, Mail, MailKind, Order

T = TypeVar("T")


class Books(Protocol):
    """Committed rows; to read only."""

    def rows(self, cls: type[T]) -> list[T]:
        """All of a kind."""

    def find(self, cls: type[T], key: str) -> T | None:
        """One by its id."""

    def moves(self) -> Iterable[Transition]:
        """The history, oldest first."""

    def to_ring(self) -> datetime | None:
        """When the sweep has to ring next."""

    def to_expire(self) -> datetime | None:
        """When the next order expires."""

    def untold(self) -> tuple[datetime, datetime | None] | None:
        """When the oldest alert that nobody was told of was raised, and when an operator was last written to."""


class MemoryBooks(Books):
    """The twin's own rows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def rows(self, cls: type[T]) -> list[T]:
        return [row.value for row in self._store.table(cls).values()]

    def find(self, cls: type[T], key: str) -> T | None:
        row = self._store.row(cls, key)
        return row.value if row else None

    def moves(self) -> Iterable[Transition]:
        return self._store.log

    def to_ring(self) -> datetime | None:
        return min((job.ring_at for job in self._waiting(Job)), default=None)

    def to_expire(self) -> datetime | None:
        return min((order.expires_at for order in self._waiting(Order)), default=None)

    def untold(self) -> tuple[datetime, datetime | None] | None:
        raised = [alert.raised_at for alert in self._waiting(Alert)]
        if not raised:
            return None
        written = (mail.created_at for mail in self.rows(Mail) if mail.kind is MailKind.OPERATOR_ALERTS)
        return min(raised), max(written, default=None)

    def _waiting(self, cls: type[T]) -> list[T]:
        return [row.value for row in self._store.waiting[cls].values()]
