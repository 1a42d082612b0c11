"""The ledger's port: one unit of work, and how it may fail."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Self

from billing.application.correspondence import Alerts, Mails
from billing.application.records import Transition
from billing.application.repositories import (
    ApiKeys,
    Breakers,
    Catalogues,
    Customers,
    DailyRounds,
    History,
    Inbox,
    Invoices,
    Jobs,
    Orders,
    Registrations,
    RememberedAnswers,
    Renewals,
    Subscriptions,
    Wallets,
)
from billing.domain.alert import Alert
from billing.domain.errors import BillingError


@dataclass(eq=False)
class ConcurrentChange(BillingError):
    """another unit changed it first: {why}"""

    why: str


@dataclass(eq=False)
class LedgerUnavailable(BillingError):
    """the ledger can't be reached: {why}"""

    why: str


@dataclass(eq=False)
class NoPriceList(BillingError):
    """no price list is in force"""


class UnitOfWork(ABC):
    """One transaction: rolled back unless committed; writes a Transition for every move of what is `TRACKED`.

    A move is another status, or another `why` of what requires attention. Jobs and notifications are not tracked:
    their row has their whole state.

    Locks are taken in one order, so that nobody waits in a circle: the job that is run or changed; its kind; the
    notification or mail that it is about; jobs that are answered by what is recorded, by their keys; the order; the
    wallet; registrations by name, or the subscription, which is the lock of its invoices. New orders, mails, alerts and
    jobs are written last. A breaker has a unit of its own, and so has a daily round.
    """

    orders: Orders
    customers: Customers
    subscriptions: Subscriptions
    invoices: Invoices
    registrations: Registrations
    renewals: Renewals
    wallets: Wallets
    inbox: Inbox
    jobs: Jobs
    mails: Mails
    alerts: Alerts
    breakers: Breakers
    rounds: DailyRounds
    catalogues: Catalogues
    api_keys: ApiKeys
    answers: RememberedAnswers
    history: History
    bells: dict[str, int]
    raised: list[Alert]
    reports: list[Callable[[], object]]

    def report(self, tell: Callable[..., object], name: str, **fields: object) -> None:
        """Tell it once this unit is committed: a unit that is repeated or given up has told nothing."""
        self.reports.append(partial(tell, name, **fields))

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(self, *exc: object) -> None: ...

    @abstractmethod
    def commit(self) -> None:
        """ConcurrentChange where another unit was faster."""

    @abstractmethod
    def now(self) -> datetime:
        """The ledger's own clock, for leases and due times."""

    @abstractmethod
    def moves(self) -> Sequence[Transition]:
        """What this unit has moved so far: what the history will have of it once it is committed."""

    @abstractmethod
    def savepoint(self) -> AbstractContextManager[None]:
        """What is done inside is undone where it raises; NameHeld and RenewalOpen come out at its end at the latest."""

    @abstractmethod
    def installation(self) -> str:
        """The random id that this ledger got when it was made."""
