"""Invoices of subscriptions that a provider bills: a paid period renews once, an unpaid one is past due."""

from dataclasses import dataclass

from billing.application.ports import Clock, Ids
from billing.application.subscriptions.billing_jobs import check_of
from billing.application.subscriptions.following import hold_billed, is_second, opened_by
from billing.application.subscriptions.owed import owed_of
from billing.application.subscriptions.renewing import WriteRenewal
from billing.application.subscriptions.subscription_notices import MoveSubscription
from billing.application.unit_of_work import UnitOfWork
from billing.domain.facts import InvoiceReason, InvoiceStands
from billing.domain.invoice import Invoice
from billing.domain.subscription import Subscription, SubscriptionStatus


@dataclass(frozen=True)
class TakeInvoice:
    """Keep every invoice as it stands; what it means for its subscription follows, however often it is told."""

    renew: WriteRenewal
    move: MoveSubscription
    clock: Clock
    ids: Ids

    def __call__(self, uow: UnitOfWork, gateway: str, fact: InvoiceStands) -> object | None:
        """The invoice, or the item that has no subscription; None where neither is in the ledger yet."""
        subscription = hold_billed(uow, gateway, fact)
        if subscription is None:
            return opened_by(uow, fact)
        invoice = uow.invoices.of_ref(gateway, fact.invoice_ref)
        if invoice is None:
            invoice = Invoice.of(self.ids("inv"), subscription.id, gateway, fact, self.clock())
            uow.invoices.add(invoice)
        else:
            invoice.take(fact)
        if invoice.pays_period and invoice.order_id is None and invoice.attention is None:
            self._renew(uow, subscription, invoice)
        if not is_second(subscription, gateway, fact):
            self._dun(uow, subscription, invoice)
        return invoice

    def _renew(self, uow: UnitOfWork, subscription: Subscription, invoice: Invoice) -> None:
        """At the price that was frozen; any other is for a person to decide."""
        doubt = _doubt(subscription, invoice)
        if doubt is None:
            self.renew(uow, subscription, invoice)
            if _skips_period(subscription, invoice):
                uow.jobs.request(check_of(subscription.id, invoice.id))
        else:
            invoice.park(doubt)
            self.move(uow, subscription, lambda: subscription.mind(topic_of(invoice), doubt))

    def _dun(self, uow: UnitOfWork, subscription: Subscription, invoice: Invoice) -> None:
        """Past due while anything is owed, and back at once when nothing is."""
        if not owed_of(uow, subscription.id):
            subscription.recover("nothing is owed any more")
            return
        subscription.fall_due(self.clock(), f"invoice {invoice.invoice_ref} was not paid")
        if invoice.is_owed and subscription.status is SubscriptionStatus.PAST_DUE:
            self.move.notices.past_due(uow, subscription, invoice)


def topic_of(invoice: Invoice) -> str:
    """The concern about a paid invoice that waits for a person."""
    return f"invoice {invoice.invoice_ref}"


def _skips_period(subscription: Subscription, invoice: Invoice) -> bool:
    """Whether the invoice before it may not have been heard of."""
    periods = subscription.periods_until(invoice.period_end) if invoice.period_end else None
    return periods is not None and periods > subscription.periods + 1


def _doubt(subscription: Subscription, invoice: Invoice) -> str | None:
    line = invoice.cycle
    if line is None or invoice.reason is not InvoiceReason.CYCLE:
        return None
    name = f"invoice {invoice.invoice_ref}"
    if subscription.billing_ref != invoice.billing_ref:
        return f"{name} is of another billing, {invoice.billing_ref}"
    if not subscription.agrees_to(line):
        return f"{name} bills {line.price} for a period, and {subscription.price} were agreed"
    if invoice.collected.currency != line.price.currency:
        return f"{name} collected {invoice.collected} for a price of {line.price}"
    if subscription.periods_until(line.period_end) is None:
        return f"{name} bills a period until {line.period_end:%Y-%m-%d}, which is not counted from the anchor"
    return None
