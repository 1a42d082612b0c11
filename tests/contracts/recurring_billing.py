"""What every `RecurringBilling` must do, run on the twin and on the real one."""

import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count, pairwise

import pytest

from billing.application.outcomes import Deadline, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Reading
from billing.application.provider_ports import RecurringBilling
from billing.domain.facts import (
    BillingStands,
    BillingStatus,
    CycleLine,
    InvoiceReason,
    InvoiceStands,
    InvoiceStatus,
)
from billing.domain.money import Money
from billing.domain.offer import Cycle
from billing.domain.subscription import Subscription
from billing.domain.wallet import Wallet
from tests.contracts.payment_gateway import soon

_numbers = count(1)
STARTER, PRO = Money(499, "USD"), Money(999, "USD")


class Biller(ABC):
    """The outside of recurring billing: time, the customer's bank, notifications, faults."""

    billing: RecurringBilling
    stranger: RecurringBilling
    """The same provider's account, used by another installation."""
    installation: str

    @abstractmethod
    def paid_at(self) -> datetime:
        """When a period was paid that is handed over: just now by the provider's time, on a last day of January."""

    @abstractmethod
    def a_wallet(self) -> Wallet:
        """A customer's account at the provider, with a good method as the default."""

    @abstractmethod
    def turn(self, billing_ref: str) -> None:
        """The current period is over."""

    @abstractmethod
    def decline_next(self, wallet: Wallet, billing_ref: str) -> None:
        """The customer's bank refuses the next tries."""

    @abstractmethod
    def mend(self, wallet: Wallet, billing_ref: str) -> None:
        """It refuses no more."""

    @abstractmethod
    def told(self, billing_ref: str) -> bytes:
        """A notification of its beginning."""

    @abstractmethod
    def told_of_invoice(self, invoice_ref: str) -> bytes:
        """A notification of an invoice."""

    @abstractmethod
    def interpret(self, body: bytes) -> Reading:
        """What a notification says to us."""

    @abstractmethod
    def lose_next_answer(self) -> None:
        """The next begin takes effect, and its answer is lost."""

    @abstractmethod
    def count_begun(self, wallet: Wallet) -> int:
        """How many recurring billings the provider holds for a customer."""


def a_running_subscription(now: datetime, cycle: Cycle = Cycle.MONTHLY, price: Money = STARTER) -> Subscription:
    """Hosting whose first period has just been paid elsewhere."""
    number = next(_numbers)
    subscription = Subscription(
        id=f"sub_{number}",
        customer_id="cus_1",
        item_id=f"itm_{number}",
        plan="starter",
        cycle=cycle,
        price=price,
        domain=None,
        auto_renew=True,
        created_at=now,
    )
    subscription.activate(now)
    return subscription


def whole(moment: datetime | None) -> datetime:
    """Without what providers do not keep of it."""
    assert moment
    return moment.replace(microsecond=0)


class RecurringBillingContract:
    """The suite; a subclass has a fixture `biller`."""

    def begin(self, biller: Biller, wallet: Wallet | None = None, price: Money = STARTER) -> BillingStands:
        """Hosting that the provider bills from now on."""
        subscription = a_running_subscription(biller.paid_at(), price=price)
        return biller.billing.begin(subscription, wallet or biller.a_wallet(), soon())

    def newest(self, biller: Biller, billing_ref: str) -> InvoiceStands:
        """Its last invoice."""
        return biller.billing.invoices(billing_ref, soon())[-1]

    def read(self, biller: Biller, billing_ref: str) -> BillingStands:
        """How it stands."""
        return biller.billing.read(billing_ref, soon())

    # ------------------------------------------------------------------ prices

    def test_a_price_is_mirrored_once(self, biller: Biller) -> None:
        first, second, dearer, yearly = (
            biller.billing.ensure_price("starter", "Starter", cycle, price, soon())
            for cycle, price in [
                (Cycle.MONTHLY, STARTER), (Cycle.MONTHLY, STARTER), (Cycle.MONTHLY, PRO), (Cycle.YEARLY, STARTER)
            ]
        )  # fmt: skip
        assert first == second
        assert len({first, dearer, yearly}) == 3

    def test_eight_threads_mirror_one_price_once(self, biller: Biller) -> None:
        price = Money(500 + next(_numbers), "RWF")

        def mirror(_: int) -> str:
            until = time.monotonic() + 10
            while time.monotonic() < until:
                try:
                    return biller.billing.ensure_price("raced", "Raced", Cycle.YEARLY, price, soon())
                except (NotYet, RetryLater):
                    continue
            raise AssertionError("not mirrored in time")

        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(mirror, range(8)))) == 1

    # ------------------------------------------------------------------ beginning

    @pytest.mark.parametrize("cycle", Cycle)
    def test_billing_begins_with_the_next_period_and_charges_nothing_before(self, biller: Biller, cycle: Cycle) -> None:
        subscription, wallet = a_running_subscription(biller.paid_at(), cycle), biller.a_wallet()
        stands = biller.billing.begin(subscription, wallet, soon())
        assert (stands.status, stands.cancel_at_period_end) == (BillingStatus.ACTIVE, False)
        assert stands.period_end == whole(subscription.current_period_end)
        assert (stands.plan, stands.cycle, stands.price) == ("starter", cycle, STARTER)
        assert (stands.item_id, stands.customer_ref) == (subscription.item_id, wallet.customer_ref)
        assert [
            one.collected for one in biller.billing.invoices(stands.billing_ref, soon()) if one.collected.minor
        ] == []

    def test_beginning_twice_begins_one(self, biller: Biller) -> None:
        subscription, wallet = a_running_subscription(biller.paid_at()), biller.a_wallet()
        first, second = (biller.billing.begin(subscription, wallet, soon()) for _ in range(2))
        assert first.billing_ref == second.billing_ref
        assert biller.count_begun(wallet) == 1

    def test_after_a_lost_answer_the_next_begin_finds_the_same(self, biller: Biller) -> None:
        subscription, wallet = a_running_subscription(biller.paid_at()), biller.a_wallet()
        biller.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            biller.billing.begin(subscription, wallet, soon())
        assert biller.billing.begin(subscription, wallet, soon()).item_id == subscription.item_id
        assert biller.count_begun(wallet) == 1

    def test_two_subscriptions_of_one_customer_are_billed_apart(self, biller: Biller) -> None:
        wallet = biller.a_wallet()
        assert self.begin(biller, wallet).billing_ref != self.begin(biller, wallet).billing_ref
        assert biller.count_begun(wallet) == 2

    def test_an_account_without_a_method_waits_for_one(self, biller: Biller) -> None:
        wallet = biller.a_wallet()
        wallet.default_ref = None
        with pytest.raises(NotYet):
            biller.billing.begin(a_running_subscription(biller.paid_at()), wallet, soon())
        assert biller.count_begun(wallet) == 0

    def test_nothing_is_sent_when_no_time_is_left(self, biller: Biller) -> None:
        wallet, over = biller.a_wallet(), Deadline(time.monotonic(), time.monotonic)
        with pytest.raises(RetryLater):
            biller.billing.begin(a_running_subscription(biller.paid_at()), wallet, over)
        assert biller.count_begun(wallet) == 0

    @pytest.mark.parametrize("call", ["read", "resume"])
    def test_billing_that_the_provider_does_not_know_is_for_a_person(self, biller: Biller, call: str) -> None:
        with pytest.raises(NeedsPerson):
            getattr(biller.billing, call)("sub_nobody", soon())

    # ------------------------------------------------------------------ periods

    def test_each_period_is_billed_from_the_end_of_the_last(self, biller: Biller) -> None:
        """31 January, 28 February, 31 March: no month is lost, and no day."""
        subscription = a_running_subscription(biller.paid_at())
        stands = biller.billing.begin(subscription, biller.a_wallet(), soon())
        assert subscription.anchor
        ends = [whole(subscription.cycle.term.end(subscription.anchor, n)) for n in (1, 2, 3, 4)]
        for start, end in pairwise(ends):
            biller.turn(stands.billing_ref)
            invoice = self.newest(biller, stands.billing_ref)
            assert (invoice.reason, invoice.status) == (InvoiceReason.CYCLE, InvoiceStatus.PAID)
            assert invoice.cycle == CycleLine(price=STARTER, period_start=start, period_end=end)
            assert self.read(biller, stands.billing_ref).period_end == end

    def test_a_paid_invoice_says_what_was_collected_and_by_what(self, biller: Biller) -> None:
        stands = self.begin(biller)
        biller.turn(stands.billing_ref)
        biller.turn(stands.billing_ref)
        *_, first, second = biller.billing.invoices(stands.billing_ref, soon())
        assert first.invoice_ref != second.invoice_ref
        assert first.payment_ref and second.payment_ref and first.payment_ref != second.payment_ref
        for invoice in (first, second):
            assert (invoice.total, invoice.collected, invoice.attempts) == (STARTER, STARTER, 1)
            assert (invoice.item_id, invoice.billing_ref) == (stands.item_id, stands.billing_ref)
            assert not (invoice.in_flight or invoice.needs_customer or invoice.next_attempt_at)

    # ------------------------------------------------------------------ declines

    def past_due(self, biller: Biller) -> tuple[Wallet, InvoiceStands]:
        """A renewal that the bank has refused."""
        wallet = biller.a_wallet()
        stands = self.begin(biller, wallet)
        biller.decline_next(wallet, stands.billing_ref)
        biller.turn(stands.billing_ref)
        return wallet, self.newest(biller, stands.billing_ref)

    def test_a_declined_renewal_stays_open_and_is_tried_again(self, biller: Biller) -> None:
        _, invoice = self.past_due(biller)
        assert (invoice.status, invoice.attempts, invoice.total) == (InvoiceStatus.OPEN, 1, STARTER)
        assert invoice.collected == Money.zero("USD")
        assert invoice.next_attempt_at and invoice.why
        assert self.read(biller, invoice.billing_ref).status is BillingStatus.PAST_DUE

    def test_paid_at_once_it_is_active_again(self, biller: Biller) -> None:
        wallet, invoice = self.past_due(biller)
        biller.mend(wallet, invoice.billing_ref)
        first, second = (biller.billing.pay(invoice.invoice_ref, "pay:1", soon()) for _ in range(2))
        assert first == second
        assert (first.status, first.collected) == (InvoiceStatus.PAID, STARTER)
        assert self.read(biller, invoice.billing_ref).status is BillingStatus.ACTIVE

    def test_a_try_that_is_declined_once_more_leaves_it_open(self, biller: Biller) -> None:
        wallet, invoice = self.past_due(biller)
        biller.decline_next(wallet, invoice.billing_ref)
        tried = biller.billing.pay(invoice.invoice_ref, "pay:2", soon())
        assert (tried.status, tried.attempts) == (InvoiceStatus.OPEN, 2)
        assert tried.why

    def test_paying_what_is_paid_changes_nothing(self, biller: Biller) -> None:
        stands = self.begin(biller)
        biller.turn(stands.billing_ref)
        paid = self.newest(biller, stands.billing_ref)
        assert biller.billing.pay(paid.invoice_ref, "pay:3", soon()) == paid

    # ------------------------------------------------------------------ calling off

    def test_called_off_at_the_periods_end_it_is_billed_no_further(self, biller: Biller) -> None:
        stands = self.begin(biller)
        for _ in range(2):
            called_off = biller.billing.cancel(stands.billing_ref, at_period_end=True, deadline=soon())
            assert (called_off.status, called_off.cancel_at_period_end) == (BillingStatus.ACTIVE, True)
            assert called_off.period_end == stands.period_end
        before = biller.billing.invoices(stands.billing_ref, soon())
        biller.turn(stands.billing_ref)
        assert self.read(biller, stands.billing_ref).status is BillingStatus.ENDED
        assert biller.billing.invoices(stands.billing_ref, soon()) == before

    def test_that_can_be_taken_back_until_then(self, biller: Biller) -> None:
        stands = self.begin(biller)
        biller.billing.cancel(stands.billing_ref, at_period_end=True, deadline=soon())
        for _ in range(2):
            resumed = biller.billing.resume(stands.billing_ref, soon())
            assert (resumed.status, resumed.cancel_at_period_end) == (BillingStatus.ACTIVE, False)
        biller.turn(stands.billing_ref)
        assert self.newest(biller, stands.billing_ref).status is InvoiceStatus.PAID

    def test_ended_at_once_it_stays_so(self, biller: Biller) -> None:
        stands = self.begin(biller)
        for at_period_end in (False, False, True):
            ended = biller.billing.cancel(stands.billing_ref, at_period_end=at_period_end, deadline=soon())
            assert ended.status is BillingStatus.ENDED
        with pytest.raises(Refused):
            biller.billing.resume(stands.billing_ref, soon())

    # ------------------------------------------------------------------ another plan

    def test_another_plan_is_prorated_on_the_next_invoice(self, biller: Biller) -> None:
        stands = self.begin(biller)
        before = biller.billing.invoices(stands.billing_ref, soon())
        pro = biller.billing.ensure_price("pro", "Pro", Cycle.MONTHLY, PRO, soon())
        for _ in range(2):
            changed = biller.billing.change_plan(stands.billing_ref, pro, "change:1", soon())
            assert (changed.plan, changed.price, changed.period_end) == ("pro", PRO, stands.period_end)
        assert biller.billing.invoices(stands.billing_ref, soon()) == before
        biller.turn(stands.billing_ref)
        invoice = self.newest(biller, stands.billing_ref)
        assert invoice.cycle and invoice.cycle.price == PRO
        assert invoice.status is InvoiceStatus.PAID
        # nearly all of the period was left
        assert PRO + (PRO - STARTER) - Money(2, "USD") <= invoice.collected <= PRO + (PRO - STARTER)

    def test_a_price_of_another_cycle_is_refused(self, biller: Biller) -> None:
        stands = self.begin(biller)
        yearly = biller.billing.ensure_price("pro", "Pro", Cycle.YEARLY, PRO, soon())
        with pytest.raises(Refused):
            biller.billing.change_plan(stands.billing_ref, yearly, "change:2", soon())

    # ------------------------------------------------------------------ notifications

    def test_an_old_notification_tells_how_it_stands_now(self, biller: Biller) -> None:
        stands = self.begin(biller)
        body = biller.told(stands.billing_ref)
        biller.billing.cancel(stands.billing_ref, at_period_end=False, deadline=soon())
        reading = biller.interpret(body)
        (fact,) = reading.facts
        assert isinstance(fact, BillingStands)
        assert (fact.status, fact.item_id) == (BillingStatus.ENDED, stands.item_id)
        assert fact.as_of >= stands.as_of
        assert reading.installation == biller.installation
        assert {stands.billing_ref, stands.customer_ref} <= reading.refs

    def test_a_notification_of_an_invoice_tells_all_of_it(self, biller: Biller) -> None:
        stands = self.begin(biller)
        biller.turn(stands.billing_ref)
        invoice = self.newest(biller, stands.billing_ref)
        reading = biller.interpret(biller.told_of_invoice(invoice.invoice_ref))
        assert list(reading.facts) == [invoice]
        assert {invoice.invoice_ref, stands.billing_ref} <= reading.refs
        assert reading.installation == biller.installation

    def test_what_another_installation_bills_is_none_of_ours(self, biller: Biller) -> None:
        stands = biller.stranger.begin(a_running_subscription(biller.paid_at()), biller.a_wallet(), soon())
        reading = biller.interpret(biller.told(stands.billing_ref))
        assert reading.installation != biller.installation
        assert not reading.facts
