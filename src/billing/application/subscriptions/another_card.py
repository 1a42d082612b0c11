"""Another card put in by a customer who owes: once it is saved, it becomes the default, and what is owed is tried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from billing.application.deliveries.delivery import leave_be
from billing.application.ledger import Ledger
from billing.application.money.taking import TakeFact
from billing.application.outcomes import NotYet
from billing.application.ports import Started
from billing.application.subscriptions.billing_jobs import pay_of, split
from billing.application.subscriptions.owed import owed_of, try_owed
from billing.application.unit_of_work import UnitOfWork
from billing.application.wallets.accounts import MethodKeepers, StartSetup
from billing.application.wallets.saved_methods import differences
from billing.application.work.jobs import Handler, Record, Run, hold
from billing.domain.errors import Conflict
from billing.domain.facts import MethodStands
from billing.domain.job import OPEN, JobKind, JobRequest, JobStatus
from billing.domain.subscription import Subscription
from billing.domain.wallet import PaymentMethod, Wallet

_PAGE_OPEN = timedelta(hours=24)
"""How long a provider's page can be used at most."""

_FRACTION = 10
"""Which part of the time that has gone by is waited until the next look."""

_NEWEST = 3
"""How many methods may have been saved at once by somebody who comes back from the page."""

_LOOK_AGAIN = timedelta(seconds=5)
"""How often it looks at most, whoever asks."""


def paying_with_next(subscription_id: str, known: int) -> JobRequest:
    """The one job that pays with whatever is saved after so many methods were known."""
    return JobRequest(JobKind.PAY_WITH_NEXT_METHOD, f"{subscription_id}:{known}")


def is_under_way(uow: UnitOfWork, subscription: Subscription) -> bool:
    """Whether a card that was put in just now has yet to be found, or charged."""
    subjects = [wanted.subject for wanted in (*_may_wait(uow, subscription), *_may_pay(uow, subscription))]
    return any(job.status in OPEN for job in uow.jobs.of_subjects(subjects))


@dataclass(frozen=True)
class PutInCard:
    """Send a customer to the provider's page for another card, and have a job wait for what is saved there."""

    ledger: Ledger
    start_setup: StartSetup

    def __call__(self, subscription_id: str, options: Mapping[str, str], by: str) -> Started:
        """The page; `options` as `StartSetup` has them. Conflict where no provider bills it. As the provider ends."""
        subscription = self.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))
        if subscription.gateway is None:
            raise Conflict(f"subscription {subscription.id}", "no provider bills it")
        started = self.start_setup(subscription.customer_id, subscription.gateway, options, by)

        def wait(uow: UnitOfWork) -> None:
            wanted = paying_with_next(subscription_id, _known(_wallet(uow, subscription)))
            job = None if uow.jobs.request(wanted) else uow.jobs.lock_for(wanted)
            if job is not None:  # of a page that nobody used
                job.wake(uow.now(), timedelta())
                uow.jobs.ring(job)

        self.ledger.write(by, wait)
        return started

    def look_again(self, subscription_id: str, by: str) -> None:
        """Whoever asks has come back from the page: the job that waits for them looks at once."""

        def wake(uow: UnitOfWork) -> None:
            for wanted in _may_wait(uow, uow.subscriptions.get(subscription_id)):
                job = uow.jobs.lock_for(wanted)
                if job is not None and job.status is JobStatus.QUEUED:
                    job.wake(uow.now(), _LOOK_AGAIN)
                    uow.jobs.ring(job)

        self.ledger.write(by, wake)


@dataclass(frozen=True)
class PayWithNext(Handler):
    """Wait for a new method of the customer's and make it the default; a job of its own then pays what is owed with it.

    Whoever comes back from the page wants to see it soon, and most who do not come soon never do: so the pause
    between two looks is a part of the time that has gone by.
    """

    keepers: MethodKeepers
    take_fact: TakeFact
    pause_min: timedelta

    def __call__(self, run: Run) -> Record:
        """Nothing where nothing is owed any more; the provider itself is asked for what word of was lost."""
        subscription_id, known = split(run.subject)
        wallet = run.ledger.read(lambda uow: _owing(uow, subscription_id))
        if wallet is None:
            return leave_be
        method = _newest(wallet, int(known))
        if method is None:
            found = differences(wallet, self.keepers.of(wallet.gateway).attached(wallet, run.deadline()))
            return lambda uow: self._wait(uow, run, wallet, int(known), found)
        self.keepers.of(wallet.gateway).set_default(wallet, method.ref, run.deadline())

        def record(uow: UnitOfWork) -> None:
            mine = uow.wallets.lock(wallet.id)
            if method.id in {usable.id for usable in mine.usable}:
                mine.make_default(method.ref)
                try_owed(uow, subscription_id, method.id)

        return record

    def _wait(
        self, uow: UnitOfWork, run: Run, wallet: Wallet, known: int, found: Sequence[MethodStands]
    ) -> NotYet | None:
        job = hold(uow, run)
        for fact in found:
            self.take_fact(uow, wallet.gateway, fact)
        since = job.waiting_since or uow.now()
        waited = uow.now() - since
        if _newest(uow.wallets.get(wallet.id), known) is not None:
            return NotYet("a card was put in", timedelta())
        return None if waited > _PAGE_OPEN else NotYet("nobody has put in a card", self._pause(waited))

    def _pause(self, waited: timedelta) -> timedelta:
        return max(self.pause_min, waited / _FRACTION)


def _owing(uow: UnitOfWork, subscription_id: str) -> Wallet | None:
    """The wallet that is charged, where anything is owed."""
    return _wallet(uow, uow.subscriptions.get(subscription_id)) if owed_of(uow, subscription_id) else None


def _wallet(uow: UnitOfWork, subscription: Subscription) -> Wallet | None:
    gateway = subscription.gateway
    return uow.wallets.of_customer(subscription.customer_id, gateway) if gateway else None


def _known(wallet: Wallet | None) -> int:
    return len(wallet.methods) if wallet else 0


def _may_wait(uow: UnitOfWork, subscription: Subscription) -> Sequence[JobRequest]:
    """The jobs that may wait still: the newest methods may be those that were waited for."""
    known = _known(_wallet(uow, subscription))
    return [paying_with_next(subscription.id, n) for n in range(max(0, known - _NEWEST), known + 1)]


def _may_pay(uow: UnitOfWork, subscription: Subscription) -> Iterator[JobRequest]:
    """The jobs that may be paying: what was put in has become the default by then."""
    wallet = _wallet(uow, subscription)
    if wallet is not None and wallet.default is not None:
        yield from (pay_of(invoice.id, wallet.default.id) for invoice in owed_of(uow, subscription.id))


def _newest(wallet: Wallet, known: int) -> PaymentMethod | None:
    return next((method for method in reversed(wallet.methods[known:]) if method.is_usable), None)
