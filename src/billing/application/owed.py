"""What a customer owes to a provider that bills by itself: tried again as soon as there is another card to try."""

from collections.abc import Mapping
from dataclasses import dataclass

from billing.application.billers import biller
from billing.application.billing_jobs import pay_of, split
from billing.application.delivery import leave_be
from billing.application.jobs import Handler, Record, Run
from billing.application.provider_ports import RecurringBilling
from billing.application.taking import TakeFact
from billing.application.unit_of_work import UnitOfWork
from billing.domain.wallet import Wallet


def try_owed(uow: UnitOfWork, wallet: Wallet) -> None:
    """Its provider charges to another method from now on: what is owed is tried with it, once for each method."""
    default = wallet.default
    if default is None:
        return
    for subscription_id in uow.subscriptions.owing(wallet.customer_id):
        for invoice in uow.invoices.of_subscription(subscription_id):
            if invoice.is_owed and invoice.gateway == wallet.gateway:
                uow.jobs.request(pay_of(invoice.id, default.id))


@dataclass(frozen=True)
class PayInvoice(Handler):
    """Have a provider try one invoice again, with what it charges to now; how it stands then is taken as any fact."""

    billing: Mapping[str, RecurringBilling]
    take_fact: TakeFact

    def __call__(self, run: Run) -> Record:
        """What was paid meanwhile, or is being charged, is let be."""
        invoice_id, _ = split(run.subject)
        invoice = run.ledger.read(lambda uow: uow.invoices.get(invoice_id))
        if not invoice.is_owed or invoice.is_in_flight:
            return leave_be
        stands = biller(self.billing, invoice.gateway).pay(invoice.invoice_ref, f"pay:{run.subject}", run.deadline())

        def record(uow: UnitOfWork) -> None:
            self.take_fact(uow, invoice.gateway, stands)

        return record
