"""The page of an invoice in the sandbox's Stripe, on which a person pays it."""

from typing import Any

import pytest
import requests

from tests.integration.sandbox.harness import Sandbox
from tests.integration.sandbox.subscribers import (
    Clock,
    a_customer,
    a_subscription,
    has_card,
    invoices,
    subscription_of,
)

ASKING, DECLINED, GOOD = "4000002760003184", "4000000000000002", "5555 5555 5555 4444"


@pytest.fixture
def owed(sandbox: Sandbox) -> tuple[Clock, Any, Any]:
    """An invoice of 15 February that the card on file did not pay, and its subscription."""
    clock = Clock(sandbox, "2027-01-15T10:00")
    customer = a_customer(sandbox, test_clock=clock.id)
    subscription = a_subscription(sandbox, customer)
    has_card(sandbox, customer, "pm_card_chargeCustomerFail")
    clock.move("2027-02-15T11:30")
    return clock, subscription, invoices(sandbox, subscription)[1]


def press(url: str, act: str, **form: str) -> requests.Response:
    return requests.post(url, data={"act": act, **form}, allow_redirects=False, timeout=10)


def test_another_card_pays_it_and_the_next_ones(sandbox: Sandbox, owed: tuple[Clock, Any, Any]) -> None:
    clock, subscription, invoice = owed
    page = requests.get(invoice.hosted_invoice_url, timeout=10).text
    assert "10.00 USD" in page
    assert "Your card was declined" in page

    assert press(invoice.hosted_invoice_url, "pay_on_file").status_code == 200
    assert press(invoice.hosted_invoice_url, "pay", card=DECLINED).status_code == 200
    assert sandbox.api.invoices.retrieve(invoice.id).attempt_count == 3
    assert "has been paid" in press(invoice.hosted_invoice_url, "pay", card=GOOD).text

    now = subscription_of(sandbox, subscription)
    assert (now.status, sandbox.api.invoices.retrieve(invoice.id).status) == ("active", "paid")
    assert sandbox.api.payment_methods.retrieve(now.default_payment_method).card.last4 == "4444"
    clock.move("2027-03-15T11:30")
    assert invoices(sandbox, subscription)[2].status == "paid"
    assert press(invoice.hosted_invoice_url, "pay", card=GOOD).status_code == 409


def test_a_bank_may_ask_and_leads_back(sandbox: Sandbox, owed: tuple[Clock, Any, Any]) -> None:
    _, subscription, invoice = owed
    asked = press(invoice.hosted_invoice_url, "pay", card=ASKING)
    assert subscription_of(sandbox, subscription).status == "past_due"

    back = press(asked.headers["Location"], "authenticate")

    assert back.headers["Location"].startswith(invoice.hosted_invoice_url)
    assert subscription_of(sandbox, subscription).status == "active"
    assert sandbox.api.invoices.retrieve(invoice.id).status_transitions.paid_at == invoice.created + 5400


def test_programs_play_the_customer_too(sandbox: Sandbox, owed: tuple[Clock, Any, Any]) -> None:
    _, _, invoice = owed
    act = f"/stripe/invoices/{invoice.id}"
    assert sandbox.control("POST", f"{act}/decline").json()["status"] == "open"
    assert sandbox.control("POST", f"{act}/pay", {"card": "pm_card_visa"}).json()["status"] == "paid"
    assert sandbox.control("POST", f"{act}/pay").status_code == 409
    assert sandbox.control("POST", f"{act}/burn").status_code == 404


def test_the_control_page_shows_what_is_subscribed_to_and_owed(sandbox: Sandbox, owed: tuple[Clock, Any, Any]) -> None:
    _, subscription, invoice = owed
    page = requests.get(sandbox.settings["SANDBOX_CONTROL_URL"], headers={"Accept": "text/html"}, timeout=10).text
    for shown in (subscription.id, invoice.number, invoice.hosted_invoice_url, "1000 usd / month"):
        assert shown in page
    ended = sandbox.control("POST", f"/stripe/subscriptions/{subscription.id}/cancel_at_period_end").json()
    assert ended["cancel_at_period_end"]
    assert not sandbox.control("POST", f"/stripe/subscriptions/{subscription.id}/keep").json()["cancel_at_period_end"]
    assert sandbox.control("POST", f"/stripe/subscriptions/{subscription.id}/cancel").json()["status"] == "canceled"
