"""A page on which hosting is paid that renews by itself: what is asked of Stripe, and what the page then proves."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billing.adapters.stripe_gateway import events
from billing.adapters.stripe_gateway.recurring_sessions import recurring_params, recurring_standing
from billing.application.outcomes import Refused
from billing.domain.facts import (
    BillingStands,
    BillingStatus,
    Fact,
    PaymentExpired,
    PaymentFailed,
    PaymentPending,
    PaymentSucceeded,
)
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.payment import Payment
from tests.builders import a_hosting, an_attempt, an_order

FIXTURES = Path(__file__).parents[2] / "fixtures" / "stripe"
INSTALLATION, PRICE = "ins_ours", "price_1"
OPTIONS = {
    "success_url": "https://shop.example/thanks",
    "email": "aline@example.rw",
    "customer_ref": "cus_Bill0000000001",
}
AS_OF = datetime(2027, 3, 1, tzinfo=UTC)
SUBSCRIPTION = json.loads((FIXTURES / "2026-10-28.endive.customer.subscription.created.json").read_text())["data"][
    "object"
]
SESSION = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "mode": "subscription",
    "status": "complete",
    "payment_status": "paid",
    "payment_intent": None,
    "amount_total": 499,
    "currency": "usd",
    "subscription": SUBSCRIPTION["id"],
    "invoice": "in_1",
    "metadata": {"installation": INSTALLATION, "payment_id": "pay_1"},
}
PAYMENTS = {"data": [{"status": "paid", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}}]}
FETCHED = SESSION | {"subscription": SUBSCRIPTION, "invoice": {"id": "in_1", "object": "invoice", "payments": PAYMENTS}}
PAID = PaymentSucceeded(
    payment_id="pay_1",
    session_ref="cs_test_1",
    payment_ref="pi_1",
    billing_ref=SUBSCRIPTION["id"],
    received=Money(499, "USD"),
)


def hosting_that_renews() -> tuple[Order, Payment]:
    order = an_order(a_hosting(auto_renew=True))
    payment = an_attempt(order)
    payment.options = OPTIONS
    return order, payment


# ---------------------------------------------------------------------- what is asked of Stripe


def params_of(order: Order, payment: Payment) -> Any:
    return recurring_params(order, order.items[0], payment, INSTALLATION, PRICE)


def test_the_body_of_a_start_is_made_of_what_is_stored() -> None:
    order, payment = hosting_that_renews()
    params = params_of(order, payment)
    ours = {"installation": INSTALLATION, "order_id": order.id, "payment_id": payment.id}
    assert (params["mode"], params["customer"]) == ("subscription", "cus_Bill0000000001")
    assert params["line_items"] == [{"price": PRICE, "quantity": 1}]
    assert params["metadata"] == ours
    assert params["subscription_data"]["metadata"] == {**ours, "item_id": order.items[0].id}
    assert not {"payment_intent_data", "customer_email", "payment_method_types"} & params.keys()
    assert params == params_of(order, payment)


def test_a_payment_of_another_sum_than_the_item_is_not_started() -> None:
    order, payment = hosting_that_renews()
    payment.amount = Money(1, "USD")
    with pytest.raises(Refused):
        params_of(order, payment)


# ---------------------------------------------------------------------- what it proves


def test_once_paid_it_tells_the_money_and_what_began() -> None:
    paid, stands = recurring_standing(FETCHED, INSTALLATION, AS_OF)
    assert paid == PAID
    assert isinstance(stands, BillingStands)
    assert (stands.billing_ref, stands.status, stands.as_of) == (SUBSCRIPTION["id"], BillingStatus.ACTIVE, AS_OF)


def test_of_several_tries_the_one_that_paid_is_what_a_refund_is_made_of() -> None:
    failed = {"status": "canceled", "payment": {"type": "payment_intent", "payment_intent": "pi_0"}}
    invoice = FETCHED["invoice"] | {"payments": {"data": [failed, *PAYMENTS["data"]]}}
    paid, _ = recurring_standing(FETCHED | {"invoice": invoice}, INSTALLATION, AS_OF)
    assert paid == PAID


def test_what_cost_nothing_has_no_intent() -> None:
    free = FETCHED | {"payment_status": "no_payment_required", "amount_total": 0, "invoice": None}
    paid, _ = recurring_standing(free, INSTALLATION, AS_OF)
    assert paid == replace(PAID, payment_ref=None, received=Money.zero("USD"))


@pytest.mark.parametrize(
    ("status", "payment_status", "began", "fact", "under_way"),
    [
        ("open", "unpaid", None, PaymentPending, False),
        ("expired", "unpaid", None, PaymentExpired, None),
        ("complete", "unpaid", "active", PaymentPending, True),
        ("complete", "unpaid", "incomplete", PaymentPending, True),
        ("complete", "unpaid", "past_due", PaymentFailed, None),
        ("complete", "unpaid", "incomplete_expired", PaymentFailed, None),
        ("complete", "something_new", "active", PaymentPending, True),
        ("something_new", "unpaid", None, PaymentPending, False),
    ],
)
def test_until_then_it_tells_where_it_stands(
    status: str, payment_status: str, began: str | None, fact: type, under_way: bool | None
) -> None:
    subscription = SUBSCRIPTION | {"status": began} if began else None
    told = FETCHED | {"status": status, "payment_status": payment_status, "subscription": subscription}
    (standing,) = recurring_standing(told, INSTALLATION, AS_OF)
    assert type(standing) is fact
    assert getattr(standing, "under_way", None) is under_way


# ---------------------------------------------------------------------- its events


class Account(events.Parents):
    """Answers with what began, and remembers who asked."""

    def __init__(self) -> None:
        self.asked = list[str]()

    def page(self, session_ref: str) -> list[Fact]:
        self.asked.append(session_ref)
        return list(recurring_standing(FETCHED, INSTALLATION, AS_OF))


def hear(type: str, account: Account, **changed: Any) -> Any:
    return events.read_event({"type": type, "data": {"object": SESSION | changed}}, INSTALLATION, account)


@pytest.mark.parametrize("type", ["checkout.session.completed", "checkout.session.async_payment_succeeded"])
def test_a_page_that_was_paid_is_asked_for_with_what_it_began(type: str) -> None:
    account = Account()
    reading = hear(type, account)
    assert list(reading.facts) == list(recurring_standing(FETCHED, INSTALLATION, AS_OF))
    assert account.asked == ["cs_test_1"]
    assert reading.refs >= {"cs_test_1", "in_1", SUBSCRIPTION["id"]}


@pytest.mark.parametrize(
    ("type", "changed", "fact"),
    [
        ("checkout.session.completed", {"payment_status": "unpaid"}, PaymentPending),
        ("checkout.session.expired", {"status": "expired"}, PaymentExpired),
        ("checkout.session.async_payment_failed", {"payment_status": "unpaid"}, PaymentFailed),
    ],
)
def test_one_that_was_not_speaks_for_itself(type: str, changed: dict[str, Any], fact: type) -> None:
    account = Account()
    (told,) = hear(type, account, **changed).facts
    assert isinstance(told, fact)
    assert account.asked == []


@pytest.mark.parametrize("metadata", [{}, {"installation": "ins_other", "payment_id": "pay_1"}])
def test_a_page_of_others_is_not_asked_for(metadata: dict[str, str]) -> None:
    account = Account()
    reading = hear("checkout.session.completed", account, metadata=metadata)
    assert (list(reading.facts), account.asked) == ([], [])
    assert reading.installation == metadata.get("installation")
