"""Charging saved cards in the sandbox's Stripe, and saving them by setup intents."""

from typing import Any

import pytest
import requests
import stripe

from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually


@pytest.fixture
def customer(sandbox: Sandbox) -> str:
    return sandbox.api.customers.create({}).id


def saved(sandbox: Sandbox, customer: str, card: str) -> str:
    return sandbox.api.payment_methods.attach(card, {"customer": customer}).id


def a_charge(customer: str, method: str, **more: Any) -> Any:
    return {
        "amount": 1299,
        "currency": "usd",
        "customer": customer,
        "payment_method": method,
        "off_session": True,
        "confirm": True,
        "metadata": {"payment": "pay_1"},
        **more,
    }


def test_a_saved_card_pays_off_session_as_often_as_it_is_asked(sandbox: Sandbox, customer: str) -> None:
    method = saved(sandbox, customer, "pm_card_visa")
    options: Any = {"idempotency_key": "checkout:pay_1"}
    first = sandbox.api.payment_intents.create(a_charge(customer, method), options)
    again = sandbox.api.payment_intents.create(a_charge(customer, method), options)
    other = sandbox.api.payment_intents.create(a_charge(customer, method))
    assert again.id == first.id != other.id
    assert (first.status, first.amount_received, first.payment_method) == ("succeeded", 1299, method)
    charge = sandbox.api.charges.retrieve(str(first.latest_charge))
    assert (charge.customer, charge.payment_method, charge.metadata["payment"]) == (customer, method, "pay_1")
    assert charge.payment_method_details
    assert charge.payment_method_details.card
    assert charge.payment_method_details.card.last4 == "4242"
    listed = sandbox.api.payment_intents.list({"customer": customer}).data
    assert [intent.id for intent in listed] == [other.id, first.id]


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        (
            "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
        ),
        ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
        ("pm_card_authenticationRequiredOnSetup", "authentication_required", "authentication_required"),
    ],
)
def test_a_saved_card_that_cannot_be_charged_leaves_the_intent_open(
    sandbox: Sandbox, endpoint: Endpoint, customer: str, card: str, code: str, decline_code: str
) -> None:
    method = saved(sandbox, customer, card)
    with pytest.raises(stripe.CardError) as refusal:
        sandbox.api.payment_intents.create(a_charge(customer, method))
    error: Any = refusal.value.error
    assert (error.code, error.decline_code) == (code, decline_code)
    assert error.payment_method.id == method
    intent = sandbox.api.payment_intents.retrieve(error.payment_intent.id)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error
    assert intent.last_payment_error.code == code
    (event,) = eventually(lambda: [e for e in endpoint.events() if e["type"] == "payment_intent.payment_failed"])
    assert event["data"]["object"]["last_payment_error"]["payment_method"]["id"] == method
    eventually(lambda: "charge.failed" in endpoint.types())

    assert sandbox.api.payment_intents.cancel(intent.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
        sandbox.api.payment_intents.confirm(intent.id, {"payment_method": method})


def test_a_card_set_up_before_its_bank_pays_off_session(sandbox: Sandbox, customer: str) -> None:
    method = saved(sandbox, customer, "pm_card_authenticationRequiredSetupForOffSession")
    assert sandbox.api.payment_intents.create(a_charge(customer, method)).status == "succeeded"


def test_a_card_whose_date_has_passed_is_declined(sandbox: Sandbox, customer: str) -> None:
    card: Any = {"type": "card", "card": {"number": "4242424242424242", "exp_month": 12, "exp_year": 2027}}
    method = saved(sandbox, customer, sandbox.api.payment_methods.create(card).id)
    sandbox.control("POST", "/clock/advance", {"seconds": 86_400 * 366 * 12})
    with pytest.raises(stripe.CardError) as refusal:
        sandbox.api.payment_intents.create(a_charge(customer, method))
    assert refusal.value.code == "expired_card"


def test_a_card_pays_once_unless_it_was_saved(sandbox: Sandbox, customer: str) -> None:
    wanted: Any = {"amount": 1299, "currency": "usd", "confirm": True}
    card: Any = {"number": "5555555555554444", "exp_month": 12, "exp_year": 2034}
    paid = sandbox.api.payment_intents.create(wanted | {"payment_method_data": {"type": "card", "card": card}})
    assert paid.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        sandbox.api.payment_intents.create(wanted | {"payment_method": str(paid.payment_method)})

    kept = wanted | {"customer": customer, "payment_method": "pm_card_visa", "setup_future_usage": "off_session"}
    first = sandbox.api.payment_intents.create(kept)
    assert sandbox.api.payment_methods.retrieve(str(first.payment_method)).customer == customer
    assert sandbox.api.payment_intents.create(a_charge(customer, str(first.payment_method))).status == "succeeded"


def test_a_method_of_a_customer_is_not_used_without_that_customer(sandbox: Sandbox, customer: str) -> None:
    method = saved(sandbox, customer, "pm_card_visa")
    wanted: Any = {"amount": 1299, "currency": "usd", "payment_method": method}
    with pytest.raises(stripe.InvalidRequestError, match="attached to a Customer"):
        sandbox.api.payment_intents.create(wanted)


def test_an_intent_is_changed_then_confirmed(sandbox: Sandbox) -> None:
    intent = sandbox.api.payment_intents.create({"amount": 1299, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        sandbox.api.payment_intents.confirm(intent.id)
    changed = sandbox.api.payment_intents.update(intent.id, {"amount": 1500, "payment_method": "pm_card_visa"})
    assert (changed.status, changed.amount) == ("requires_confirmation", 1500)
    assert sandbox.api.payment_intents.confirm(intent.id).amount_received == 1500


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"capture_method": "manual"}, "capture_method"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"off_session": True, "confirm": False}, "off_session"),
        ({"payment_method": "pm_none"}, "payment_method"),
        ({"customer": "cus_none"}, "customer"),
        ({"setup_future_usage": "sometimes"}, "setup_future_usage"),
        ({"tip": 1}, "tip"),
    ],
)
def test_what_stripe_would_refuse_is_refused(sandbox: Sandbox, given: dict[str, Any], param: str) -> None:
    wanted: Any = {"amount": 1299, "currency": "usd"}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.api.payment_intents.create(wanted | given)
    assert refusal.value.param == param
    assert sandbox.state()["payment_intents"] == []


def test_who_names_no_version_may_still_name_types(sandbox: Sandbox) -> None:
    """As Stripe's own command line does."""
    url, key = sandbox.settings["BILLING_STRIPE_API_BASE"], sandbox.settings["BILLING_STRIPE_API_KEY"]
    form = {"payment_method_types[]": "card", "payment_method": "pm_card_visa", "confirm": "true"}
    answer = requests.post(f"{url}/v1/setup_intents", data=form, auth=(key, ""), timeout=10)
    assert (answer.json()["status"], answer.headers["Stripe-Version"]) == ("succeeded", "2026-03-25.dahlia")
    named: Any = {"payment_method_types": ["card"]}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.api.setup_intents.create(named)
    assert refusal.value.code == "payment_method_types_no_longer_supported"
    allowed: Any = {"allowed_payment_method_types": ["card"]}
    assert sandbox.api.setup_intents.create(allowed).payment_method_types == ["card"]


def test_a_setup_intent_saves_a_card_for_its_customer(sandbox: Sandbox, endpoint: Endpoint, customer: str) -> None:
    intent = sandbox.api.setup_intents.create({"customer": customer, "metadata": {"wallet": "1"}})
    assert intent.status == "requires_payment_method"
    done = sandbox.api.setup_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert done.status == "succeeded"
    assert sandbox.api.payment_methods.retrieve(str(done.payment_method)).customer == customer
    wanted = {"setup_intent.created", "setup_intent.succeeded", "payment_method.attached"}
    eventually(lambda: wanted <= set(endpoint.types()))
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        sandbox.api.setup_intents.cancel(intent.id)
    listed = sandbox.api.setup_intents.list({"customer": customer}).data
    assert [found.id for found in listed] == [intent.id]


def test_a_setup_that_is_declined_can_be_tried_again_or_called_off(
    sandbox: Sandbox, endpoint: Endpoint, customer: str
) -> None:
    wanted: Any = {"customer": customer, "payment_method": "pm_card_chargeDeclined", "confirm": True}
    with pytest.raises(stripe.CardError) as refusal:
        sandbox.api.setup_intents.create(wanted)
    error: Any = refusal.value.error
    assert error.setup_intent.status == "requires_payment_method"
    assert error.setup_intent.last_setup_error.code == "card_declined"
    eventually(lambda: "setup_intent.setup_failed" in endpoint.types())
    canceled = sandbox.api.setup_intents.cancel(error.setup_intent.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    eventually(lambda: "setup_intent.canceled" in endpoint.types())
