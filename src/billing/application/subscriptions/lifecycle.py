"""What customers do to subscriptions: cancel now or at the period's end, resume, change the plan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from billing.application.deliveries.delivery import leave_be
from billing.application.expiry.hosting_renewals import take_back_period
from billing.application.ledger import Ledger
from billing.application.outcomes import Deadline, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Clock
from billing.application.provider_ports import RecurringBilling
from billing.application.subscriptions.billers import BillerLimits, biller
from billing.application.subscriptions.billing_jobs import begin_of, change_of, last_check_of, split
from billing.application.subscriptions.subscription_notices import MoveSubscription, raise_doubt
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.catalogue import Catalogue
from billing.domain.errors import Conflict, Invalid, NotPriced, UnknownPlan
from billing.domain.facts import BillingStands
from billing.domain.job import Job
from billing.domain.subscription import Subscription
from billing.domain.subscription_change import Change, ChangeKind


@dataclass(frozen=True)
class TellBilling:
    """Tells a subscription's provider of the change that it waits for; safe to repeat."""

    ledger: Ledger
    billing: Mapping[str, RecurringBilling]

    def __call__(self, subscription: Subscription, deadline: Deadline) -> BillingStands:
        """How its billing stands then."""
        change, gateway, ref = subscription.change, subscription.gateway, subscription.billing_ref
        if change is None or gateway is None or ref is None:
            raise Conflict(f"subscription {subscription.id}", "its provider has nothing to be told")
        billing = biller(self.billing, gateway)
        match change:
            case Change(kind=ChangeKind.CANCEL):
                return billing.cancel(ref, at_period_end=False, deadline=deadline)
            case Change(kind=ChangeKind.CANCEL_AT_PERIOD_END):
                return billing.cancel(ref, at_period_end=True, deadline=deadline)
            case Change(kind=ChangeKind.RESUME):
                return billing.resume(ref, deadline)
        if change.plan is None or change.price is None:
            raise Conflict(f"subscription {subscription.id}", "it is not said which plan is wanted")
        catalogue = self.ledger.read(lambda uow: uow.catalogues.current())
        name = catalogue.plans[change.plan].name if change.plan in catalogue.plans else change.plan
        price_ref = billing.ensure_price(change.plan, name, subscription.cycle, change.price, deadline)
        return billing.change_plan(ref, price_ref, f"plan:{subscription.id}:{subscription.changes}", deadline)


@dataclass(frozen=True)
class ChangeSubscription:
    """Change what becomes of a subscription: written down with its job before its provider hears of it."""

    ledger: Ledger
    tell: TellBilling
    move: MoveSubscription
    limits: BillerLimits
    clock: Clock
    monotonic: Callable[[], float]

    def __call__(self, subscription_id: str, kind: ChangeKind, by: str, plan: str | None = None) -> Subscription:
        """The subscription; its `change` stays where the provider's answer was lost, and a job finds out.

        Invalid for a plan that is not sold; Conflict as `Subscription.ask` has it; Refused by the provider, and then
        nothing has changed; a repeat changes nothing.
        """
        subscription = self.ledger.write(by, lambda uow: self._ask(uow, subscription_id, kind, plan))
        if subscription.change is None:
            return subscription
        deadline = Deadline.after(self.limits.call_deadline_seconds, self.monotonic)
        try:
            stands = self.tell(subscription, deadline)
        except (RetryLater, OutcomeUnknown, NotYet, NeedsPerson) as unanswered:
            event = self.ledger.telemetry.event
            event("subscription_change_unanswered", subscription_id=subscription_id, why=unanswered.why)
            return subscription
        except Refused as refusal:
            self.ledger.write(by, partial(_drop, subscription_id=subscription_id, no=subscription.changes))
            raise refusal
        record = partial(confirm, move=self.move, clock=self.clock, subscription_id=subscription_id, stands=stands)
        return self.ledger.write(by, partial(record, no=subscription.changes))

    def _ask(self, uow: UnitOfWork, subscription_id: str, kind: ChangeKind, plan: str | None) -> Subscription:
        beginning = uow.jobs.lock_for(begin_of(subscription_id)) if kind is ChangeKind.RESUME else None
        if kind in (ChangeKind.CANCEL, ChangeKind.CANCEL_AT_PERIOD_END):
            take_back_period(uow, subscription_id, "the subscription was called off")
        subscription = uow.subscriptions.lock(subscription_id)
        before = subscription.changes
        change = _change(uow.catalogues.current(), subscription, kind, plan) if plan else Change(kind=kind)
        self.move(uow, subscription, lambda: subscription.ask(change, self.clock()))
        if subscription.changes != before:
            uow.jobs.request(change_of(subscription.id, subscription.changes), due_in=self.limits.recover_after)
        if beginning is not None and subscription.gateway and not subscription.is_billed_by_provider:
            beginning.wake(uow.now(), timedelta())
            uow.jobs.ring(beginning)
        return subscription


@dataclass(frozen=True)
class CarryOutChange(Handler):
    """Tell the provider of a change whose answer was lost."""

    tell: TellBilling
    move: MoveSubscription
    clock: Clock

    def __call__(self, run: Run) -> Record:
        """What was answered meanwhile, or overtaken by another change, is let be."""
        subscription_id, no = split(run.subject)
        subscription = run.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))
        if subscription.change is None or subscription.changes != int(no):
            return leave_be
        stands = self.tell(subscription, run.deadline())

        def record(uow: UnitOfWork) -> None:
            _confirm(uow, uow.subscriptions.lock(subscription_id), int(no), stands, self.move, self.clock)

        return record

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """Nothing has changed, and the customer was told that it might: a person sees to it."""
        subscription_id, no = split(job.subject)
        subscription = uow.subscriptions.lock(subscription_id)
        if subscription.changes == int(no) and subscription.change is not None:
            raise_doubt(uow, subscription, f"its provider refused to {subscription.change}: {why}", f"change {no}")
            subscription.drop_change()

    def called_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """Nobody wants it any more."""
        subscription_id, no = split(job.subject)
        subscription = uow.subscriptions.lock(subscription_id)
        if subscription.changes == int(no):
            subscription.drop_change()


def confirm(
    uow: UnitOfWork, move: MoveSubscription, clock: Clock, subscription_id: str, stands: BillingStands, no: int
) -> Subscription:
    """The provider has answered to a request: its job has nothing to find out any more."""
    job = uow.jobs.lock_for(change_of(subscription_id, no))
    subscription = uow.subscriptions.lock(subscription_id)
    _confirm(uow, subscription, no, stands, move, clock)
    if job is not None:
        job.finish_early("its provider has answered", uow.now())
    return subscription


def _confirm(
    uow: UnitOfWork, subscription: Subscription, no: int, stands: BillingStands, move: MoveSubscription, clock: Clock
) -> None:
    was_over = subscription.is_over
    if subscription.changes == no:
        move(uow, subscription, lambda: subscription.confirm(stands, clock()))
    else:
        move(uow, subscription, lambda: subscription.follow(stands, clock()))
    if subscription.is_over and not was_over:
        uow.jobs.request(last_check_of(subscription.id))


def _drop(uow: UnitOfWork, subscription_id: str, no: int) -> None:
    job = uow.jobs.lock_for(change_of(subscription_id, no))
    subscription = uow.subscriptions.lock(subscription_id)
    if subscription.changes == no:
        subscription.drop_change()
    if job is not None:
        job.finish_early("its provider has refused", uow.now())


def _change(catalogue: Catalogue, subscription: Subscription, kind: ChangeKind, plan: str) -> Change:
    try:
        price = catalogue.price_hosting(plan, subscription.cycle, subscription.price.currency)
    except (UnknownPlan, NotPriced) as wrong:
        raise Invalid("plan", str(wrong)) from wrong
    return Change(kind=kind, plan=plan, price=price)
