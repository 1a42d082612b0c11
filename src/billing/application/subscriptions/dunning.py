"""Dunning: what nobody pays for is past due, served for a while, stopped, and ended; by the business clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from billing.application.ledger import Ledger
from billing.application.money.taking import TakeFact
from billing.application.outcomes import NotYet
from billing.application.ports import Clock, Telemetry
from billing.application.provider_ports import RecurringBilling
from billing.application.subscriptions.billers import biller
from billing.application.subscriptions.billing_jobs import check_of, end_with_billing, ending_of, split, suspension_of
from billing.application.subscriptions.owed import owed_of
from billing.application.subscriptions.subscription_notices import MoveSubscription, unpaid
from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable, UnitOfWork
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.dunning import Stage
from billing.domain.facts import InvoiceStands
from billing.domain.subscription import Subscription


@dataclass(frozen=True)
class TickSubscriptions:
    """Look at every subscription about which something may be due; bounded, safe to run anywhere, twice and late.

    A provider is asked `check_after` a period's end whether it was paid, where no word of it has come.
    """

    ledger: Ledger
    move: MoveSubscription
    telemetry: Telemetry
    clock: Clock
    check_after: timedelta
    batch: int

    def __call__(self) -> int:
        """How many were looked at; one that can't be looked at now is left to the next time, and the others go on."""
        now = self.clock()
        waiting = self.ledger.read(lambda uow: uow.subscriptions.to_look_at(now, self.batch))
        return sum(self._look(subscription_id, now) for subscription_id in waiting)

    def _look(self, subscription_id: str, now: datetime) -> bool:
        try:
            return self.ledger.write("tick", lambda uow: self._look_at(uow, subscription_id, now))
        except ConcurrentChange as held:
            self.telemetry.event("tick_put_off", subscription_id=subscription_id, why=held.why)
        except LedgerUnavailable:
            raise
        except Exception as bug:  # noqa: BLE001 - one that can't be looked at must not keep all others waiting
            self.telemetry.alarm("subscription_not_looked_at", subscription_id=subscription_id, error=repr(bug))
        return False

    def _look_at(self, uow: UnitOfWork, subscription_id: str, now: datetime) -> bool:
        subscription = uow.subscriptions.lock(subscription_id)
        if subscription.look_at is None or subscription.look_at > now:
            return False
        if subscription.is_billed_by_provider:
            self._check(uow, subscription, now)
        else:
            self._end_period(uow, subscription, now)
        if not subscription.is_over and subscription.past_due_since is not None:
            self._dun(uow, subscription, now)
        return True

    def _check(self, uow: UnitOfWork, subscription: Subscription, now: datetime) -> None:
        """Its provider alone says whether the period was paid."""
        end = subscription.current_period_end or now
        if now < end + self.check_after:
            subscription.look_again(end + self.check_after)
        else:
            uow.jobs.request(check_of(subscription.id, f"{now:%Y-%m-%d}"))
            subscription.look_again(now + timedelta(days=1))

    def _end_period(self, uow: UnitOfWork, subscription: Subscription, now: datetime) -> None:
        """Nobody else will say that its time is over."""
        end = subscription.current_period_end or now
        is_past = end <= now
        if is_past and subscription.cancel_at_period_end:
            self.move(uow, subscription, lambda: subscription.end("cancelled, and its last period is over"))
        elif is_past and subscription.fall_due(now, f"paid until {end:%Y-%m-%d}, and not renewed"):
            self.move.notices.past_due(uow, subscription)
        else:
            subscription.look_again(now + timedelta(days=1) if is_past else end)

    def _dun(self, uow: UnitOfWork, subscription: Subscription, now: datetime) -> None:
        """A charge that is under way decides first; the job looks once more."""
        policy, owed = self.move.notices.dunning, owed_of(uow, subscription.id)
        stage = policy.due(subscription, now)
        if stage and not any(invoice.is_in_flight for invoice in owed):
            unpaid_id = unpaid(subscription, owed[0] if owed else None)
            wanted = suspension_of if stage is Stage.SUSPEND else ending_of
            uow.jobs.request(wanted(subscription.id, unpaid_id.rpartition(":")[2]))
        subscription.look_again(policy.next_look(subscription, now))


@dataclass(frozen=True)
class StopService(Handler):
    """Suspend or end what nobody has paid for, once the provider has said that nobody has; kept back by a charge."""

    billing: Mapping[str, RecurringBilling]
    take_fact: TakeFact
    move: MoveSubscription
    clock: Clock
    in_flight_poll: timedelta

    def __call__(self, run: Run) -> Record:
        """Whoever has paid meanwhile is served on, though word of it was lost."""
        subscription_id, _ = split(run.subject)
        subscription = run.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))
        invoices: Sequence[InvoiceStands] = ()
        gateway, ref = subscription.gateway, subscription.billing_ref
        if gateway is not None and ref is not None and not subscription.is_over:
            invoices = biller(self.billing, gateway).invoices(ref, run.deadline())
        return partial(self._record, subscription_id=subscription_id, gateway=gateway or "", invoices=invoices)

    def _record(
        self, uow: UnitOfWork, subscription_id: str, gateway: str, invoices: Sequence[InvoiceStands]
    ) -> NotYet | None:
        for fact in invoices:
            self.take_fact(uow, gateway, fact)
        subscription = uow.subscriptions.lock(subscription_id)
        owed = owed_of(uow, subscription_id)
        if any(invoice.is_in_flight for invoice in owed):
            return NotYet("a charge for it is under way", self.in_flight_poll)
        stage = self.move.notices.dunning.due(subscription, self.clock())
        if stage is Stage.SUSPEND and subscription.suspend("nobody paid within the days of grace"):
            self.move.notices.suspended(uow, subscription, owed[0] if owed else None)
        if stage is Stage.END:
            self.move(uow, subscription, lambda: end_with_billing(uow, subscription, "nobody paid"))
        return None
