"""Pages of the sandbox's Stripe on which cards are saved: setup mode, payment mode, the customer portal."""

from typing import Any

import pytest
import requests
import stripe

from tests.integration.sandbox.harness import Endpoint, Sandbox, an_order, eventually


@pytest.fixture
def customer(sandbox: Sandbox) -> str:
    return sandbox.api.customers.create({"email": "shop@example.com", "name": "A. Customer"}).id


def a_setup(**more: Any) -> Any:
    return {
        "mode": "setup",
        "currency": "rwf",
        "success_url": "http://shop.test/saved?session={CHECKOUT_SESSION_ID}",
        "metadata": {"wallet": "wal_1"},
        "setup_intent_data": {"metadata": {"wallet": "wal_1"}},
        **more,
    }


def cards_of(sandbox: Sandbox, customer: str) -> list[str]:
    return [method.id for method in sandbox.api.payment_methods.list({"customer": customer}).data]


def test_a_setup_session_saves_a_card(sandbox: Sandbox, endpoint: Endpoint, customer: str) -> None:
    session = sandbox.api.checkout.sessions.create(a_setup(customer=customer))
    assert (session.status, session.payment_status, session.amount_total) == ("open", "no_payment_required", None)
    assert session.url
    assert "Save a card" in requests.get(session.url, timeout=10).text
    answer = requests.post(session.url, data={"act": "pay"}, allow_redirects=False, timeout=10)
    assert answer.headers["Location"] == f"http://shop.test/saved?session={session.id}"

    done: Any = sandbox.api.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent.payment_method"]})

    assert (done.status, done.payment_intent, done.setup_intent.status) == ("complete", None, "succeeded")
    assert done.setup_intent.metadata["wallet"] == "wal_1"
    assert cards_of(sandbox, customer) == [done.setup_intent.payment_method.id]
    eventually(
        lambda: (
            {"setup_intent.succeeded", "payment_method.attached", "checkout.session.completed"} <= set(endpoint.types())
        )
    )
    assert sandbox.act(session, "pay").status_code == 409


def test_a_setup_session_stays_open_after_a_decline_until_it_expires(
    sandbox: Sandbox, endpoint: Endpoint, customer: str
) -> None:
    session = sandbox.api.checkout.sessions.create(a_setup(customer=customer))
    assert sandbox.act(session, "decline").json()["status"] == "open"
    assert sandbox.act(session, "pay_async").status_code == 409
    assert sandbox.act(session, "expire").json()["status"] == "expired"
    eventually(lambda: {"setup_intent.setup_failed", "setup_intent.canceled"} <= set(endpoint.types()))
    assert cards_of(sandbox, customer) == []


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"line_items": an_order()["line_items"]}, "line_items"),
        ({"payment_intent_data": {"metadata": {"a": "b"}}}, "payment_intent_data"),
        ({"customer": "cus_none"}, "customer"),
        ({"mode": "gift"}, "mode"),
    ],
)
def test_what_a_setup_session_has_not_is_refused(sandbox: Sandbox, given: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.api.checkout.sessions.create(a_setup(**given))
    assert refusal.value.param == param
    assert sandbox.state()["setup_intents"] == []


def test_a_setup_session_needs_a_currency(sandbox: Sandbox) -> None:
    wanted = a_setup()
    del wanted["currency"]
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.api.checkout.sessions.create(wanted)
    assert refusal.value.param == "currency"


@pytest.mark.parametrize("card", ["4242424242424242", "pm_card_authenticationRequiredOnSetup"])
def test_a_paid_session_saves_the_card_that_is_wanted_again(sandbox: Sandbox, customer: str, card: str) -> None:
    intent = {"setup_future_usage": "off_session", "metadata": {"payment": "pay_1"}}
    session = sandbox.api.checkout.sessions.create(an_order(customer=customer, payment_intent_data=intent))
    paid = sandbox.control("POST", f"/stripe/sessions/{session.id}/pay", {"card": card}).json()
    if paid["status"] == "open":
        assert sandbox.control("POST", f"/stripe/intents/{paid['payment_intent']}/authenticate").ok

    (method,) = cards_of(sandbox, customer)

    again: Any = {"amount": 500, "currency": "rwf", "customer": customer, "payment_method": method}
    again |= {"off_session": True, "confirm": True}
    assert sandbox.api.payment_intents.create(again).status == "succeeded"


def test_a_paid_session_saves_nothing_unasked(sandbox: Sandbox, customer: str) -> None:
    session = sandbox.api.checkout.sessions.create(an_order(customer=customer))
    assert sandbox.act(session, "pay").json()["payment_status"] == "paid"
    assert cards_of(sandbox, customer) == []


def test_a_card_saved_for_nobody_known_makes_a_customer(sandbox: Sandbox) -> None:
    intent = {"setup_future_usage": "off_session"}
    session = sandbox.api.checkout.sessions.create(
        an_order(customer_email="new@example.com", payment_intent_data=intent)
    )
    made = sandbox.act(session, "pay").json()["customer"]
    assert sandbox.api.customers.retrieve(made).email == "new@example.com"
    assert len(cards_of(sandbox, made)) == 1


def test_a_number_that_is_no_card_is_refused_on_the_page(sandbox: Sandbox) -> None:
    session = sandbox.api.checkout.sessions.create(an_order())
    assert session.url
    answer = requests.post(session.url, data={"act": "pay", "card": "1234 5678 9012 3456"}, timeout=10)
    assert answer.status_code == 402
    assert "card number is incorrect" in answer.text
    assert sandbox.state()["payment_intents"] == []


def test_the_intent_of_a_session_ends_with_it(sandbox: Sandbox, endpoint: Endpoint) -> None:
    session = sandbox.api.checkout.sessions.create(an_order())
    intent = sandbox.act(session, "decline").json()["payment_intent"]
    with pytest.raises(stripe.InvalidRequestError, match="Expire the session"):
        sandbox.api.payment_intents.cancel(intent)
    sandbox.api.checkout.sessions.expire(session.id)
    assert sandbox.api.payment_intents.retrieve(intent).status == "canceled"
    eventually(lambda: {"payment_intent.canceled", "checkout.session.expired"} <= set(endpoint.types()))


def test_the_portal_shows_cards_and_changes_them(sandbox: Sandbox, customer: str) -> None:
    first = sandbox.api.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    portal = sandbox.api.billing_portal.sessions.create({"customer": customer, "return_url": "http://shop.test/me"})
    assert portal.customer == customer
    page = requests.get(portal.url, timeout=10).text
    assert "visa •••• 4242" in page
    assert "http://shop.test/me" in page

    def act(**form: str) -> requests.Response:
        return requests.post(portal.url, data=form, timeout=10)

    assert "mastercard •••• 4444" in act(act="add", card="5555555555554444").text
    assert act(act="add", card="4000000000000002").status_code == 402
    assert act(act="make_default", method=first).ok
    settings: Any = sandbox.api.customers.retrieve(customer).invoice_settings
    assert settings.default_payment_method == first
    assert act(act="remove", method=first).ok
    assert len(cards_of(sandbox, customer)) == 1
    assert act(act="remove", method=first).status_code == 404


def test_a_portal_is_for_customers_only(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        sandbox.api.billing_portal.sessions.create({"customer": "cus_none"})


def test_a_bank_issues_a_card_anew(sandbox: Sandbox, endpoint: Endpoint, customer: str) -> None:
    method = sandbox.api.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    renewed = sandbox.control("POST", f"/stripe/payment_methods/{method}/renew", {"exp_year": 2040}).json()
    assert (renewed["id"], renewed["card"]["exp_year"]) == (method, 2040)
    (event,) = eventually(
        lambda: [event for event in endpoint.events() if event["type"] == "payment_method.automatically_updated"]
    )
    assert event["data"]["previous_attributes"] == {"card": {"exp_year": 2034}}

    dead = {"number": "4000000000000341"}
    assert sandbox.control("POST", f"/stripe/payment_methods/{method}/renew", dead).json()["card"]["last4"] == "0341"
    charge: Any = {"amount": 500, "currency": "rwf", "customer": customer, "payment_method": method}
    with pytest.raises(stripe.CardError):
        sandbox.api.payment_intents.create({**charge, "off_session": True, "confirm": True})
