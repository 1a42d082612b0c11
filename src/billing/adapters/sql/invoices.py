"""Invoices of subscriptions that a provider bills."""

from collections.abc import Sequence

from sqlalchemy import select

from billing.adapters.sql.invoice_tables import invoices
from billing.adapters.sql.work import Work
from billing.domain.invoice import Invoice


class SqlInvoices:
    """The row of the subscription is the lock of its invoices."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, invoice: Invoice) -> None:
        self._work.add(invoice)

    def get(self, invoice_id: str) -> Invoice:
        return self._work.get(Invoice, invoice_id)

    def of_ref(self, gateway: str, invoice_ref: str) -> Invoice | None:
        return self._work.find(Invoice, gateway=gateway, invoice_ref=invoice_ref)

    def of_order(self, order_id: str) -> Invoice | None:
        return self._work.find(Invoice, order_id=order_id)

    def of_subscription(self, subscription_id: str) -> Sequence[Invoice]:
        of_it = select(Invoice).where(invoices.c.subscription_id == subscription_id)
        return self._work.session.scalars(of_it.order_by(invoices.c.id)).all()
