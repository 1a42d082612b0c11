"""Subscriptions that a provider bills, compared with what it says once their period should have turned."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from billing.application.books.reconciliation import Difference, Done, Page, Repair, Scope, moved, walk
from billing.application.outcomes import AccountRefused, NeedsPerson, Refused
from billing.application.provider_ports import RecurringBilling
from billing.application.subscriptions.billers import biller
from billing.application.unit_of_work import UnitOfWork
from billing.domain.errors import Conflict
from billing.domain.subscription import Subscription


@dataclass(frozen=True)
class BilledSubscriptions:
    """Those whose current period is over by what we know: they were renewed, or are not paid, or have ended.

    `lag`: a provider writes the invoice at once, and may take a while to collect it.
    """

    lag: ClassVar[timedelta] = timedelta(hours=25)
    billing: Mapping[str, RecurringBilling]
    repair: Repair
    page_size: int

    def page(self, scope: Scope, after: str | None) -> Page:
        """By the end of their period."""

        def find(uow: UnitOfWork) -> Page:
            ended, on = walk(uow.subscriptions.periods_ended, scope, after, self.page_size)
            return Page([one for one in ended if self._is_wanted(uow.subscriptions.get(one))], len(ended), on)

        return self.repair.ledger.read(find)

    def _is_wanted(self, subscription: Subscription) -> bool:
        return subscription.gateway in self.billing and not subscription.is_over

    def compare(self, scope: Scope, subject: str) -> Iterator[Difference]:
        """How its billing stands, and every invoice of it, as if a notification had told them."""
        subscription = self.repair.ledger.read(lambda uow: uow.subscriptions.get(subject))
        gateway, ref = subscription.gateway, subscription.billing_ref
        if gateway is None or ref is None or not self._is_wanted(subscription):
            return
        about, ours = f"subscription {subscription.id}", _stands(subscription.status, subscription.current_period_end)
        theirs = "it will not say"
        try:
            invoices = biller(self.billing, gateway).invoices(ref, scope.deadline())
            stands = biller(self.billing, gateway).read(ref, scope.deadline())
            theirs = _stands(stands.status, stands.period_end)
            moves = self.repair(scope, gateway, [*invoices, stands])
        except AccountRefused:
            raise
        except (Refused, NeedsPerson, Conflict) as unclear:
            yield self.repair.hand_over(scope, about=about, ours=ours, theirs=theirs, how=unclear.why)
            return
        if moves:
            done = Done.WOULD_BE_REPAIRED if scope.dry_run else Done.REPAIRED
            yield Difference(about=about, ours=ours, theirs=theirs, done=done, how=moved(moves))


def _stands(status: str, until: datetime | None) -> str:
    """`active, paid until 2027-02-28`"""
    return f"{status}, paid until {until:%Y-%m-%d}" if until else status
