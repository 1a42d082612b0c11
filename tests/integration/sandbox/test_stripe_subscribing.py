"""Checkout in subscription mode: paid on a page first, subscribed then, renewed by the card of the page."""

from typing import Any

import pytest
import requests
import stripe

from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually
from tests.integration.sandbox.subscribers import Clock, a_customer, a_price, has_card, invoices, told

METADATA = {"installation": "inst_1", "item_id": "item_1"}


def a_page(sandbox: Sandbox, **more: Any) -> Any:
    """A session on which somebody subscribes at 10.00 USD a month."""
    line = {"price": a_price(sandbox), "quantity": 1}
    wanted: Any = {"mode": "subscription", "line_items": [line], "success_url": "http://shop.test/thanks"}
    wanted |= {"metadata": {"payment": "pay_1"}, "subscription_data": {"metadata": METADATA}}
    return sandbox.api.checkout.sessions.create(wanted | more)


def test_a_paid_page_is_a_subscription_with_its_first_invoice(sandbox: Sandbox, endpoint: Endpoint) -> None:
    customer = a_customer(sandbox, None)
    session = a_page(sandbox, customer=customer.id)
    assert (session.amount_total, session.subscription, session.payment_status) == (1000, None, "unpaid")

    assert sandbox.act(session, "pay").json()["status"] == "complete"

    expand: Any = {"expand": ["subscription.default_payment_method", "invoice.payments"]}
    paid: Any = sandbox.api.checkout.sessions.retrieve(session.id, expand)
    assert (paid.payment_status, paid.payment_intent) == ("paid", None)
    assert (paid.subscription.status, paid.subscription.metadata.to_dict()) == ("active", METADATA)
    assert paid.subscription.default_payment_method.customer == customer.id
    assert (paid.invoice.billing_reason, paid.invoice.amount_paid) == ("subscription_create", 1000)
    intents = sandbox.state()["payment_intents"]
    assert [intent["id"] for intent in intents] == [paid.invoice["payments"].data[0].payment.payment_intent]
    assert told(sandbox, "customer.subscription", "invoice.p", "checkout") == [
        "invoice.paid", "invoice.payment_succeeded", "customer.subscription.created", "checkout.session.completed",
    ]  # fmt: skip
    eventually(lambda: "checkout.session.completed" in endpoint.types())


def test_who_is_unknown_becomes_a_customer(sandbox: Sandbox) -> None:
    session = a_page(sandbox, customer_email="aline@example.rw")
    sandbox.act(session, "pay")
    (customer,) = sandbox.state()["customers"]
    assert (customer["email"], customer["currency"]) == ("aline@example.rw", "usd")
    assert sandbox.api.subscriptions.list({"customer": customer["id"]}).data[0].status == "active"


def test_a_declined_card_subscribes_to_nothing_and_another_pays_once(sandbox: Sandbox) -> None:
    session = a_page(sandbox)
    assert sandbox.act(session, "decline").json()["status"] == "open"
    assert sandbox.state()["subscriptions"] == sandbox.state()["invoices"] == []
    assert "declined" in requests.get(session.url, timeout=10).text

    sandbox.act(session, "pay")

    assert [intent["status"] for intent in sandbox.state()["payment_intents"]] == ["succeeded"]
    assert len(sandbox.state()["customers"]) == 1
    assert sandbox.act(session, "pay").status_code == 409


def test_a_bank_may_ask_first(sandbox: Sandbox) -> None:
    session = a_page(sandbox)
    answer = requests.post(
        session.url, data={"act": "pay", "card": "4000002760003184"}, allow_redirects=False, timeout=10
    )
    assert sandbox.state()["subscriptions"] == []

    act = {"act": "authenticate"}
    onward = requests.post(answer.headers["Location"], data=act, allow_redirects=False, timeout=10)
    assert onward.headers["Location"] == "http://shop.test/thanks"

    assert [found["status"] for found in sandbox.state()["subscriptions"]] == ["active"]
    assert sandbox.api.checkout.sessions.retrieve(session.id).status == "complete"


def test_the_pages_card_pays_the_renewals(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-31T10:00")
    customer = a_customer(sandbox, None, test_clock=clock.id)
    sandbox.act(a_page(sandbox, customer=customer.id), "pay")
    (subscription,) = sandbox.api.subscriptions.list({"customer": customer.id}).data

    clock.move("2027-02-28T11:30")
    assert [invoice.status for invoice in invoices(sandbox, subscription)] == ["paid", "paid"]
    has_card(sandbox, customer, "pm_card_chargeCustomerFail")
    clock.move("2027-03-31T11:30")
    assert [invoice.status for invoice in invoices(sandbox, subscription)] == ["paid"] * 3


def test_a_trial_saves_the_card_and_asks_for_nothing(sandbox: Sandbox) -> None:
    session = a_page(sandbox, subscription_data={"trial_period_days": 14})
    assert (session.amount_total, session.payment_status) == (0, "no_payment_required")
    sandbox.act(session, "pay")
    (subscription,) = sandbox.state()["subscriptions"]
    assert subscription["status"] == "trialing"
    assert subscription["default_payment_method"]
    assert sandbox.state()["payment_intents"] == []


def test_a_page_that_expires_leaves_nothing_to_pay(sandbox: Sandbox) -> None:
    session = a_page(sandbox)
    sandbox.act(session, "decline")
    assert sandbox.act(session, "expire").json()["status"] == "expired"
    assert [intent["status"] for intent in sandbox.state()["payment_intents"]] == ["canceled"]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"payment_intent_data": {"metadata": {"a": "b"}}}, "payment_intent_data"),
        ({"mode": "payment"}, "subscription_data"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
        ({"line_items": [{"quantity": 1}]}, "line_items[0][price]"),
        ({"line_items": [{"price_data": {"currency": "usd", "unit_amount": 1, "product_data": {"name": "A"}},
                          "quantity": 1}]}, "items[0][price]"),
    ],
)  # fmt: skip
def test_what_stripe_would_refuse_is_refused(sandbox: Sandbox, given: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        a_page(sandbox, **given)
    assert refusal.value.param == param
