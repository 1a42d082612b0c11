"""The in-memory provider's books of recurring billing: what is billed, and what the customers' banks make of it."""

from collections import defaultdict
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from billing.adapters.memory.bills import Bill, Invoice, Price
from billing.adapters.memory.pages import Page, Told
from billing.application.outcomes import NeedsPerson
from billing.domain.errors import Conflict
from billing.domain.facts import BillingStatus, CycleLine, InvoiceReason, InvoiceStatus
from billing.domain.money import Money, total

RETRY_AFTER = timedelta(days=3)
"""When a declined invoice is tried again by itself."""


@dataclass(frozen=True)
class Decline:
    """How a bank will answer to a try; `needs_customer` where it wants the customer's consent."""

    why: str
    needs_customer: bool


@dataclass
class Books:
    """Bills, invoices and prices by their ids; `money` is the gateway's, so that what is collected can be refunded.

    `declines` are the answers that banks will give next, and bills in `slow` are paid by a method that decides later.
    """

    money: MutableMapping[str, Page]
    bills: dict[str, Bill] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    prices: dict[str, Price] = field(default_factory=dict)
    declines: defaultdict[str, list[Decline]] = field(default_factory=lambda: defaultdict(list))
    slow: set[str] = field(default_factory=set)

    def bill(self, ref: str) -> Bill:
        """The one of that id; NeedsPerson."""
        if ref not in self.bills:
            raise NeedsPerson(f"there is no billing {ref}")
        return self.bills[ref]

    def of_ref(self, ref: str) -> Invoice:
        """The invoice of that id; NeedsPerson."""
        if ref not in self.invoices:
            raise NeedsPerson(f"there is no invoice {ref}")
        return self.invoices[ref]

    def invoice_period(self, bill: Bill, reason: InvoiceReason) -> Invoice:
        """Bill the current period, with what waits beside it."""
        line = CycleLine(price=bill.price.amount, period_start=bill.period_start, period_end=bill.period_end)
        others, bill.prorations = bill.prorations, []
        return self.invoice(bill, reason, line, others)

    def invoice(self, bill: Bill, reason: InvoiceReason, cycle: CycleLine | None, others: list[Money]) -> Invoice:
        """Write one, after the customer's credit; what it credits itself goes to that."""
        nothing = bill.price.amount.times(0)
        asked = total([cycle.price, *others] if cycle else others, nothing.currency)
        used = min(bill.balance, asked)
        bill.balance = bill.balance - used
        invoice = Invoice(
            ref=f"inv_{len(self.invoices) + 1}",
            bill=bill,
            reason=reason,
            cycle=cycle,
            others=others,
            due=asked - used,
            collected=nothing,
        )
        self.invoices[invoice.ref] = invoice
        return invoice

    def collect(self, invoice: Invoice, at: datetime) -> None:
        """One try to charge what is due."""
        require_open(invoice)
        if not invoice.due.minor:
            self._pay(invoice, None)
            return
        invoice.attempts += 1
        answers = self.declines[invoice.bill.ref]
        if answers:
            self._decline(invoice, answers.pop(0), at)
        elif invoice.bill.ref in self.slow:
            invoice.in_flight = True
        else:
            self.receive(invoice)

    def receive(self, invoice: Invoice) -> None:
        """The money has come."""
        ref, installation = f"money_{invoice.ref}", invoice.bill.installation
        self.money[ref] = Page(None, None, installation, invoice.due, Told.PAID, ref)
        self._pay(invoice, ref)

    def take_for(self, invoice: Invoice, payment_ref: str) -> None:
        """It was paid on a page."""
        self._pay(invoice, payment_ref)

    def fail(self, invoice: Invoice, why: str, at: datetime) -> None:
        """The slow method has come to nothing."""
        self._decline(invoice, Decline(why, needs_customer=False), at)

    def close(self, invoice: Invoice, status: InvoiceStatus) -> None:
        """It will not be tried again."""
        require_open(invoice)
        invoice.status, invoice.next_attempt_at = status, None
        self._recover(invoice.bill)

    def _pay(self, invoice: Invoice, payment_ref: str | None) -> None:
        invoice.status, invoice.collected, invoice.payment_ref = InvoiceStatus.PAID, invoice.due, payment_ref
        invoice.next_attempt_at, invoice.needs_customer, invoice.in_flight, invoice.why = None, False, False, ""
        self._recover(invoice.bill)

    def _decline(self, invoice: Invoice, answer: Decline, at: datetime) -> None:
        invoice.why, invoice.needs_customer, invoice.in_flight = answer.why, answer.needs_customer, False
        invoice.next_attempt_at = at + RETRY_AFTER
        if invoice.bill.status is BillingStatus.ACTIVE:
            invoice.bill.status = BillingStatus.PAST_DUE

    def _recover(self, bill: Bill) -> None:
        is_owed = any(one.bill is bill and one.status is InvoiceStatus.OPEN for one in self.invoices.values())
        if bill.status is BillingStatus.PAST_DUE and not is_owed:
            bill.status = BillingStatus.ACTIVE


def require_open(invoice: Invoice) -> None:
    """Conflict where nothing can be collected on it any more."""
    if invoice.status is not InvoiceStatus.OPEN:
        raise Conflict(invoice.ref, f"it is {invoice.status}")
