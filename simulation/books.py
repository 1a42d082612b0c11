"""The rows of a ledger as they are, past every use case: what the rules are computed from."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from billing.adapters.memory.store import Store
from billing.application.records import Transition
from billing.domain import Alert, Job, Mail, MailKind, Order, Payment

T = TypeVar("T")


class Dues(NamedTuple):
    """When the sweep has to ring and an order expires, the oldest alert was raised and an operator last written to.

    None where there is nothing of the kind.
    """

    ring_at: datetime | None
    expire_at: datetime | None
    raised_at: datetime | None
    written_at: datetime | None


class Books(Protocol):
    """Committed rows; to read only."""

    def rows(self, cls: type[T]) -> list[T]:
        """All of a kind."""

    def find(self, cls: type[T], key: str) -> T | None:
        """One by its id."""

    def payments(self) -> Iterator[Payment]:
        """Those of every order."""
        return (payment for order in self.rows(Order) for payment in order.payments)

    def moves(self) -> Iterable[Transition]:
        """The history, oldest first."""

    def dues(self) -> Dues:
        """When housekeeping has something to do next."""


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

    def dues(self) -> Dues:
        raised = min((alert.raised_at for alert in self._waiting(Alert)), default=None)
        written = (mail.created_at for mail in self.rows(Mail) if mail.kind is MailKind.OPERATOR_ALERTS)
        return Dues(
            ring_at=min((job.ring_at for job in self._waiting(Job)), default=None),
            expire_at=min((order.expires_at for order in self._waiting(Order)), default=None),
            raised_at=raised,
            written_at=max(written, default=None) if raised else None,
        )

    def _waiting(self, cls: type[T]) -> list[T]:
        return [row.value for row in self._store.waiting[cls].values()]
