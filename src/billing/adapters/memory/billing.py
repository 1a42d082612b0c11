"""The in-memory provider's recurring billing, as the port asks for it and as its notifications tell it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from billing.adapters.memory.bills import Bill, Price
from billing.adapters.memory.books import Books
from billing.adapters.memory.desk import BILLING, BillingDesk
from billing.adapters.memory.faults import FailsOnOrder
from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.pages import Page
from billing.application.outcomes import Deadline, NeedsPerson, NotYet, Refused
from billing.application.ports import Clock, Reading
from billing.application.provider_ports import RecurringBilling
from billing.domain.facts import BillingStands, InvoiceReason, InvoiceStands, InvoiceStatus
from billing.domain.money import Money
from billing.domain.offer import Cycle
from billing.domain.order_item import OrderItem
from billing.domain.purchase import Hosting
from billing.domain.subscription import Subscription
from billing.domain.wallet import Wallet

T = TypeVar("T")

_METHOD_WANTED = timedelta(minutes=1)


class MemoryBilling(RecurringBilling, FailsOnOrder):
    """Bills at the in-memory provider whose gateway it is given; `clock` is the business clock.

    `desk` plays time, banks and people, `books` hold what is billed, `calls` lists what it was asked.
    """

    usual_call = "begin"

    def __init__(self, gateway: MemoryGateway, installation: Callable[[], str], now: Clock, clock: Clock) -> None:
        super().__init__()
        self.gateway, self.books = gateway.name, Books(gateway.pages)
        self._installation, self._now, self._clock = installation, now, clock
        self._keys: set[str] = set()
        self._mutex = gateway.bill_with(self)
        self.desk = BillingDesk(self.books, gateway.tell, clock, self._mutex)

    # ------------------------------------------------------------------ the port

    def ensure_price(self, plan: str, name: str, cycle: Cycle, price: Money, deadline: Deadline) -> str:
        """Its id is made of what it is."""
        return self._call("ensure_price", plan, deadline, lambda: self._price(plan, cycle, price).ref)

    def begin(self, subscription: Subscription, wallet: Wallet, deadline: Deadline) -> BillingStands:
        """On the anchor of the subscription, with its periods so far; they were paid elsewhere."""

        def begin() -> BillingStands:
            ref = f"bill_{subscription.item_id}"
            if ref not in self.books.bills:
                if wallet.customer_ref is None or subscription.anchor is None:
                    raise NeedsPerson(f"subscription {subscription.id} has no account, or has not begun")
                if wallet.default is None:
                    raise NotYet(f"wallet {wallet.id} holds no method", _METHOD_WANTED)
                price = self._price(subscription.plan, subscription.cycle, subscription.price)
                anchor, periods = subscription.anchor, subscription.periods
                self._open(ref, subscription.item_id, wallet.customer_ref, price, anchor, periods)
            return self._fact(ref)

        return self._call("begin", subscription.id, deadline, begin)

    def read(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        """As it is in the books."""
        return self._call("read", billing_ref, deadline, lambda: self._fact(billing_ref))

    def cancel(self, billing_ref: str, *, at_period_end: bool, deadline: Deadline) -> BillingStands:
        """At once, or when its period turns."""

        def cancel() -> BillingStands:
            self.books.bill(billing_ref).cancel("cancelled through the API", at_period_end=at_period_end)
            return self._fact(billing_ref)

        return self._call("cancel", billing_ref, deadline, cancel)

    def resume(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        """Unless it has ended."""

        def resume() -> BillingStands:
            self._going(billing_ref).cancel_at_period_end = False
            return self._fact(billing_ref)

        return self._call("resume", billing_ref, deadline, resume)

    def change_plan(self, billing_ref: str, price_ref: str, key: str, deadline: Deadline) -> BillingStands:
        """The difference waits for the next invoice."""

        def change() -> BillingStands:
            bill, price = self._going(billing_ref), self.books.prices.get(price_ref)
            if price is None or price.cycle is not bill.price.cycle:
                raise Refused(f"{price_ref} is no price of that cycle")
            if self._is_first(key) and price != bill.price:
                bill.change(price, self._clock())
            return self._fact(billing_ref)

        return self._call("change_plan", billing_ref, deadline, change)

    def invoices(self, billing_ref: str, deadline: Deadline) -> Sequence[InvoiceStands]:
        """In the order of their writing."""

        def list_them() -> Sequence[InvoiceStands]:
            bill = self.books.bill(billing_ref)
            written = [one for one in self.books.invoices.values() if one.bill is bill]
            return [one.fact(self._installation()) for one in written]

        return self._call("invoices", billing_ref, deadline, list_them)

    def pay(self, invoice_ref: str, key: str, deadline: Deadline) -> InvoiceStands:
        """One more try, where it is open."""

        def pay() -> InvoiceStands:
            invoice = self.books.of_ref(invoice_ref)
            if invoice.status is InvoiceStatus.OPEN and not invoice.in_flight and self._is_first(key):
                self.books.collect(invoice, self._clock())
            return invoice.fact(self._installation())

        return self._call("pay", invoice_ref, deadline, pay)

    # ------------------------------------------------------------------ what its gateway asks of it

    def open(self, page: Page, item: OrderItem, customer_ref: str) -> None:
        """A page was paid that begins billing: its first period is paid with it."""
        what, ref = item.what, f"bill_{item.id}"
        if not isinstance(what, Hosting) or page.payment_ref is None:
            raise NeedsPerson(f"{page.session_ref} begins no billing")
        price = self._price(what.plan, what.cycle, item.price)
        self._open(ref, item.id, customer_ref, price, self._clock(), 1)
        bill = self.books.bill(ref)
        self.books.take_for(self.books.invoice_period(bill, InvoiceReason.FIRST), page.payment_ref)
        page.billing_ref = ref

    def interpret(self, told: Mapping[str, Any]) -> Reading:
        """Whose it is by what was told; how it stands by what is in the books now."""
        theirs, refs = told["installation"], frozenset(told["refs"])
        if theirs != self._installation():
            return Reading(refs=refs, installation=theirs, why="another installation's")
        if told["type"] == BILLING:
            return Reading(facts=[self._fact(told["billing_ref"])], refs=refs, installation=theirs)
        invoice = self.books.of_ref(told["invoice_ref"])
        return Reading(facts=[invoice.fact(theirs)], refs=refs | invoice.refs, installation=theirs)

    def stands(self, billing_ref: str) -> BillingStands:
        """How it stands now, to its gateway."""
        return self._fact(billing_ref)

    # ------------------------------------------------------------------ within

    def _open(self, ref: str, item_id: str, customer_ref: str, price: Price, anchor: datetime, periods: int) -> None:
        self.books.bills[ref] = Bill(
            ref=ref,
            installation=self._installation(),
            item_id=item_id,
            customer_ref=customer_ref,
            price=price,
            anchor=anchor,
            periods=periods,
            balance=price.amount.times(0),
        )

    def _price(self, plan: str, cycle: Cycle, amount: Money) -> Price:
        ref = f"price_{plan}_{cycle}_{amount.minor}_{amount.currency}"
        return self.books.prices.setdefault(ref, Price(ref, plan, cycle, amount))

    def _going(self, billing_ref: str) -> Bill:
        bill = self.books.bill(billing_ref)
        if bill.is_over:
            raise Refused(f"{billing_ref} has ended")
        return bill

    def _is_first(self, key: str) -> bool:
        is_first = key not in self._keys
        self._keys.add(key)
        return is_first

    def _fact(self, billing_ref: str) -> BillingStands:
        return self.books.bill(billing_ref).fact(self._installation(), self._now())
