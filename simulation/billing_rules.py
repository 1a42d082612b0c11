"""What a provider bills by itself: its books of invoices against the renewals, periods and service in the ledger."""

from collections.abc import Iterator, Mapping, Sequence

from billing.adapters.memory.bills import Bill
from billing.adapters.memory.bills import Invoice as Written
from billing.domain import (
    Invoice,
    InvoiceReason,
    InvoiceStatus,
    ItemStatus,
    Job,
    JobStatus,
    Order,
    Payment,
    Subscription,
)
from billing.domain.subscription import UNPAID
from simulation.schedule import require
from simulation.world import World

_HOUR_MS = 3_600_000


class BillingRules:
    """One renewal for every paid period, none for any other, and service as the provider's books have it."""

    def __init__(self, world: World) -> None:
        self._world, self._there = world, world.billing.twin.books
        self._paid: set[str] = set()
        self._held: dict[str, Subscription] = {}
        self._owed_at_ms: dict[str, int] = {}

    # ------------------------------------------------------------------ at every moment

    def check_now(self) -> None:
        """No invoice renews twice or is unpaid again, and nobody is suspended who owes nothing."""
        if not self._there.bills:
            return
        for written in self._there.invoices.values():
            if written.status is InvoiceStatus.OPEN:
                self._owed_at_ms[written.bill.ref] = self._world.schedule.now_ms
        for invoice in self._world.books.rows(Invoice):
            is_paid = invoice.status is InvoiceStatus.PAID
            require(is_paid or invoice.id not in self._paid, "what is final stays", f"{invoice.invoice_ref} was paid")
            if is_paid:
                self._paid.add(invoice.id)
        for subscription in self._world.books.rows(Subscription):
            before = self._held.get(subscription.id)
            if before is not subscription and subscription.billing_ref is not None:
                self._held[subscription.id] = subscription
                self._check_service(subscription, before)

    def _check_service(self, subscription: Subscription, before: Subscription | None) -> None:
        if UNPAID in subscription.holds and not (before and UNPAID in before.holds):
            owed_at_ms = self._owed_at_ms.get(str(subscription.billing_ref), -_HOUR_MS)
            is_owed = self._world.schedule.now_ms - owed_at_ms < _HOUR_MS
            require(is_owed, "what was paid is served", f"{subscription.id} is suspended, and nothing is owed")

    # ------------------------------------------------------------------ at rest

    def check_at_rest(self) -> None:
        """Every billing is that of a subscription here or over, and both have the same periods, price and money."""
        by_item = {held.item_id: held for held in self._world.books.rows(Subscription)}
        renewals = dict(self._collected())
        for bill in self._there.bills.values():
            held = by_item.get(bill.item_id)
            if self._waits_for_a_person(bill, held):
                continue
            is_over = held is None or held.is_over or held.billing_ref != bill.ref
            about = (
                f"{bill.ref} is {bill.status}, {held.id if held else 'nothing'} is {held.status if held else 'here'}"
            )
            require(is_over == bill.is_over, "what has ended is not billed on", about)
            if held is not None and held.billing_ref == bill.ref:
                self._check_renewals(bill, held, renewals)
                if not held.is_over:
                    self._check_terms(bill, held)

    def _check_renewals(self, bill: Bill, held: Subscription, renewals: Mapping[str, Sequence[Order]]) -> None:
        """A paid period is one order with that payment, or waits for a person; the last of them is the period here."""
        known = {invoice.invoice_ref: invoice for invoice in self._world.books.rows(Invoice)}
        ends = [bill.price.cycle.term.end(bill.anchor, 1)]
        for written in self._paid_periods(bill):
            here = known.get(written.ref)
            about = f"{written.ref} of {held.id}"
            is_known = here is not None and here.status is InvoiceStatus.PAID
            require(is_known, "every paid period is known", about)
            orders = renewals.get(written.ref, ())
            is_parked = here is not None and here.attention is not None
            require(len(orders) == (not is_parked), "one renewal per paid invoice", f"{about} has {len(orders)}")
            for order in orders:
                (payment,) = order.payments
                is_same = (payment.received, payment.payment_ref) == (written.collected, written.payment_ref)
                require(
                    is_same, "one renewal per paid invoice", f"{order.id} has {payment.received}, {about} collected"
                )
                if order.items[0].status is ItemStatus.FULFILLED and written.cycle:
                    ends.append(written.cycle.period_end)
        if held.as_of is None:
            return  # it was over before anybody had said where its periods are counted from
        counted = held.anchor is not None and held.cycle.term.end(held.anchor, held.periods)
        about = f"{held.id} until {held.current_period_end}, paid until {max(ends)}, counted {counted}"
        require(counted == held.current_period_end == max(ends), "no period is renewed that was not paid", about)

    def _check_terms(self, bill: Bill, held: Subscription) -> None:
        written = [one for one in self._there.invoices.values() if one.bill is bill]
        owed = [one.ref for one in written if one.status is InvoiceStatus.OPEN and one.reason is InvoiceReason.CYCLE]
        is_due = held.past_due_since is not None
        require(is_due == bool(owed), "past due is what is owed", f"{held.id} is {held.status}, {owed} are open")
        is_same = held.cancel_at_period_end == bill.cancel_at_period_end
        require(is_same, "what has ended is not billed on", f"{held.id} is to end: {held.cancel_at_period_end}")
        agreed = held.price == bill.price.amount or held.attention is not None
        require(agreed, "a price is agreed on", f"{held.id} costs {held.price}, {bill.price.amount} are billed")

    # ------------------------------------------------------------------ reading

    def _paid_periods(self, bill: Bill) -> Iterator[Written]:
        for written in self._there.invoices.values():
            if written.bill is bill and written.reason is InvoiceReason.CYCLE and written.status is InvoiceStatus.PAID:
                yield written

    def _collected(self) -> Iterator[tuple[str, Sequence[Order]]]:
        """Orders by the invoice that paid them: by its money or, where credit paid all, as the ledger has it."""
        of_ref = {written.payment_ref: written.ref for written in self._there.invoices.values() if written.payment_ref}
        of_order = {invoice.order_id: invoice.invoice_ref for invoice in self._world.books.rows(Invoice)}
        found: dict[str, list[Order]] = {}
        for order in self._world.books.rows(Order):
            payment: Payment | None = order.payments[0] if order.payments else None
            ref = of_ref.get(payment.payment_ref) if payment and payment.payment_ref else of_order.get(order.id)
            if ref is not None:
                found.setdefault(ref, []).append(order)
        yield from found.items()

    def _waits_for_a_person(self, bill: Bill, held: Subscription | None) -> bool:
        """Whether a job that would bring both together is dead or called off, which is told elsewhere."""
        subjects = {bill.ref, held.id if held else "", bill.item_id}
        given_up = (job for job in self._world.books.rows(Job) if job.status in (JobStatus.DEAD, JobStatus.CANCELLED))
        return any(subjects & set(job.subject.split(":")) for job in given_up)
