"""Stripe Billing against a Stripe that answers over sockets, keeps test clocks, and signs what it sends."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from billing.application.outcomes import AccountRefused, NeedsPerson, NotYet, Refused
from billing.domain.facts import (
    BillingStands,
    BillingStatus,
    InvoiceStands,
    InvoiceStatus,
    RefundFact,
    RefundSucceeded,
)
from billing.domain.money import Money
from billing.domain.offer import Cycle
from billing.domain.payment import Payment
from billing.domain.refund import RefundCause
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.contracts.recurring_billing import PRO, STARTER, RecurringBillingContract, a_running_subscription
from tests.integration.sandbox.harness import Endpoint, Sandbox
from tests.integration.stripe_billers import PAID_AT, StripeBiller
from tests.integration.stripe_providers import now


@pytest.fixture(scope="module")
def biller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeBiller]:
    endpoint = Endpoint()
    sandbox = Sandbox(tmp_path_factory.mktemp("stripe"), endpoint.url)
    yield StripeBiller(sandbox, endpoint)
    sandbox.stop()
    endpoint.close()


class TestStripeBilling(RecurringBillingContract):
    def newest_from_the_desk(self, biller: StripeBiller, stands: BillingStands, **changed: Any) -> BillingStands:
        """Somebody changes it in Stripe's dashboard; how it stands then, as the event of that tells it."""
        params: Any = changed
        biller.sandbox.api.subscriptions.update(stands.billing_ref, params)
        body = biller.told_where("customer.subscription.updated", lambda told: told["id"] == stands.billing_ref)
        (fact,) = biller.interpret(body).facts
        assert isinstance(fact, BillingStands)
        return fact

    # ------------------------------------------------------------------ prices and products

    def test_a_plan_is_shown_under_its_name_and_ours(self, biller: StripeBiller) -> None:
        ref = biller.billing.ensure_price("shown", "Shown", Cycle.YEARLY, Money(7000, "RWF"), soon())
        price = biller.sandbox.api.prices.retrieve(ref, {"expand": ["product"]})
        assert isinstance(price.product, stripe.Product) and price.recurring
        assert (price.unit_amount, price.currency, price.recurring.interval) == (7000, "rwf", "year")
        assert price.lookup_key == "ins_ours:shown:yearly:RWF:7000"
        assert price.product.name == "Shown"
        biller.billing.ensure_price("shown", "Shown anew", Cycle.YEARLY, Money(7000, "RWF"), soon())
        assert biller.sandbox.api.products.retrieve(price.product.id).name == "Shown anew"

    def test_what_was_archived_is_put_on_sale_again(self, biller: StripeBiller) -> None:
        def ensure() -> str:
            return biller.billing.ensure_price("archived", "Archived", Cycle.MONTHLY, STARTER, soon())

        price = biller.sandbox.api.prices.retrieve(ensure())
        biller.sandbox.api.prices.update(price.id, {"active": False})
        biller.sandbox.api.products.update(str(price.product), {"active": False})
        assert ensure() == price.id
        assert biller.sandbox.api.prices.retrieve(price.id).active
        assert biller.sandbox.api.products.retrieve(str(price.product)).active

    def test_a_new_price_of_an_archived_plan_can_be_sold_too(self, biller: StripeBiller) -> None:
        first = biller.billing.ensure_price("renewed", "Renewed", Cycle.MONTHLY, STARTER, soon())
        product = str(biller.sandbox.api.prices.retrieve(first).product)
        biller.sandbox.api.products.update(product, {"active": False})
        second = biller.billing.ensure_price("renewed", "Renewed", Cycle.MONTHLY, PRO, soon())
        assert biller.sandbox.api.prices.retrieve(second).product == product
        assert biller.sandbox.api.products.retrieve(product).active

    def test_a_key_that_was_given_to_another_sum_is_for_a_person(self, biller: StripeBiller) -> None:
        ref = biller.billing.ensure_price("moved", "Moved", Cycle.MONTHLY, STARTER, soon())
        dearer = biller.billing.ensure_price("moved", "Moved", Cycle.MONTHLY, PRO, soon())
        key = str(biller.sandbox.api.prices.retrieve(ref).lookup_key)
        biller.sandbox.api.prices.update(dearer, {"lookup_key": key, "transfer_lookup_key": True})
        with pytest.raises(NeedsPerson, match="999"):
            biller.billing.ensure_price("moved", "Moved", Cycle.MONTHLY, STARTER, soon())

    # ------------------------------------------------------------------ beginning

    def test_it_bears_our_ids_and_its_customer_the_method(self, biller: StripeBiller) -> None:
        subscription, wallet = a_running_subscription(PAID_AT), biller.a_wallet()
        other = biller.sandbox.api.payment_methods.attach("pm_card_visa", {"customer": str(wallet.customer_ref)})
        wallet.keep("mth_2", other.id, PAID_AT)
        wallet.make_default(other.id)
        stands = biller.billing.begin(subscription, wallet, soon())
        held = biller.sandbox.api.subscriptions.retrieve(stands.billing_ref, {"expand": ["customer"]})
        assert held.metadata.to_dict() == {
            "installation": "ins_ours",
            "item_id": subscription.item_id,
            "subscription_id": subscription.id,
        }
        assert isinstance(held.customer, stripe.Customer) and held.customer.invoice_settings
        assert held.customer.invoice_settings.default_payment_method == other.id
        assert held.default_payment_method is None

    def test_29_february_is_billed_on_the_28th_until_the_next_leap_year(self, biller: StripeBiller) -> None:
        clock = biller.clock("2028-02-29T09:30:07")
        paid_at = datetime(2028, 2, 29, 9, 30, tzinfo=UTC)
        stands = biller.billing.begin(a_running_subscription(paid_at, Cycle.YEARLY), biller.wallet_by(clock), soon())
        ends = [stands.period_end]
        for _ in range(3):
            biller.turn(stands.billing_ref)
            ends.append(self.read(biller, stands.billing_ref).period_end)
        assert [f"{end:%Y-%m-%d}" for end in ends] == ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]

    @pytest.mark.parametrize("seconds", [-60, 0])
    def test_by_a_clock_that_is_behind_it_would_be_charged_at_once_and_waits(
        self, biller: StripeBiller, seconds: int
    ) -> None:
        clock = biller.clock(f"{PAID_AT + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}")
        wallet = biller.wallet_by(clock)
        with pytest.raises(NotYet) as wait:
            biller.billing.begin(a_running_subscription(PAID_AT), wallet, soon())
        assert wait.value.after == timedelta(seconds=1 - seconds)
        assert biller.count_begun(wallet) == 0

    def test_after_the_paid_period_a_person_says_from_when(self, biller: StripeBiller) -> None:
        wallet = biller.wallet_by(biller.clock("2027-03-01T00:00:00"))
        with pytest.raises(NeedsPerson, match="2027-02-28"):
            biller.billing.begin(a_running_subscription(PAID_AT), wallet, soon())
        assert biller.count_begun(wallet) == 0

    def test_a_later_period_is_taken_over_at_its_end_as_well(self, biller: StripeBiller) -> None:
        subscription = a_running_subscription(PAID_AT)
        subscription.renew(2, PAID_AT, timedelta())
        stands = biller.billing.begin(subscription, biller.wallet_by(biller.clock("2027-04-02T00:00:00")), soon())
        assert stands.period_end == subscription.current_period_end
        biller.turn(stands.billing_ref)
        assert f"{self.read(biller, stands.billing_ref).period_end:%d %b}" == "31 May"

    def test_a_wrong_key_is_no_customers_failure(self, biller: StripeBiller) -> None:
        with pytest.raises(AccountRefused, match="API key"):
            biller.billing_of("ins_ours", api_key="sk_test_wrong").read("sub_1", soon())

    # ------------------------------------------------------------------ the dashboard

    def test_a_day_on_which_it_ends_is_followed_and_taken_back(self, biller: StripeBiller) -> None:
        stands = self.begin(biller)
        last_day = int((stands.period_end - timedelta(days=2)).timestamp())
        assert self.newest_from_the_desk(biller, stands, cancel_at=last_day).cancel_at_period_end
        assert not biller.billing.resume(stands.billing_ref, soon()).cancel_at_period_end

    def test_a_pause_is_followed(self, biller: StripeBiller) -> None:
        paused = self.newest_from_the_desk(biller, self.begin(biller), pause_collection={"behavior": "void"})
        assert (paused.status, paused.why) == (BillingStatus.PAUSED, "collection is paused: void")

    def test_a_price_of_the_dashboard_is_of_no_plan(self, biller: StripeBiller) -> None:
        stands = self.begin(biller)
        (item,) = biller.sandbox.api.subscriptions.retrieve(stands.billing_ref)["items"].data
        product = str(item.price.product)
        own: Any = {"currency": "usd", "product": product, "recurring": {"interval": "month"}, "unit_amount": 1}
        changed = self.newest_from_the_desk(biller, stands, items=[{"id": item.id, "price_data": own}])
        assert (changed.plan, changed.price) == (None, Money(1, "USD"))

    def test_a_second_item_is_nobodys_plan(self, biller: StripeBiller) -> None:
        stands = self.begin(biller)
        pro = biller.billing.ensure_price("pro", "Pro", Cycle.MONTHLY, PRO, soon())
        changed = self.newest_from_the_desk(biller, stands, items=[{"price": pro}])
        assert (changed.plan, changed.price) == (None, STARTER + PRO)
        with pytest.raises(NeedsPerson, match="more than one"):
            biller.billing.change_plan(stands.billing_ref, pro, "change:9", soon())

    def test_cancelled_there_it_has_ended_and_says_why(self, biller: StripeBiller) -> None:
        stands = self.begin(biller)
        biller.sandbox.api.subscriptions.cancel(stands.billing_ref)
        body = biller.told_where("customer.subscription.deleted", lambda told: told["id"] == stands.billing_ref)
        (fact,) = biller.interpret(body).facts
        assert isinstance(fact, BillingStands)
        assert (fact.status, fact.why) == (BillingStatus.ENDED, "cancellation_requested")

    # ------------------------------------------------------------------ invoices

    def turned(self, biller: StripeBiller, stands: BillingStands) -> InvoiceStands:
        """The next period's invoice."""
        biller.turn(stands.billing_ref)
        return self.newest(biller, stands.billing_ref)

    def test_the_time_until_the_paid_period_is_over_has_no_invoice(self, biller: StripeBiller) -> None:
        assert not biller.billing.invoices(self.begin(biller).billing_ref, soon())

    def test_what_wants_the_customers_consent_says_so(self, biller: StripeBiller) -> None:
        wallet = biller.a_wallet()
        stands = self.begin(biller, wallet)
        biller.pay_with(wallet, "pm_card_authenticationRequired")
        invoice = self.turned(biller, stands)
        assert (invoice.status, invoice.needs_customer) == (InvoiceStatus.OPEN, True)
        body = biller.told_where("invoice.payment_action_required", lambda told: told["id"] == invoice.invoice_ref)
        assert list(biller.interpret(body).facts) == [invoice]

    def test_a_credit_is_used_up_first(self, biller: StripeBiller) -> None:
        stands = self.begin(biller)
        biller.sandbox.api.customers.balance_transactions.create(
            stands.customer_ref, {"amount": -600, "currency": "usd"}
        )
        first, second = self.turned(biller, stands), self.turned(biller, stands)
        assert [one.total for one in (first, second)] == [STARTER, STARTER]
        assert [one.collected for one in (first, second)] == [Money.zero("USD"), Money(398, "USD")]
        assert (first.payment_ref, bool(second.payment_ref)) == (None, True)

    def test_the_period_is_found_among_many_lines(self, biller: StripeBiller) -> None:
        stands = self.begin(biller)
        for _ in range(12):
            biller.sandbox.api.invoice_items.create(
                {"customer": stands.customer_ref, "subscription": stands.billing_ref, "amount": 1, "currency": "usd"}
            )
        invoice = self.turned(biller, stands)
        assert invoice.cycle and invoice.cycle.price == STARTER
        assert invoice.collected == STARTER + Money(12, "USD")

    def test_one_that_was_voided_is_owed_no_more(self, biller: StripeBiller) -> None:
        _, invoice = self.past_due(biller)
        biller.sandbox.api.invoices.void_invoice(invoice.invoice_ref)
        body = biller.told_where("invoice.voided", lambda told: told["id"] == invoice.invoice_ref)
        (fact,) = biller.interpret(body).facts
        assert isinstance(fact, InvoiceStands) and fact.status is InvoiceStatus.VOID
        assert biller.billing.pay(invoice.invoice_ref, "pay:9", soon()) == fact

    def test_a_draft_cannot_be_paid_and_is_not_shown(self, biller: StripeBiller) -> None:
        stands = self.begin(biller)
        shown = biller.billing.invoices(stands.billing_ref, soon())
        within_the_hour = stands.period_end + timedelta(minutes=10)
        biller.clocks[stands.customer_ref].move(f"{within_the_hour:%Y-%m-%dT%H:%M:%S}")
        (draft,) = biller.sandbox.api.invoices.list({"subscription": stands.billing_ref, "status": "draft"}).data
        assert biller.billing.invoices(stands.billing_ref, soon()) == shown
        with pytest.raises(Refused, match="draft"):
            biller.billing.pay(str(draft.id), "pay:8", soon())

    # ------------------------------------------------------------------ money back

    def a_renewal(self, biller: StripeBiller) -> Payment:
        """A renewal as the ledger knows it."""
        invoice = self.turned(biller, self.begin(biller))
        _, payment = an_order_to_pay(now(), "stripe")
        payment.bind(None, invoice.payment_ref)
        payment.succeed(invoice.collected)
        return payment

    def test_what_a_renewal_has_brought_can_be_paid_back(self, biller: StripeBiller) -> None:
        payment = self.a_renewal(biller)
        refund = payment.open_refund("ref_renewed", Money(200, "USD"), RefundCause.REQUESTED, now())
        for _ in range(2):
            (fact,) = biller.provider.gateway.refund(payment, refund, soon())
            assert isinstance(fact, RefundSucceeded)
        assert len(biller.sandbox.api.refunds.list({"payment_intent": str(payment.payment_ref)}).data) == 1

    def test_a_refund_of_it_in_the_dashboard_is_ours(self, biller: StripeBiller) -> None:
        payment = self.a_renewal(biller)
        made = biller.sandbox.api.refunds.create({"payment_intent": str(payment.payment_ref), "amount": 100})
        for type in ("refund.created", "charge.refunded"):
            body = biller.told_where(type, lambda told: told["payment_intent"] == payment.payment_ref)
            reading = biller.interpret(body)
            assert reading.installation == "ins_ours"
            (fact,) = reading.facts
            assert isinstance(fact, RefundFact)
            assert (fact.payment_ref, fact.refund_ref, fact.amount) == (payment.payment_ref, made.id, Money(100, "USD"))
