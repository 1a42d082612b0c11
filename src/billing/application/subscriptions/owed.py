"""What is owed to a provider that bills by itself, and the one job that has it tried with another method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing.application.deliveries.delivery import leave_be
from billing.application.money.taking import TakeFact
from billing.application.outcomes import Deadline
from billing.application.provider_ports import RecurringBilling
from billing.application.subscriptions.billers import biller
from billing.application.subscriptions.billing_jobs import pay_of, split
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.facts import InvoiceStands, InvoiceStatus
from billing.domain.invoice import Invoice


def owed_of(uow: UnitOfWork, subscription_id: str) -> Sequence[Invoice]:
    """What was tried in vain for it and is still to be paid, oldest first; not of billing that it does not need."""
    ours = uow.subscriptions.get(subscription_id).billing_ref
    return [one for one in uow.invoices.of_subscription(subscription_id) if one.is_owed and one.billing_ref == ours]


def try_owed(uow: UnitOfWork, subscription_id: str, method_id: str) -> None:
    """Its provider charges to this method from now on: what is owed longest is tried with it, once."""
    for invoice in owed_of(uow, subscription_id)[:1]:
        uow.jobs.request(pay_of(invoice.id, method_id))


def try_once(
    billing: Mapping[str, RecurringBilling], invoice: Invoice, occasion: str, deadline: Deadline
) -> InvoiceStands:
    """Have it charged, once an occasion (a method, a page that was shown); how it stands then. As the provider ends."""
    key = f"pay:{invoice.id}:{occasion}"
    return biller(billing, invoice.gateway).pay(invoice.invoice_ref, key, deadline)


@dataclass(frozen=True)
class PayInvoice(Handler):
    """Have a provider try one invoice again, with what it charges to now; how it stands then is taken as any fact."""

    billing: Mapping[str, RecurringBilling]
    take_fact: TakeFact

    def __call__(self, run: Run) -> Record:
        """What is being charged is let be; once it is paid, by whatever, the next that is owed is tried."""
        invoice_id, method_id = split(run.subject)
        invoice = run.ledger.read(lambda uow: uow.invoices.get(invoice_id))
        if invoice.is_in_flight:
            return leave_be
        if not invoice.is_owed:
            return lambda uow: try_owed(uow, invoice.subscription_id, method_id)
        stands = try_once(self.billing, invoice, method_id, run.deadline())

        def record(uow: UnitOfWork) -> None:
            self.take_fact(uow, invoice.gateway, stands)
            if stands.status is not InvoiceStatus.OPEN:
                try_owed(uow, invoice.subscription_id, method_id)

        return record
