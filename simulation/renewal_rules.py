"""The renewals: what the provider collected by itself, against the orders that the ledger made of it."""

from collections import Counter

from billing.domain import Invoice, InvoiceReason, InvoiceStatus, Order, Subscription, SubscriptionRenewal
from simulation.schedule import require
from simulation.world import World


class RenewalRules:
    """One order for each period that was paid, with the money that came for it, and none for anything else."""

    def __init__(self, world: World) -> None:
        self._world, self._books = world, world.books

    def check_at_rest(self) -> None:
        """What was heard of is right; what was never told is asked for later."""
        theirs = self._world.billing.twin.books.invoices
        invoices = self._books.rows(Invoice)
        refs = {invoice.invoice_ref for invoice in invoices}
        require(len(refs) == len(invoices), "one row per invoice", f"{len(invoices)} rows for {len(refs)}")
        orders = {order.id: order for order in self._books.rows(Order)}
        named = Counter(invoice.order_id for invoice in invoices if invoice.order_id)
        for order in orders.values():
            if is_renewal_of_provider(order):
                require(
                    named[order.id] == 1, "one renewal per paid period", f"{order.id} has {named[order.id]} invoices"
                )
        for invoice in invoices:
            there = theirs[invoice.invoice_ref]
            is_final = invoice.status is not InvoiceStatus.PAID or there.status is InvoiceStatus.PAID
            require(is_final, "paid is paid", f"{invoice.invoice_ref} is {invoice.status} here, {there.status} there")
            if invoice.order_id:
                (payment,) = orders[invoice.order_id].payments
                fits = (payment.received, payment.payment_ref) == (there.collected, there.payment_ref)
                require(fits, "what was collected is received", f"{invoice.order_id}: {payment}, there {there}")

    def check_at_last(self) -> None:
        """Every period that was paid for is an order by now, and both sides agree about what goes on."""
        self.check_at_rest()
        known = {invoice.invoice_ref: invoice for invoice in self._books.rows(Invoice)}
        for there in self._world.billing.twin.books.invoices.values():
            here = known.get(there.ref)
            if there.status is InvoiceStatus.PAID and there.reason is InvoiceReason.CYCLE:
                is_ours = here is not None and here.order_id is not None
                require(is_ours, "every paid period renews", f"{there.ref} is paid, here {here}")
        for held in self._books.rows(Subscription):
            bill = self._world.billing.twin.books.bills.get(held.billing_ref or "")
            if bill is not None:
                same = (held.is_over, held.is_over or held.cancel_at_period_end)
                theirs = (bill.is_over, bill.is_over or bill.cancel_at_period_end)
                require(same == theirs, "both sides agree", f"{held.id} is {held.status}, {same}; there {theirs}")


def is_renewal_of_provider(order: Order) -> bool:
    """Whether a provider collected for it by itself."""
    renews = any(isinstance(item.what, SubscriptionRenewal) for item in order.items)
    return renews and any((payment.payment_ref or "").startswith("money_inv_") for payment in order.payments)
