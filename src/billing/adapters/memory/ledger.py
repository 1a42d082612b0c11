"""The in-memory twin of the ledger: optimistic where the real one locks, and as strict about what is unique."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Self, cast

from billing.adapters.memory.archive import MemoryAnswers, MemoryApiKeys, MemoryCatalogues, MemoryHistory
from billing.adapters.memory.breakers import MemoryBreakers
from billing.adapters.memory.copies import clone, restore
from billing.adapters.memory.correspondence import MemoryAlerts, MemoryMails
from billing.adapters.memory.holdings import (
    MemoryCustomers,
    MemoryInvoices,
    MemoryRegistrations,
    MemorySubscriptions,
    MemoryWallets,
)
from billing.adapters.memory.inbox import MemoryInbox
from billing.adapters.memory.jobs import JobMaking, MemoryJobs
from billing.adapters.memory.orders import MemoryOrders
from billing.adapters.memory.renewals import MemoryDailyRounds, MemoryRenewals
from billing.adapters.memory.session import Loaded, Session
from billing.adapters.memory.store import Store
from billing.application.ports import Clock, Ids
from billing.application.records import TRACKED, Standing, Tracked, Transition
from billing.application.unit_of_work import UnitOfWork
from billing.domain.order import Order


class MemoryLedger:
    """Opens units of work on one store; `now` is its technical clock."""

    def __init__(
        self,
        *,
        ids: Ids,
        now: Clock,
        ring_again: timedelta = timedelta(seconds=10),
        context: Callable[[], Mapping[str, str]] = dict,
        installation: str = "ins_memory",
    ) -> None:
        self.store = Store(installation)
        self.now, self.making = now, JobMaking(ids, now, ring_again, context)

    def __call__(self, by: str, *, reading: bool = False) -> "MemoryUnitOfWork":
        """A unit; one that reads has nothing to commit."""
        return MemoryUnitOfWork(self, by)


_REPOSITORIES: Mapping[str, Callable[["MemoryUnitOfWork", Session], object]] = {
    "orders": lambda _, session: MemoryOrders(session),
    "customers": lambda _, session: MemoryCustomers(session),
    "subscriptions": lambda _, session: MemorySubscriptions(session),
    "invoices": lambda _, session: MemoryInvoices(session),
    "registrations": lambda _, session: MemoryRegistrations(session),
    "renewals": lambda _, session: MemoryRenewals(session),
    "wallets": lambda _, session: MemoryWallets(session),
    "jobs": lambda uow, session: MemoryJobs(session, uow.making, uow.bells),
    "inbox": lambda uow, session: MemoryInbox(session, cast(MemoryJobs, uow.jobs), uow.now),
    "mails": lambda _, session: MemoryMails(session),
    "alerts": lambda uow, session: MemoryAlerts(session, uow.raised),
    "breakers": lambda _, session: MemoryBreakers(session),
    "rounds": lambda _, session: MemoryDailyRounds(session),
    "catalogues": lambda _, session: MemoryCatalogues(session),
    "api_keys": lambda _, session: MemoryApiKeys(session),
    "answers": lambda _, session: MemoryAnswers(session),
    "history": lambda _, session: MemoryHistory(session.store),
}


class MemoryUnitOfWork(UnitOfWork):
    """Working copies, checked and written at the commit in one stroke."""

    def __init__(self, ledger: MemoryLedger, by: str) -> None:
        self._ledger, self._by = ledger, by
        self.making: JobMaking = ledger.making

    def __enter__(self) -> Self:
        self._session = Session(self._ledger.store)
        self.bells, self.reports, self.raised = {}, [], []
        return self

    def __getattr__(self, name: str) -> Any:
        """A repository, made when it is first asked for: few units want more than three."""
        make = _REPOSITORIES.get(name)
        if make is None:
            raise AttributeError(name)
        made = make(self, self._session)
        setattr(self, name, made)
        return made

    def __exit__(self, *exc: object) -> None:
        self._session.loaded.clear()

    def commit(self) -> None:
        """All or nothing."""
        store = self._ledger.store
        with store.mutex:
            moves = list(self._transitions())
            self._session.commit()
            store.log.extend(moves)

    def moves(self) -> Sequence[Transition]:
        """Read off the working copies."""
        return list(self._transitions())

    def now(self) -> datetime:
        """The technical clock handed in."""
        return self._ledger.now()

    def installation(self) -> str:
        """The store's id."""
        return self._ledger.store.installation

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Puts every working copy back where the block fails, or breaks what must be unique."""
        before = {key: clone(here.value) for key, here in self._session.loaded.items()}
        bells, reported, raised = dict(self.bells), len(self.reports), len(self.raised)
        try:
            yield
            self._session.require_unique()
        except BaseException:
            for key, here in list(self._session.loaded.items()):
                if key in before:
                    restore(here.value, before[key])
                else:
                    del self._session.loaded[key]
            self.bells.clear()
            self.bells.update(bells)
            del self.reports[reported:]
            del self.raised[raised:]
            raise

    def _transitions(self) -> Iterator[Transition]:
        for (kind, _), here in self._session.loaded.items():
            if kind in TRACKED:
                yield from self._moves_of(here)

    def _moves_of(self, here: Loaded) -> Iterator[Transition]:
        before = {part.id: Standing(part.status, part.why) for part in _tracked(here.base)}
        for part in _tracked(here.value):
            was = before.get(part.id, Standing())
            if Standing(part.status, part.why).is_news_after(was):
                yield Transition(
                    entity=TRACKED[type(part)],
                    entity_id=part.id,
                    before=was.status,
                    after=part.status,
                    why=part.why,
                    by=self._by,
                    at=self.now(),
                )


def _tracked(entity: Any) -> Iterator[Tracked]:
    parts: list[Any] = [entity]
    if isinstance(entity, Order):
        parts += [*entity.items, *entity.payments]
        parts += [part for payment in entity.payments for part in (*payment.refunds, *payment.disputes)]
    return (part for part in parts if type(part) in TRACKED)
