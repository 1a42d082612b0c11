"""The in-memory provider bills as the contract says, and plays what only it can play."""

from datetime import datetime, timedelta

import pytest

from billing.adapters.memory.billing import MemoryBilling
from billing.adapters.memory.gateway import MemoryGateway
from billing.application.ports import Reading
from billing.domain.errors import Conflict
from billing.domain.facts import (
    BillingStands,
    BillingStatus,
    Fact,
    InvoiceReason,
    InvoiceStands,
    InvoiceStatus,
    PaymentSucceeded,
    RefundSucceeded,
)
from billing.domain.money import Money
from billing.domain.offer import Cycle
from billing.domain.payment import Payment
from billing.domain.refund import RefundCause
from billing.domain.wallet import Wallet
from tests.builders import NOW, a_domain, a_hosting, a_wallet, an_order
from tests.contracts.payment_gateway import soon
from tests.contracts.recurring_billing import PRO, STARTER, Biller, RecurringBillingContract, a_running_subscription


class MemoryBiller(Biller):
    def __init__(self) -> None:
        self.time = NOW
        self.installation = "ins_ours"
        self.gateway = MemoryGateway(installation=lambda: self.installation, now=self.now)
        self.billing: MemoryBilling = self.billing_of(self.gateway, self.installation)
        other = MemoryGateway(installation=lambda: "ins_other", now=self.now)
        self.stranger: MemoryBilling = self.billing_of(other, "ins_other")
        self.stranger.books = self.billing.books
        self.wallets = 0

    def billing_of(self, gateway: MemoryGateway, installation: str) -> MemoryBilling:
        return MemoryBilling(gateway, installation=lambda: installation, now=self.now, clock=self.now)

    def now(self) -> datetime:
        return self.time

    def paid_at(self) -> datetime:
        return self.time

    def a_wallet(self) -> Wallet:
        self.wallets += 1
        wallet = a_wallet(f"wal_{self.wallets}", customer_ref=f"account_{self.wallets}")
        wallet.keep("mth_1", "card_1", NOW)
        return wallet

    def turn(self, billing_ref: str) -> None:
        self.billing.desk.turn(billing_ref)

    def decline_next(self, wallet: Wallet, billing_ref: str) -> None:
        self.billing.desk.decline(billing_ref)

    def mend(self, wallet: Wallet, billing_ref: str) -> None:
        self.billing.books.declines.clear()

    def told(self, billing_ref: str) -> bytes:
        return self.billing.desk.notification(billing_ref)

    def told_of_invoice(self, invoice_ref: str) -> bytes:
        return self.billing.desk.invoice_notification(invoice_ref)

    def interpret(self, body: bytes) -> Reading:
        return self.gateway.interpret(body, soon())

    def lose_next_answer(self) -> None:
        self.billing.lose_answer()

    def count_begun(self, wallet: Wallet) -> int:
        return sum(bill.customer_ref == wallet.customer_ref for bill in self.billing.books.bills.values())

    def hear(self, told: list[bytes]) -> list[Fact]:
        """What the newest notifications say, one fact each."""
        return [fact for body in told for fact in self.interpret(body).facts]


@pytest.fixture
def biller() -> MemoryBiller:
    return MemoryBiller()


def a_started_hosting(biller: MemoryBiller, **options: str) -> Payment:
    """A page on which somebody pays hosting that renews by itself, and nothing else."""
    order = an_order(a_hosting(auto_renew=True))
    payment = order.open_attempt("pay_1", "memory", options, NOW, NOW + timedelta(hours=2))
    biller.gateway.start(order, payment, soon())
    return payment


class TestMemoryBilling(RecurringBillingContract):
    def bill(self, biller: MemoryBiller) -> str:
        """Hosting that is billed from now on; its id."""
        return self.begin(biller).billing_ref

    # ------------------------------------------------------------------ begun with its first payment

    def test_hosting_that_is_paid_by_its_account_is_billed_from_then_on(self, biller: MemoryBiller) -> None:
        payment = a_started_hosting(biller, customer_ref="account_1")
        paid, stands = biller.hear([biller.gateway.pay(payment.id)])
        assert isinstance(paid, PaymentSucceeded) and isinstance(stands, BillingStands)
        assert paid.billing_ref == stands.billing_ref
        assert (stands.item_id, stands.customer_ref) == ("itm_ord_1_0", "account_1")
        assert f"{stands.period_end:%d %b}" == "28 Feb"
        (invoice,) = biller.billing.invoices(stands.billing_ref, soon())
        assert (invoice.reason, invoice.payment_ref) == (InvoiceReason.FIRST, paid.payment_ref)
        assert invoice.collected == paid.received == STARTER
        assert list(biller.gateway.check(payment, soon())) == [paid, stands]

    def test_without_an_account_it_is_paid_once(self, biller: MemoryBiller) -> None:
        payment = a_started_hosting(biller)
        (paid,) = biller.hear([biller.gateway.pay(payment.id)])
        assert isinstance(paid, PaymentSucceeded)
        assert paid.billing_ref is None

    def test_in_company_it_is_paid_once(self, biller: MemoryBiller) -> None:
        order = an_order(a_domain(), a_hosting(auto_renew=True))
        payment = order.open_attempt("pay_1", "memory", {"customer_ref": "account_1"}, NOW, NOW + timedelta(hours=2))
        biller.gateway.start(order, payment, soon())
        assert len(biller.hear([biller.gateway.pay(payment.id)])) == 1

    # ------------------------------------------------------------------ time and banks

    def test_the_clock_is_caught_up_with_period_by_period(self, biller: MemoryBiller) -> None:
        ref = self.bill(biller)
        assert biller.billing.desk.catch_up() == []
        biller.time += timedelta(days=62)
        told = biller.hear(biller.billing.desk.catch_up())
        invoices = [fact for fact in told if isinstance(fact, InvoiceStands)]
        assert [f"{one.cycle.period_end:%d %b}" for one in invoices if one.cycle] == ["31 Mar", "30 Apr"]
        assert biller.billing.desk.catch_up() == []
        assert biller.billing.read(ref, soon()).period_end > biller.time

    def test_what_wants_the_customers_consent_says_so(self, biller: MemoryBiller) -> None:
        ref = self.bill(biller)
        biller.billing.desk.ask_customer(ref)
        stands, invoice = biller.hear(biller.billing.desk.turn(ref))
        assert isinstance(stands, BillingStands) and stands.status is BillingStatus.PAST_DUE
        assert isinstance(invoice, InvoiceStands) and invoice.needs_customer

    @pytest.mark.parametrize(("why_not", "status"), [(None, InvoiceStatus.PAID), ("closed", InvoiceStatus.OPEN)])
    def test_a_slow_method_is_in_flight_until_it_is_settled(
        self, biller: MemoryBiller, why_not: str | None, status: InvoiceStatus
    ) -> None:
        ref = self.bill(biller)
        biller.billing.desk.collect_slowly(ref)
        biller.billing.desk.turn(ref)
        invoice = self.newest(biller, ref)
        assert (invoice.in_flight, invoice.status) == (True, InvoiceStatus.OPEN)
        biller.billing.desk.settle(invoice.invoice_ref, why_not)
        settled = self.newest(biller, ref)
        assert (settled.in_flight, settled.status) == (False, status)
        with pytest.raises(Conflict):
            biller.billing.desk.settle(invoice.invoice_ref)

    def test_after_the_last_try_it_ends(self, biller: MemoryBiller) -> None:
        ref = self.bill(biller)
        biller.billing.desk.decline(ref, times=2)
        biller.billing.desk.turn(ref)
        invoice_ref = self.newest(biller, ref).invoice_ref
        biller.billing.desk.retry(invoice_ref)
        stands, invoice = biller.hear(biller.billing.desk.give_up(invoice_ref))
        assert isinstance(stands, BillingStands) and stands.status is BillingStatus.ENDED
        assert isinstance(invoice, InvoiceStands)
        assert (invoice.status, invoice.attempts) == (InvoiceStatus.UNCOLLECTIBLE, 2)

    def test_what_was_collected_can_be_paid_back(self, biller: MemoryBiller) -> None:
        ref = self.bill(biller)
        biller.billing.desk.turn(ref)
        invoice = self.newest(biller, ref)
        order = an_order(a_hosting())
        payment = order.open_attempt("pay_9", "memory", {}, NOW, NOW)
        payment.bind(None, invoice.payment_ref)
        payment.succeed(invoice.collected)
        refund = payment.open_refund("ref_9", STARTER, RefundCause.REQUESTED, NOW)
        for _ in range(2):
            (fact,) = biller.gateway.refund(payment, refund, soon())
            assert isinstance(fact, RefundSucceeded)
            assert fact.payment_ref == invoice.payment_ref

    # ------------------------------------------------------------------ people at the desk

    def test_a_credit_is_used_up_first(self, biller: MemoryBiller) -> None:
        ref = self.bill(biller)
        biller.billing.desk.credit(ref, Money(600, "USD"))
        for collected, payments in ((0, 0), (398, 1)):
            biller.billing.desk.turn(ref)
            invoice = self.newest(biller, ref)
            assert (invoice.total, invoice.collected.minor) == (STARTER, collected)
            assert (invoice.status, bool(invoice.payment_ref)) == (InvoiceStatus.PAID, bool(payments))

    def test_the_rest_of_a_dearer_price_is_credited(self, biller: MemoryBiller) -> None:
        ref = self.begin(biller, price=PRO).billing_ref
        biller.time += timedelta(days=14)
        starter = biller.billing.ensure_price("starter", "Starter", Cycle.MONTHLY, STARTER, soon())
        biller.billing.change_plan(ref, starter, "change:1", soon())
        biller.billing.desk.turn(ref)
        # half of the period was left: 499 of 999 back, 250 of 499 anew
        assert self.newest(biller, ref).collected == STARTER - Money(500 - 250, "USD")

    @pytest.mark.parametrize("status", [BillingStatus.PAUSED, BillingStatus.UNKNOWN])
    def test_what_the_desk_does_is_told(self, biller: MemoryBiller, status: BillingStatus) -> None:
        (stands,) = biller.hear(biller.billing.desk.put(self.bill(biller), status))
        assert isinstance(stands, BillingStands) and stands.status is status

    def test_while_paused_nothing_is_billed(self, biller: MemoryBiller) -> None:
        ref = self.bill(biller)
        biller.billing.desk.put(ref, BillingStatus.PAUSED)
        biller.billing.desk.turn(ref)
        assert biller.billing.invoices(ref, soon()) == []

    def test_a_trial_bills_nothing_until_it_ends_and_counts_from_there(self, biller: MemoryBiller) -> None:
        ref, until = self.bill(biller), NOW + timedelta(days=90)
        (stands,) = biller.hear(biller.billing.desk.try_out(ref, until))
        assert isinstance(stands, BillingStands)
        assert (stands.status, stands.period_end) == (BillingStatus.TRIALING, until)
        biller.billing.desk.turn(ref)
        cycle = self.newest(biller, ref).cycle
        assert cycle and cycle.period_start == until

    def test_a_price_of_the_desk_is_of_no_plan(self, biller: MemoryBiller) -> None:
        (stands,) = biller.hear(biller.billing.desk.reprice(self.bill(biller), Money(1, "USD")))
        assert isinstance(stands, BillingStands)
        assert (stands.price, stands.plan, stands.cycle) == (Money(1, "USD"), None, None)

    def test_an_invoice_by_hand_bills_no_period(self, biller: MemoryBiller) -> None:
        _, invoice = biller.hear(biller.billing.desk.charge(self.bill(biller), Money(700, "USD")))
        assert isinstance(invoice, InvoiceStands)
        assert (invoice.reason, invoice.cycle, invoice.collected) == (InvoiceReason.OTHER, None, Money(700, "USD"))

    def test_a_voided_invoice_is_owed_no_more(self, biller: MemoryBiller) -> None:
        ref = self.bill(biller)
        biller.billing.desk.decline(ref)
        biller.billing.desk.turn(ref)
        stands, invoice = biller.hear(biller.billing.desk.void(self.newest(biller, ref).invoice_ref))
        assert isinstance(stands, BillingStands) and stands.status is BillingStatus.ACTIVE
        assert isinstance(invoice, InvoiceStands) and invoice.status is InvoiceStatus.VOID

    def test_what_has_ended_is_left_alone(self, biller: MemoryBiller) -> None:
        ref = self.bill(biller)
        biller.billing.desk.cancel(ref, at_period_end=False)
        with pytest.raises(Conflict):
            biller.billing.desk.turn(ref)

    def test_periods_of_an_older_subscription_go_on_from_where_they_are(self, biller: MemoryBiller) -> None:
        subscription = a_running_subscription(NOW)
        subscription.renew(1, NOW, timedelta())
        stands = biller.billing.begin(subscription, biller.a_wallet(), soon())
        assert stands.period_end == subscription.current_period_end
