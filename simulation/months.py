"""Months of hosting that the provider bills by itself: its calendar, banks, customers' whims and people at desks."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random

from billing.adapters.memory.bills import Bill, Invoice
from billing.adapters.memory.desk import BillingDesk
from billing.application.subscriptions.attending import Answer
from billing.domain import BillingStatus, ChangeKind, Conflict, InvoiceStatus, Money, Order, Subscription, Wallet
from simulation.cards import replace_card
from simulation.scenario import DAY_MS
from simulation.world import START, World

_TRIES_MAX = 4
_DECLINED, _CONSENT, _SLOW, _FAILS, _GIVEN_UP, _NEW_CARD, _PAYS, _SHOWN = 0.3, 0.1, 0.15, 0.4, 0.4, 0.5, 0.7, 0.5


@dataclass(frozen=True)
class Calendar:
    """Turns every period that is over and collects for the next, until the months are over; on dice of its own."""

    world: World
    dice: Random

    def begun(self, billing_ref: str) -> None:
        """From now on it is billed, and its customer may change their mind."""
        spawn = self.world.schedule.spawn
        spawn("provider", partial(self._bill, billing_ref))
        spawn("whims", Whims(self.world, self.dice, billing_ref))

    def paid(self, payment_id: str) -> None:
        """The card of what renews by itself is kept. Nobody asks for it: only the webhook tells, so it comes."""
        order, payment = next(
            (order, one) for order in self.world.books.rows(Order) for one in order.payments if one.id == payment_id
        )
        self.world.billing.look()
        account = payment.options.get("customer_ref")
        if account is not None and order.sole_recurring is None:
            self.world.gateway.pass_on([self.world.methods.twin.keep(account)], surely=True)

    # ------------------------------------------------------------------ within

    def _bill(self, ref: str) -> None:
        bill = self.world.billing.twin.books.bill(ref)
        while not bill.is_over and self._ms(bill) <= self.world.scenario.fair_at_ms:
            if self._ms(bill) > self.world.schedule.now_ms:
                self.world.schedule.sleep(self._ms(bill) - self.world.schedule.now_ms)
            else:
                self._turn(bill)

    def _ms(self, bill: Bill) -> int:
        return int((bill.period_end - START).total_seconds() * 1000)

    def _turn(self, bill: Bill) -> None:
        provider, books, luck = self.world.billing.twin, self.world.billing.twin.books, self.dice.random()
        if luck < _DECLINED:
            provider.desk.decline(bill.ref, self.dice.randint(1, _TRIES_MAX + 1))
        elif luck < _DECLINED + _CONSENT:
            provider.desk.ask_customer(bill.ref)
        elif luck < _DECLINED + _CONSENT + _SLOW:
            provider.desk.collect_slowly(bill.ref)
        known = set(books.invoices)
        self.world.schedule.note(f"the period of {bill.ref} is over")
        self.world.gateway.pass_on(provider.desk.turn(bill.ref), surely=bill.cancel_at_period_end)
        books.slow.discard(bill.ref)
        for invoice_ref in sorted(books.invoices.keys() - known):
            invoice = books.of_ref(invoice_ref)
            self.world.schedule.note(f"{invoice_ref} is {invoice.status}")
            if invoice.status is InvoiceStatus.OPEN:
                self.world.schedule.spawn("provider", partial(self._collect, invoice))
                self.world.schedule.spawn("debtor", partial(self._put_right, invoice), self._days(9))

    def _collect(self, invoice: Invoice) -> None:
        """Every few days, until it is paid, given up, or left open for good."""
        desk, sleep = self.world.billing.twin.desk, self.world.schedule.sleep
        while True:
            sleep(self._days(3) if invoice.in_flight else 3 * DAY_MS)
            if invoice.status is not InvoiceStatus.OPEN or invoice.bill.is_over:
                return
            if invoice.in_flight:
                told = desk.settle(invoice.ref, "insufficient_funds" if self._happens(_FAILS) else None)
            elif invoice.attempts < _TRIES_MAX:
                told = desk.retry(invoice.ref)
            elif self._happens(_GIVEN_UP):
                told = desk.give_up(invoice.ref)
            else:
                return
            self.world.schedule.note(f"{invoice.ref} is {invoice.status}, {invoice.bill.ref} is {invoice.bill.status}")
            self.world.gateway.pass_on(told, surely=invoice.bill.is_over)

    def _put_right(self, invoice: Invoice) -> None:
        """The customer saves another card here, or pays on the invoice's page."""
        provider = self.world.billing.twin
        if self._happens(_NEW_CARD):
            replace_card(self.world, self._payer(invoice.bill))
        if self._happens(_PAYS) and invoice.status is InvoiceStatus.OPEN and not invoice.in_flight:
            provider.books.declines.pop(invoice.bill.ref, None)
            self.world.gateway.pass_on(provider.desk.retry(invoice.ref))
            self.world.schedule.note(f"{invoice.ref} is {invoice.status}")

    def _payer(self, bill: Bill) -> str:
        """Our id of whoever it bills."""
        return next(w.customer_id for w in self.world.books.rows(Wallet) if w.customer_ref == bill.customer_ref)

    def _happens(self, chance: float) -> bool:
        return self.dice.random() < chance

    def _days(self, most: int) -> int:
        return self.dice.randint(1, most * DAY_MS)


@dataclass(frozen=True)
class Whims:
    """What becomes of one billing beside its calendar: from here, at the provider's desk, by an operator."""

    world: World
    dice: Random
    billing_ref: str

    def __call__(self) -> None:
        """Some of it, in these months."""
        bill = self.world.billing.twin.books.bill(self.billing_ref)
        acts = (self._change_plan, self._change_plan, self._cancel_later, self._resume, self._cancel_now,
                self._at_the_desk, self._charge, self._credit, self._pause, self._reprice)  # fmt: skip
        for _ in range(self.dice.randint(0, 4)):
            self.world.schedule.sleep(self.dice.randint(1, 20 * DAY_MS))
            if bill.is_over or self.world.schedule.now_ms > self.world.scenario.fair_at_ms:
                return
            with suppress(Conflict):
                self.dice.choice(acts)(bill)
            if self.dice.random() < _SHOWN:
                self.world.schedule.sleep(DAY_MS)
                self._decide(bill)

    # ------------------------------------------------------------------ from here

    def _change_plan(self, bill: Bill) -> None:
        self._change(bill, ChangeKind.CHANGE_PLAN, self.dice.choice(("starter", "business")))

    def _cancel_later(self, bill: Bill) -> None:
        self._change(bill, ChangeKind.CANCEL_AT_PERIOD_END)

    def _cancel_now(self, bill: Bill) -> None:
        self._change(bill, ChangeKind.CANCEL)

    def _resume(self, bill: Bill) -> None:
        self._change(bill, ChangeKind.RESUME)

    def _change(self, bill: Bill, kind: ChangeKind, plan: str | None = None) -> None:
        """By a double click."""
        held, change = self._held(bill), self.world.container.hosting.change_subscription()
        for _ in range(2 if held else 0):
            self.world.process(lambda: change(held.id, kind, held.customer_id, plan) if held else None)

    def _decide(self, bill: Bill) -> None:
        """An operator looks at what asks for one."""
        held, resolve = self._held(bill), self.world.container.hosting.resolve_subscription()
        if held is not None and held.attention:
            self.world.process(lambda: resolve(held.id, self.dice.choice((Answer.ACCEPT, Answer.REFUSE)), "operator"))

    # ------------------------------------------------------------------ at the desk; only webhooks tell, so they come

    def _at_the_desk(self, bill: Bill) -> None:
        self._tell(self._desk.cancel(bill.ref, at_period_end=self.dice.random() < 0.7))

    def _charge(self, bill: Bill) -> None:
        self._tell(self._desk.charge(bill.ref, Money(100, bill.price.amount.currency)))

    def _credit(self, bill: Bill) -> None:
        self._desk.credit(bill.ref, Money(self.dice.randint(1, 900), bill.price.amount.currency))

    def _pause(self, bill: Bill) -> None:
        """For some days."""
        if bill.status is BillingStatus.ACTIVE:
            self._tell(self._desk.put(bill.ref, BillingStatus.PAUSED))
            self.world.schedule.sleep(self.dice.randint(1, 20 * DAY_MS))
            self._tell(self._desk.put(bill.ref, BillingStatus.ACTIVE))  # a conflict where it has ended meanwhile

    def _reprice(self, bill: Bill) -> None:
        self._tell(self._desk.reprice(bill.ref, Money(self.dice.choice((450, 700)), bill.price.amount.currency)))

    @property
    def _desk(self) -> BillingDesk:
        return self.world.billing.twin.desk

    def _tell(self, told: list[bytes]) -> None:
        self.world.gateway.pass_on(told, surely=True)

    def _held(self, bill: Bill) -> Subscription | None:
        return next((held for held in self.world.books.rows(Subscription) if held.item_id == bill.item_id), None)
