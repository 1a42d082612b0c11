"""The page about what is owed for hosting: how much, until when it is served, and how to pay or change the card."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.application.ledger import Ledger
from billing.application.ports import PayLink
from billing.application.unit_of_work import UnitOfWork
from billing.domain.dunning import DunningPolicy
from billing.domain.errors import Conflict, Invalid
from billing.domain.facts import InvoiceStatus
from billing.domain.invoice import Invoice
from billing.domain.wallet import Wallet
from billing.entrypoints.http.pay.subjects import Sight, Subject


@dataclass(frozen=True)
class InvoiceSubject(Subject):
    """Pays an invoice that a provider could not collect; its own page is where banks are confirmed to."""

    ledger: Ledger
    dunning: DunningPolicy
    link: PayLink

    def look(self, subject_id: str) -> Sight:
        """What is owed, with a form while it is."""
        return self.ledger.read(lambda uow: self._sight(uow, subject_id))

    def act(self, subject_id: str, form: Mapping[str, str], here: str, by: str) -> str:
        """On to the provider's page of this invoice, or to ours about the cards: another one is tried at once."""
        invoice, wallet = self.ledger.read(lambda uow: _with_wallet(uow, subject_id))
        if _standing(invoice) != "owed":
            return f"{here}/status"
        match form.get("act"):
            case "pay" if invoice.page_url is not None:
                return invoice.page_url
            case "card" if wallet is not None:
                return self.link(wallet.id)
            case "pay" | "card":
                raise Conflict(f"invoice {subject_id}", "there is no such page")
        raise Invalid("act", "one of those on the page")

    def status(self, subject_id: str, by: str) -> Sight:
        """The same: what was paid is known as soon as the provider has told of it."""
        return self.look(subject_id)

    def _sight(self, uow: UnitOfWork, invoice_id: str) -> Sight:
        invoice, wallet = _with_wallet(uow, invoice_id)
        subscription, state = uow.subscriptions.get(invoice.subscription_id), _standing(invoice)
        served_until = self.dunning.suspended_on(subscription)
        filled: dict[str, Any] = {
            "plan": subscription.plan,
            "domain": str(subscription.domain or ""),
            "total": str(invoice.total),
            "state": state,
            "needs_customer": invoice.needs_customer,
            "served_until": f"{served_until:%Y-%m-%d}" if served_until else "",
            "is_suspended": subscription.status.value == "suspended",
            "can_pay": invoice.page_url is not None,
            "can_change_card": wallet is not None,
        }
        language = uow.customers.get(subscription.customer_id).language
        return Sight(template="invoice.html", language=language, filled=filled, is_undecided=state == "waiting")


def _with_wallet(uow: UnitOfWork, invoice_id: str) -> tuple[Invoice, Wallet | None]:
    invoice = uow.invoices.get(invoice_id)
    customer_id = uow.subscriptions.get(invoice.subscription_id).customer_id
    return invoice, uow.wallets.of_customer(customer_id, invoice.gateway)


def _standing(invoice: Invoice) -> str:
    if invoice.status is InvoiceStatus.PAID:
        return "paid"
    if invoice.status is not InvoiceStatus.OPEN:
        return "closed"
    return "waiting" if invoice.is_in_flight else "owed"
