"""What a customer owes for hosting that a provider bills, and pays on a page of ours instead of waiting for a retry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from billing.application.ledger import Ledger
from billing.application.money.taking import TakeFact
from billing.application.outcomes import Deadline
from billing.application.provider_ports import RecurringBilling
from billing.application.subscriptions.billers import BillerLimits, biller
from billing.application.subscriptions.billing_jobs import check_of
from billing.application.subscriptions.owed import owed_of, try_once
from billing.application.unit_of_work import UnitOfWork
from billing.domain.facts import InvoiceStands, InvoiceStatus
from billing.domain.invoice import Invoice


@dataclass(frozen=True)
class PayOwed:
    """Have what is owed tried at once, with the method that renewals are charged to."""

    ledger: Ledger
    billing: Mapping[str, RecurringBilling]
    take_fact: TakeFact
    limits: BillerLimits
    monotonic: Callable[[], float]

    def __call__(self, subscription_id: str, key: str, by: str) -> None:
        """Each invoice once a key, until one is not paid; nothing where nothing is owed. As the provider ends.

        Where its answer is lost, a job that was written down before asks how all of it stands.
        """
        owed = self.ledger.write(by, lambda uow: self._begin(uow, subscription_id, key))
        deadline = Deadline.after(self.limits.call_deadline_seconds, self.monotonic)
        for invoice in owed:
            stands = try_once(self.billing, invoice, key, deadline)
            self.ledger.write(by, partial(self._take, gateway=invoice.gateway, stands=[stands]))
            if stands.status is InvoiceStatus.OPEN:
                return

    def page(self, subscription_id: str, by: str) -> str | None:
        """The provider's page of what is owed longest, as it is now; None where nothing is, or it has none."""
        subscription = self.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))
        gateway, ref = subscription.gateway, subscription.billing_ref
        if gateway is None or ref is None:
            return None
        deadline = Deadline.after(self.limits.call_deadline_seconds, self.monotonic)
        stands = biller(self.billing, gateway).invoices(ref, deadline)

        def look(uow: UnitOfWork) -> str | None:
            self._take(uow, gateway=gateway, stands=stands)
            owed = owed_of(uow, subscription_id)
            return owed[0].page_url if owed else None

        return self.ledger.write(by, look)

    def _begin(self, uow: UnitOfWork, subscription_id: str, key: str) -> Sequence[Invoice]:
        owed = owed_of(uow, subscription_id)
        if owed:
            uow.jobs.request(check_of(subscription_id, key), due_in=self.limits.recover_after)
        return owed

    def _take(self, uow: UnitOfWork, gateway: str, stands: Sequence[InvoiceStands]) -> None:
        for fact in stands:
            self.take_fact(uow, gateway, fact)
