"""What is asked of a provider that bills subscriptions by itself: to begin, how it stands, and to end."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from billing.application.deliveries.delivery import leave_be
from billing.application.money.taking import TakeFact
from billing.application.outcomes import NeedsPerson, NotYet
from billing.application.ports import Clock
from billing.application.provider_ports import RecurringBilling
from billing.application.subscriptions.billers import biller
from billing.application.subscriptions.billing_jobs import split
from billing.application.subscriptions.following import TakeBilling
from billing.application.subscriptions.subscription_notices import raise_doubt
from billing.application.telling.alerts import raise_alert
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.alert import AlertKind
from billing.domain.job import Job
from billing.domain.subscription import Subscription
from billing.domain.wallet import Wallet

_BEGIN = "begin"
"""The concern of a subscription whose billing could not begin."""


@dataclass(frozen=True)
class BeginBilling(Handler):
    """Have a provider bill a subscription, paid for otherwise so far, from the end of its current period on."""

    billing: Mapping[str, RecurringBilling]
    take: TakeBilling
    clock: Clock
    card_retry: timedelta

    def __call__(self, run: Run) -> Record:
        """Looked for before it is made, so that a repeat finds it; not begun where it is no longer wanted."""
        subscription, wallet = run.ledger.read(lambda uow: _with_wallet(uow, run.subject))
        gateway, end = subscription.gateway, subscription.current_period_end
        if gateway is None or end is None or not _is_to_begin(subscription):
            return leave_be
        if self.clock() >= end:
            raise NeedsPerson(f"its paid period was over on {end:%Y-%m-%d}, before its billing could begin")
        if wallet is None or wallet.customer_ref is None or wallet.default is None:
            raise NotYet("the provider has not told of the customer's card", self.card_retry)
        stands = biller(self.billing, gateway).begin(subscription, wallet, run.deadline())

        def record(uow: UnitOfWork) -> None:
            """Found by its item: what the customer has called off meanwhile is seen to there."""
            self.take(uow, gateway, replace(stands, item_id=subscription.item_id))

        return record

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """It is renewed by orders; a person is told."""
        subscription = uow.subscriptions.lock(job.subject)
        _renew_by_orders(subscription)
        subscription.mind(_BEGIN, f"its provider will not bill it: {why}")
        raise_doubt(uow, subscription, f"its provider will not bill it: {why}", _BEGIN)

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """Shown on the subscription, until somebody sends the job on its way again."""
        uow.subscriptions.lock(job.subject).mind(_BEGIN, f"its billing could not begin: {why}")

    def revived(self, uow: UnitOfWork, job: Job) -> None:
        """The provider is asked again."""
        uow.subscriptions.lock(job.subject).mind(_BEGIN, None)

    def called_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """No provider will bill it: it is renewed by orders."""
        subscription = uow.subscriptions.lock(job.subject)
        subscription.mind(_BEGIN, None)
        _renew_by_orders(subscription)


@dataclass(frozen=True)
class CheckSubscription(Handler):
    """Ask the provider how a subscription's billing and invoices stand, where word of it may have been lost."""

    billing: Mapping[str, RecurringBilling]
    take_fact: TakeFact

    def __call__(self, run: Run) -> Record:
        """Taken as every proven fact."""
        subscription_id, _ = split(run.subject)
        subscription = run.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))
        gateway, ref = subscription.gateway, subscription.billing_ref
        if gateway is None or ref is None:
            return leave_be
        invoices = biller(self.billing, gateway).invoices(ref, run.deadline())
        stands = biller(self.billing, gateway).read(ref, run.deadline())

        def record(uow: UnitOfWork) -> None:
            for invoice in invoices:
                self.take_fact(uow, gateway, invoice)
            self.take_fact(uow, gateway, stands)

        return record


@dataclass(frozen=True)
class EndBilling(Handler):
    """Have a provider charge no more by a billing that nobody needs; how it stands then is taken as any other fact."""

    billing: Mapping[str, RecurringBilling]
    take_fact: TakeFact

    def __call__(self, run: Run) -> Record:
        """One that has ended stays so."""
        gateway, ref = split(run.subject)
        stands = biller(self.billing, gateway).cancel(ref, at_period_end=False, deadline=run.deadline())

        def record(uow: UnitOfWork) -> None:
            self.take_fact(uow, gateway, stands)

        return record

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """It may go on charging: a person must end it."""
        about = f"{job.subject} can't be ended, and may go on charging: {why}"
        raise_alert(uow, AlertKind.SUBSCRIPTION_NEEDS_ATTENTION, job.subject, about, once=job.id)


def _renew_by_orders(subscription: Subscription) -> None:
    if not subscription.is_billed_by_provider:
        subscription.gateway = None


def _is_to_begin(subscription: Subscription) -> bool:
    is_wanted = not subscription.is_over and not subscription.cancel_at_period_end
    return is_wanted and not subscription.is_billed_by_provider


def _with_wallet(uow: UnitOfWork, subscription_id: str) -> tuple[Subscription, Wallet | None]:
    subscription = uow.subscriptions.get(subscription_id)
    gateway = subscription.gateway
    return subscription, uow.wallets.of_customer(subscription.customer_id, gateway) if gateway else None
