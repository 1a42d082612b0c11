"""Pages of a Stripe over sockets on which hosting is paid that Stripe bills from then on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from billing.domain.facts import (
    BillingStands,
    BillingStatus,
    Fact,
    InvoiceReason,
    InvoiceStands,
    InvoiceStatus,
    PaymentExpired,
    PaymentPending,
    PaymentSucceeded,
    RefundSucceeded,
)
from billing.domain.money import Money
from billing.domain.offer import Cycle
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.domain.refund import RefundCause
from tests.builders import a_hosting, a_wallet, an_order
from tests.contracts.payment_gateway import soon
from tests.contracts.recurring_billing import STARTER
from tests.integration.sandbox.harness import Endpoint, Sandbox
from tests.integration.sandbox.subscribers import a_customer
from tests.integration.stripe_billers import PAID_AT, StripeBiller
from tests.integration.stripe_providers import now

_numbers = count(1)


@pytest.fixture(scope="module")
def biller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeBiller]:
    endpoint = Endpoint()
    sandbox = Sandbox(tmp_path_factory.mktemp("stripe"), endpoint.url)
    yield StripeBiller(sandbox, endpoint)
    sandbox.stop()
    endpoint.close()


def a_customer_by_clock(biller: StripeBiller, time: str = "2027-01-31T09:30:07") -> str:
    """Somebody without any card yet."""
    clock = biller.clock(time)
    customer = a_customer(biller.sandbox, None, test_clock=clock.id)
    biller.clocks[customer.id] = clock
    return customer.id


def an_attempt(biller: StripeBiller, cycle: Cycle = Cycle.MONTHLY, **options: str) -> tuple[Order, Payment]:
    """An order of hosting that renews by itself, to be paid on a page by a known account."""
    number, at = next(_numbers), now()
    order = an_order(a_hosting(cycle=cycle, auto_renew=True), order_id=f"ord_page_{number}", at=at)
    options = {"success_url": "https://shop.example/thanks", "email": "aline@example.rw", **options}
    options = {"customer_ref": a_customer_by_clock(biller), **options}
    return order, order.open_attempt(f"pay_page_{number}", "stripe", options, at, at + timedelta(hours=2))


def an_open_page(biller: StripeBiller, **options: str) -> Payment:
    """The page is there."""
    order, payment = an_attempt(biller, **options)
    started = biller.provider.gateway.start(order, payment, soon())
    payment.bind(started.session_ref, started.payment_ref)
    return payment


def a_paid_page(biller: StripeBiller, **options: str) -> tuple[Payment, PaymentSucceeded, BillingStands]:
    """Somebody has paid; what the page then proves."""
    payment = an_open_page(biller, **options)
    biller.provider.pay(payment)
    paid, stands = biller.provider.gateway.check(payment, soon())
    assert isinstance(paid, PaymentSucceeded) and isinstance(stands, BillingStands)
    return payment, paid, stands


def told(biller: StripeBiller, type: str, **wanted: Any) -> bytes:
    return biller.told_where(type, lambda document: wanted.items() <= document.items())


def untimed(facts: Any) -> list[Fact]:
    """Whenever they were asked for."""
    return [replace(fact, as_of=PAID_AT) if isinstance(fact, BillingStands) else fact for fact in facts]


def test_starting_twice_gives_one_page_at_the_catalogues_price(biller: StripeBiller) -> None:
    order, payment = an_attempt(biller)
    first, second = (biller.provider.gateway.start(order, payment, soon()) for _ in range(2))
    assert first == second
    assert first.redirect_url and first.payment_ref is None
    assert biller.provider.count_attempts(payment) == 1
    held = biller.sandbox.api.checkout.sessions.retrieve(str(first.session_ref))
    assert (held.mode, held.customer, held.amount_total) == ("subscription", payment.options["customer_ref"], 499)


def test_once_paid_it_tells_the_money_and_what_began(biller: StripeBiller) -> None:
    payment, paid, stands = a_paid_page(biller)
    assert (paid.payment_id, paid.session_ref, paid.received) == (payment.id, payment.session_ref, STARTER)
    assert paid.payment_ref and paid.billing_ref == stands.billing_ref
    assert (stands.status, stands.plan, stands.price) == (BillingStatus.ACTIVE, "starter", STARTER)
    assert stands.item_id == f"itm_{payment.order_id}_0"
    assert f"{stands.anchor:%d %b} {stands.period_end:%d %b}" == "31 Jan 28 Feb"


def test_its_event_says_what_a_check_says(biller: StripeBiller) -> None:
    payment, paid, stands = a_paid_page(biller)
    reading = biller.interpret(told(biller, "checkout.session.completed", id=payment.session_ref))
    assert untimed(reading.facts) == untimed([paid, stands])
    assert reading.installation == biller.installation
    assert reading.refs >= {payment.session_ref, paid.billing_ref}


def test_its_first_invoice_tells_the_same_money_and_renews_nothing(biller: StripeBiller) -> None:
    _, paid, stands = a_paid_page(biller)
    (first,) = biller.billing.invoices(stands.billing_ref, soon())
    assert (first.reason, first.collected, first.payment_ref) == (InvoiceReason.FIRST, STARTER, paid.payment_ref)
    reading = biller.interpret(told(biller, "invoice.paid", id=first.invoice_ref))
    assert list(reading.facts) == [first]
    assert reading.installation == biller.installation


def test_its_intent_bears_nothing_of_us_and_is_left_to_who_knows_its_id(biller: StripeBiller) -> None:
    payment, paid, _ = a_paid_page(biller)
    reading = biller.interpret(told(biller, "payment_intent.succeeded", id=paid.payment_ref))
    assert reading.installation is None
    assert paid.payment_ref in reading.refs
    assert payment.options["customer_ref"] not in reading.refs


def test_from_then_on_it_is_billed_as_any_other(biller: StripeBiller) -> None:
    """31 January, 28 February, 31 March, by Stripe's own anchor."""
    _, _, stands = a_paid_page(biller)
    renewed = []
    for _ in range(2):
        biller.turn(stands.billing_ref)
        renewed.append(biller.billing.invoices(stands.billing_ref, soon())[-1])
    assert [(one.reason, one.status) for one in renewed] == [(InvoiceReason.CYCLE, InvoiceStatus.PAID)] * 2
    assert [f"{one.cycle.period_end:%d %b}" for one in renewed if one.cycle] == ["31 Mar", "30 Apr"]


def test_the_card_of_the_page_makes_way_for_the_default(biller: StripeBiller) -> None:
    """Stripe writes the page's card on the subscription itself, where it would outlive every other."""
    payment, _, stands = a_paid_page(biller)
    account = payment.options["customer_ref"]
    wallet = a_wallet(customer_ref=account)
    other = biller.sandbox.api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": account})
    biller.methods().set_default(wallet, other.id, soon())
    biller.turn(stands.billing_ref)
    assert biller.billing.invoices(stands.billing_ref, soon())[-1].status is InvoiceStatus.OPEN


def test_another_plan_gives_back_what_was_paid_on_the_page(biller: StripeBiller) -> None:
    _, _, stands = a_paid_page(biller)
    pro = biller.billing.ensure_price("pro", "Pro", Cycle.MONTHLY, STARTER + STARTER, soon())
    biller.billing.change_plan(stands.billing_ref, pro, f"change:{stands.billing_ref}", soon())
    biller.turn(stands.billing_ref)
    invoice = biller.billing.invoices(stands.billing_ref, soon())[-1]
    assert isinstance(invoice, InvoiceStands)
    assert STARTER.times(3) - Money(2, "USD") <= invoice.collected <= STARTER.times(3)


def test_its_money_can_be_paid_back(biller: StripeBiller) -> None:
    payment, paid, _ = a_paid_page(biller)
    payment.bind(None, paid.payment_ref, paid.billing_ref)
    payment.succeed(paid.received)
    refund = payment.open_refund(f"ref_{payment.id}", Money(99, "USD"), RefundCause.REQUESTED, now())
    (fact,) = biller.provider.gateway.refund(payment, refund, soon())
    assert isinstance(fact, RefundSucceeded)
    (made,) = biller.sandbox.api.refunds.list({"payment_intent": str(paid.payment_ref)}).data
    assert made.amount == 99


def test_until_it_is_paid_nothing_is_decided_and_closed_it_began_nothing(biller: StripeBiller) -> None:
    payment = an_open_page(biller)
    biller.provider.decline(payment)
    assert isinstance(biller.provider.gateway.check(payment, soon())[0], PaymentPending)
    for _ in range(2):
        (fact,) = biller.provider.gateway.close(payment, soon())
        assert isinstance(fact, PaymentExpired)
    reading = biller.interpret(told(biller, "checkout.session.expired", id=payment.session_ref))
    assert list(reading.facts) == [fact]
    assert biller.sandbox.api.subscriptions.list({"customer": payment.options["customer_ref"]}).data == []


def test_closed_after_it_was_paid_it_tells_the_money(biller: StripeBiller) -> None:
    payment, paid, _ = a_paid_page(biller)
    assert biller.provider.gateway.close(payment, soon())[0] == paid


def test_without_an_account_it_is_paid_once(biller: StripeBiller) -> None:
    payment = an_open_page(biller, customer_ref="")
    biller.provider.pay(payment)
    (paid,) = biller.provider.gateway.check(payment, soon())
    assert isinstance(paid, PaymentSucceeded)
    assert paid.billing_ref is None
