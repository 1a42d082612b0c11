"""3-D Secure in the sandbox's Stripe: a bank asks its cardholder, on a page or by a control call."""

from typing import Any

import pytest
import requests
import stripe

from tests.integration.sandbox.harness import Endpoint, Sandbox, an_order, eventually

SHOP = "http://shop.test/done?order=1"
ASKING = "pm_card_authenticationRequired"


def a_waiting_intent(sandbox: Sandbox, card: str = ASKING, **more: Any) -> stripe.PaymentIntent:
    wanted: Any = {"amount": 1299, "currency": "usd", "payment_method": card, "confirm": True, **more}
    return sandbox.api.payment_intents.create(wanted)


def answer(sandbox: Sandbox, intent: str, act: str) -> Any:
    done = sandbox.control("POST", f"/stripe/intents/{intent}/{act}")
    assert done.ok, done.text
    return done.json()


def test_a_person_completes_the_authentication_and_returns_to_the_shop(sandbox: Sandbox, endpoint: Endpoint) -> None:
    intent = a_waiting_intent(sandbox, return_url=SHOP)
    assert (intent.status, intent.latest_charge) == ("requires_action", None)
    assert intent.next_action
    assert intent.next_action.redirect_to_url
    assert intent.next_action.redirect_to_url.return_url == SHOP
    page = str(intent.next_action.redirect_to_url.url)
    assert "12.99 USD" in requests.get(page, timeout=10).text
    eventually(lambda: "payment_intent.requires_action" in endpoint.types())

    back = requests.post(page, data={"act": "authenticate"}, allow_redirects=False, timeout=10)

    assert back.status_code == 303
    assert back.headers["Location"].startswith(f"{SHOP}&payment_intent={intent.id}&payment_intent_client_secret=")
    assert back.headers["Location"].endswith("redirect_status=succeeded")
    paid: Any = sandbox.api.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert (paid.status, paid.next_action) == ("succeeded", None)
    assert paid.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"
    assert requests.post(page, data={"act": "authenticate"}, timeout=10).status_code == 409
    assert len(sandbox.state()["charges"]) == 1


def test_without_an_address_the_shops_script_is_led_to_the_page(sandbox: Sandbox) -> None:
    intent: Any = a_waiting_intent(sandbox)
    assert intent.next_action.type == "use_stripe_sdk"
    page = intent.next_action.use_stripe_sdk["stripe_js"]
    assert "this is succeeded" in requests.post(page, data={"act": "authenticate"}, timeout=10).text


def test_a_failed_authentication_can_be_confirmed_again(sandbox: Sandbox, endpoint: Endpoint) -> None:
    intent = a_waiting_intent(sandbox)
    failed = answer(sandbox, intent.id, "fail_authentication")
    assert (failed["status"], failed["latest_charge"]) == ("requires_payment_method", None)
    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    eventually(lambda: "payment_intent.payment_failed" in endpoint.types())
    assert sandbox.control("POST", f"/stripe/intents/{intent.id}/authenticate").status_code == 409

    again = sandbox.api.payment_intents.confirm(intent.id, {"payment_method": ASKING})
    assert again.status == "requires_action"
    assert answer(sandbox, intent.id, "authenticate")["status"] == "succeeded"


def test_an_off_session_refusal_is_confirmed_on_session(sandbox: Sandbox) -> None:
    customer = sandbox.api.customers.create({}).id
    method = sandbox.api.payment_methods.attach(ASKING, {"customer": customer}).id
    with pytest.raises(stripe.CardError) as refusal:
        a_waiting_intent(sandbox, method, customer=customer, off_session=True)
    error: Any = refusal.value.error
    intent = error.payment_intent.id
    assert sandbox.api.payment_intents.confirm(intent, {"payment_method": method}).status == "requires_action"
    assert answer(sandbox, intent, "authenticate")["status"] == "succeeded"


def test_a_bank_may_decline_whom_it_has_recognized(sandbox: Sandbox) -> None:
    intent = a_waiting_intent(sandbox, "pm_card_threeDSecureRequiredChargeDeclined")
    declined = answer(sandbox, intent.id, "authenticate")
    assert (declined["status"], declined["last_payment_error"]["code"]) == ("requires_payment_method", "card_declined")


def test_a_card_authenticated_when_it_was_saved_pays_in_absence(sandbox: Sandbox, endpoint: Endpoint) -> None:
    customer = sandbox.api.customers.create({}).id
    wanted: Any = {"customer": customer, "payment_method": "pm_card_authenticationRequiredOnSetup", "confirm": True}
    setup = sandbox.api.setup_intents.create(wanted)
    assert setup.status == "requires_action"
    eventually(lambda: "setup_intent.requires_action" in endpoint.types())
    failed = answer(sandbox, setup.id, "fail_authentication")
    assert failed["last_setup_error"]["code"] == "setup_intent_authentication_failure"
    eventually(lambda: "setup_intent.setup_failed" in endpoint.types())
    assert sandbox.api.payment_methods.list({"customer": customer}).data == []

    sandbox.api.setup_intents.confirm(setup.id, {"payment_method": "pm_card_authenticationRequiredOnSetup"})
    method = answer(sandbox, setup.id, "authenticate")["payment_method"]

    paid = a_waiting_intent(sandbox, method, customer=customer, off_session=True)
    assert paid.status == "succeeded"


def test_a_page_asks_the_bank_and_completes_when_it_has_answered(sandbox: Sandbox) -> None:
    session = sandbox.api.checkout.sessions.create(an_order())
    assert session.url
    form = {"act": "pay", "card": "4000 0027 6000 3184"}
    there = requests.post(session.url, data=form, allow_redirects=False, timeout=10).headers["Location"]
    assert "/c/authenticate/pi_" in there
    back = requests.post(there, data={"act": "fail_authentication"}, allow_redirects=False, timeout=10)
    assert back.headers["Location"] == session.url
    assert "failed authentication" in requests.get(session.url, timeout=10).text
    requests.post(session.url, data=form, allow_redirects=False, timeout=10)
    back = requests.post(there, data={"act": "authenticate"}, allow_redirects=False, timeout=10)
    assert back.headers["Location"] == f"http://shop.test/thanks?session={session.id}"
    assert sandbox.api.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_what_waits_for_no_bank_is_not_answered(sandbox: Sandbox) -> None:
    paid = a_waiting_intent(sandbox, "pm_card_visa")
    assert sandbox.control("POST", f"/stripe/intents/{paid.id}/authenticate").status_code == 409
    assert sandbox.control("POST", "/stripe/intents/pi_none/authenticate").status_code == 404
    assert sandbox.control("POST", f"/stripe/intents/{paid.id}/smile").status_code == 404
