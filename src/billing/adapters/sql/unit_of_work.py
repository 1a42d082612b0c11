"""One transaction on SQLite or PostgreSQL."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Connection, insert, select

from billing.adapters.sql.archive import SqlAnswers, SqlApiKeys, SqlCatalogues, SqlHistory
from billing.adapters.sql.at_once import AtOnce
from billing.adapters.sql.breakers import SqlBreakers
from billing.adapters.sql.correspondence import SqlAlerts, SqlMails
from billing.adapters.sql.engine import SERVER_TIME
from billing.adapters.sql.holdings import SqlCustomers, SqlRegistrations, SqlSubscriptions
from billing.adapters.sql.inbox import SqlInbox
from billing.adapters.sql.invoices import SqlInvoices
from billing.adapters.sql.jobs import NewJobs, SqlJobs
from billing.adapters.sql.opening import Opener
from billing.adapters.sql.orders import SqlOrders
from billing.adapters.sql.records import installation, transitions
from billing.adapters.sql.renewals import SqlDailyRounds, SqlRenewals
from billing.adapters.sql.wallets import SqlWallets
from billing.adapters.sql.work import Work
from billing.application.ports import Clock
from billing.application.records import Transition
from billing.application.unit_of_work import LedgerUnavailable, UnitOfWork
from billing.domain.catalogue import Catalogue


@dataclass
class Kept:
    """What never changes in a ledger and is therefore read once a process."""

    installation: str | None = None
    catalogues: dict[int, Catalogue] = field(default_factory=dict)


class SqlUnitOfWork(UnitOfWork):
    """A transaction and the repositories on it."""

    def __init__(
        self,
        opener: Opener,
        at_once: AtOnce | None,
        by: str,
        new_jobs: NewJobs,
        kept: Kept,
        clock: Clock | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._open, self._at_once, self._by, self._new_jobs, self._kept = opener, at_once, by, new_jobs, kept
        self._clock, self._monotonic = clock, monotonic
        self._server_time: tuple[datetime, float] | None = None

    def __enter__(self) -> Self:
        work = self._work = Work(self._begin, self._at_once, self.now, self._clock)
        if self._at_once is None:
            work.begin()  # SQLite's lock and view are taken here; PostgreSQL's come with the first statement anyway
        self.bells, self.reports, self.raised = {}, [], []
        self.orders = SqlOrders(work)
        self.customers = SqlCustomers(work)
        self.subscriptions = SqlSubscriptions(work)
        self.invoices = SqlInvoices(work)
        self.registrations = SqlRegistrations(work)
        self.renewals = SqlRenewals(work)
        self.wallets = SqlWallets(work)
        self.jobs = SqlJobs(work, self._new_jobs, self.bells)
        self.inbox = SqlInbox(work, self.jobs)
        self.mails = SqlMails(work)
        self.alerts = SqlAlerts(work, self.raised)
        self.breakers = SqlBreakers(work)
        self.rounds = SqlDailyRounds(work)
        self.catalogues = SqlCatalogues(work, self._kept.catalogues)
        self.api_keys = SqlApiKeys(work)
        self.answers = SqlAnswers(work)
        self.history = SqlHistory(work)
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._work.has_begun:
            return
        if self._work.has_session:
            # Closed before the rollback, which would empty the entities that the caller keeps.
            self._work.session.close()
        # A connection that is lost has rolled back by itself.
        try:
            with suppress(LedgerUnavailable):
                self._work.connection.rollback()
            self._work.connection.close()
        finally:
            self._open.end_turn()

    def commit(self) -> None:
        """The moves are written last."""
        if not self._work.has_begun:
            return
        connection = self._work.connection
        if self._work.has_session:
            session = self._work.session
            session.flush()
            moves = session.moves.rows(self._by, self.now())
            if moves:
                connection.execute(insert(transitions), [asdict(move) for move in moves])
        connection.commit()

    def moves(self) -> Sequence[Transition]:
        """What was changed is flushed first, since that is when it is noticed."""
        if not self._work.has_session:
            return []
        session = self._work.session
        session.flush()
        return session.moves.rows(self._by, self.now())

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Where it fails, rows, entities, moves, bells, reports and alerts are what they were before."""
        session = self._work.session
        session.flush()
        moves, bells = session.moves.copy(), dict(self.bells)
        reported, raised = len(self.reports), len(self.raised)
        try:
            with session.begin_nested():
                session.connection()  # or the savepoint is set only when the session is first used in it
                yield
        except LedgerUnavailable:
            raise
        except BaseException:
            session.moves = moves
            self.bells.clear()
            self.bells.update(bells)
            del self.reports[reported:]
            del self.raised[raised:]
            session.reload()
            raise

    def installation(self) -> str:
        """Written by the first migration."""
        if self._kept.installation is None:
            self._kept.installation = self._work.connection.scalars(select(installation.c.id)).one()
        return self._kept.installation

    # ------------------------------------------------------------------ time

    def now(self) -> datetime:
        """The server's time of one question, counted on from there; or the clock's."""
        if self._clock is not None:
            return self._clock()
        connection = self._work.connection  # a writing transaction learns it as it begins, at the latest here
        if self._server_time is None:
            self._note_time(connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one())
        assert self._server_time is not None
        asked, at = self._server_time
        return asked + timedelta(seconds=self._monotonic() - at)

    def _begin(self) -> Connection:
        connection = self._open()
        self._note_time(connection.info.pop(SERVER_TIME, None))
        return connection

    def _note_time(self, asked: datetime | None) -> None:
        if asked is not None:
            self._server_time = asked, self._monotonic()
