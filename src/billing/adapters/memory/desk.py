"""What befalls the in-memory provider's recurring billing: time, banks, and people at its desk."""

from collections.abc import Callable
from datetime import datetime
from threading import RLock

from billing.adapters.memory.bills import Bill, Price
from billing.adapters.memory.books import Books, Decline
from billing.application.ports import Clock
from billing.domain.errors import Conflict
from billing.domain.facts import BillingStatus, InvoiceReason, InvoiceStatus
from billing.domain.money import Money

BILLING, INVOICE = "billing.changed", "invoice.changed"
BILLED = frozenset({BILLING, INVOICE})
"""Types of the notifications that tell of it: they name it, and whoever hears of it asks how it stands."""


class BillingDesk:
    """Every act returns what the provider then tells of it, in the order of its happening.

    Nothing happens by itself: `turn` ends one period, `catch_up` all that the clock has left behind. What a new period
    costs is collected at once, unless `decline` or `collect_slowly` was ordered for it.
    """

    def __init__(self, books: Books, tell: Callable[..., bytes], clock: Clock, mutex: RLock) -> None:
        self._books, self._tell, self._clock, self._mutex = books, tell, clock, mutex

    # ------------------------------------------------------------------ time

    def turn(self, billing_ref: str) -> list[bytes]:
        """Its current period is over, whatever the clock says: the next is billed or, where it was called off, none."""
        with self._mutex:
            bill = self._going(billing_ref)
            return self._turn(bill, bill.period_end)

    def catch_up(self) -> list[bytes]:
        """Turn every period that is over by the clock, oldest first."""
        told: list[bytes] = []
        with self._mutex:
            while over := [one for one in self._books.bills.values() if self._is_over(one)]:
                first = min(over, key=lambda one: (one.period_end, one.ref))
                told += self._turn(first, first.period_end)
        return told

    def _is_over(self, bill: Bill) -> bool:
        return not bill.is_over and bill.period_end <= self._clock()

    def _turn(self, bill: Bill, at: datetime) -> list[bytes]:
        if not bill.turn():
            return [self.notification(bill.ref)]
        if bill.status is BillingStatus.PAUSED:
            return [self.notification(bill.ref)]
        invoice = self._books.invoice_period(bill, InvoiceReason.CYCLE)
        self._books.collect(invoice, at)
        return [self.notification(bill.ref), self.invoice_notification(invoice.ref)]

    # ------------------------------------------------------------------ banks

    def decline(self, billing_ref: str, times: int = 1, why: str = "card_declined: no") -> None:
        """The next tries to collect from it are refused."""
        self._order(billing_ref, Decline(why, needs_customer=False), times)

    def ask_customer(self, billing_ref: str, times: int = 1) -> None:
        """The next tries to collect from it want the customer's consent."""
        self._order(billing_ref, Decline("authentication_required: consent is wanted", needs_customer=True), times)

    def _order(self, billing_ref: str, answer: Decline, times: int) -> None:
        with self._mutex:
            self._books.declines[billing_ref] += [answer] * times

    def collect_slowly(self, billing_ref: str) -> None:
        """What is collected from it from now on is in flight until `settle`."""
        with self._mutex:
            self._books.slow.add(billing_ref)

    def settle(self, invoice_ref: str, why_not: str | None = None) -> list[bytes]:
        """What is in flight arrives or, with a reason, does not."""
        with self._mutex:
            invoice = self._books.of_ref(invoice_ref)
            if not invoice.in_flight:
                raise Conflict(invoice_ref, "nothing is in flight for it")
            if why_not:
                self._books.fail(invoice, why_not, self._clock())
            else:
                self._books.receive(invoice)
            return self._told_of(invoice_ref)

    def retry(self, invoice_ref: str) -> list[bytes]:
        """The provider's own next try, or the customer pays on the invoice's page."""
        with self._mutex:
            self._books.collect(self._books.of_ref(invoice_ref), self._clock())
            return self._told_of(invoice_ref)

    def give_up(self, invoice_ref: str) -> list[bytes]:
        """After the last try: it is written off, and its billing ends."""
        with self._mutex:
            invoice = self._books.of_ref(invoice_ref)
            self._books.close(invoice, InvoiceStatus.UNCOLLECTIBLE)
            invoice.bill.cancel("payment_failed", at_period_end=False)
            return self._told_of(invoice_ref)

    # ------------------------------------------------------------------ people at the desk

    def cancel(self, billing_ref: str, *, at_period_end: bool) -> list[bytes]:
        """Somebody calls it off."""
        with self._mutex:
            self._going(billing_ref).cancel("cancellation_requested", at_period_end=at_period_end)
            return [self.notification(billing_ref)]

    def put(self, billing_ref: str, status: BillingStatus) -> list[bytes]:
        """Somebody pauses it, lets it go on, or does what we have no word for."""
        with self._mutex:
            self._going(billing_ref).status = status
            return [self.notification(billing_ref)]

    def try_out(self, billing_ref: str, until: datetime) -> list[bytes]:
        """Somebody grants a trial: nothing is billed until it ends, and periods are counted from there."""
        with self._mutex:
            bill = self._going(billing_ref)
            bill.status, bill.anchor, bill.periods = BillingStatus.TRIALING, until, 0
            return [self.notification(billing_ref)]

    def reprice(self, billing_ref: str, amount: Money) -> list[bytes]:
        """Somebody puts it on a price that is in no catalogue."""
        with self._mutex:
            bill = self._going(billing_ref)
            bill.change(Price(f"price_desk_{amount.minor}", None, bill.price.cycle, amount), self._clock())
            return [self.notification(billing_ref)]

    def charge(self, billing_ref: str, amount: Money) -> list[bytes]:
        """Somebody writes an invoice by hand."""
        with self._mutex:
            invoice = self._books.invoice(self._books.bill(billing_ref), InvoiceReason.OTHER, None, [amount])
            self._books.collect(invoice, self._clock())
            return self._told_of(invoice.ref)

    def credit(self, billing_ref: str, amount: Money) -> None:
        """Somebody grants credit, which the next invoices use up."""
        with self._mutex:
            bill = self._books.bill(billing_ref)
            bill.balance = bill.balance + amount

    def void(self, invoice_ref: str) -> list[bytes]:
        """Somebody voids an open invoice."""
        with self._mutex:
            self._books.close(self._books.of_ref(invoice_ref), InvoiceStatus.VOID)
            return self._told_of(invoice_ref)

    # ------------------------------------------------------------------ notifications

    def notification(self, billing_ref: str) -> bytes:
        """A new notification that something has changed of it."""
        with self._mutex:
            bill = self._books.bill(billing_ref)
            about = {"installation": bill.installation, "refs": sorted(bill.refs)}
            return self._tell(BILLING, billing_ref=billing_ref, **about)

    def invoice_notification(self, invoice_ref: str) -> bytes:
        """A new notification that something has changed of an invoice."""
        with self._mutex:
            invoice = self._books.of_ref(invoice_ref)
            about = {"installation": invoice.bill.installation, "refs": sorted(invoice.refs)}
            return self._tell(INVOICE, invoice_ref=invoice_ref, **about)

    def _told_of(self, invoice_ref: str) -> list[bytes]:
        bill = self._books.of_ref(invoice_ref).bill
        return [self.notification(bill.ref), self.invoice_notification(invoice_ref)]

    def _going(self, billing_ref: str) -> Bill:
        bill = self._books.bill(billing_ref)
        if bill.is_over:
            raise Conflict(billing_ref, "it has ended")
        return bill
