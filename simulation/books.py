"""The rows of a ledger as they are, past every use case: what the rules are computed from."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from billing.adapters.memory.store import Store
from billing.application.records import Transition
from billing.domain import Job, Order, OrderStatus
from billing.domain.job import OPEN

T = TypeVar("T")


class Books(Protocol):
    """Committed rows; to read only."""

    def rows(self, cls: type[T]) -> Sequence[T]:
        """All of a kind."""

    def moves(self) -> Iterable[Transition]:
        """The history, oldest first."""

    def next_due(self) -> tuple[datetime | None, datetime | None]:
        """When the sweep has to ring next, and when the next order expires."""


class MemoryBooks(Books):
    """The twin's own rows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def rows(self, cls: type[T]) -> Sequence[T]:
        return [row.value for (kind, _), row in self._store.rows.items() if kind is cls]

    def moves(self) -> Iterable[Transition]:
        return self._store.log

    def next_due(self) -> tuple[datetime | None, datetime | None]:
        ring_at = (job.ring_at for job in self.rows(Job) if job.status in OPEN)
        expiry = (order.expires_at for order in self.rows(Order) if order.status is OrderStatus.PENDING)
        return min(ring_at, default=None), min(expiry, default=None)
