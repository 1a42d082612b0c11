"""A saved method charged at Stripe: what is asked, and what each answer proves."""

from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import responses

from billing.adapters.stripe_gateway import StripeGateway
from billing.adapters.stripe_gateway.charges import charge_params, charged
from billing.adapters.stripe_gateway.objects import About
from billing.application.outcomes import NeedsPerson, OutcomeUnknown, Refused
from billing.domain.facts import (
    Fact,
    PaymentCancelled,
    PaymentExpired,
    PaymentFailed,
    PaymentNeedsCustomer,
    PaymentPending,
    PaymentSucceeded,
)
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.payment import Payment
from tests.builders import NOW
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.unit.adapters.test_stripe_errors import a_gateway, error

INTENTS = "https://api.stripe.com/v1/payment_intents"
IDS: About = {"payment_id": "pay_1", "session_ref": None, "payment_ref": "pi_1"}
DECLINE = {"code": "card_declined", "decline_code": "do_not_honor", "message": "No."}
CONSENT = {"code": "authentication_required", "decline_code": "authentication_required", "message": "Ask."}


@pytest.fixture
def gateway() -> StripeGateway:
    return a_gateway()


def to_charge() -> tuple[Order, Payment]:
    order, payment = an_order_to_pay(NOW, "stripe")
    payment.options = {"customer_ref": "cus_1", "method_ref": "pm_1", "email": "aline@example.rw"}
    return order, payment


def an_intent(payment: Payment, status: str, **details: Any) -> dict[str, Any]:
    ours = {"installation": "ins_ours", "payment_id": payment.id, "off_session": "yes"}
    intent = {"id": "pi_1", "object": "payment_intent", "currency": "usd", "metadata": ours, "status": status}
    return intent | {"amount_received": 1800 if status == "succeeded" else 0, "last_payment_error": None} | details


def declined(intent: dict[str, Any], code: str = "card_declined") -> dict[str, Any]:
    return {"error": {"type": "card_error", "code": code, "message": "No.", "payment_intent": intent}}


@pytest.mark.parametrize(
    ("status", "last", "fact"),
    [
        ("succeeded", None, PaymentSucceeded),
        ("canceled", None, PaymentCancelled),
        ("processing", None, PaymentPending),
        ("requires_action", None, PaymentNeedsCustomer),
        ("requires_payment_method", CONSENT, PaymentNeedsCustomer),
        ("requires_payment_method", DECLINE, PaymentFailed),
        ("requires_payment_method", None, PaymentFailed),
        ("something_new", None, PaymentPending),
    ],
)
def test_an_intent_tells_where_it_stands(status: str, last: dict[str, str] | None, fact: type) -> None:
    intent = {"id": "pi_1", "status": status, "last_payment_error": last, "amount_received": 1800, "currency": "usd"}
    assert type(charged(intent, IDS)) is fact


# ---------------------------------------------------------------------- what is asked of Stripe


def test_the_method_is_charged_off_session_with_our_ids_under_the_payments_key(
    api: responses.RequestsMock, gateway: StripeGateway
) -> None:
    order, payment = to_charge()
    api.post(INTENTS, json=an_intent(payment, "succeeded"))
    gateway.start(order, payment, soon())
    (call,) = api.calls
    assert call.request.headers["Idempotency-Key"] == f"checkout:{payment.id}"
    asked = {name: value for name, (value,) in parse_qs(str(call.request.body)).items()}
    assert asked == {
        "amount": "1800",
        "currency": "usd",
        "customer": "cus_1",
        "payment_method": "pm_1",
        "off_session": "true",
        "confirm": "true",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
        "description": f"Order {order.number}",
        "metadata[installation]": "ins_ours",
        "metadata[order_id]": order.id,
        "metadata[payment_id]": payment.id,
        "metadata[off_session]": "yes",
    }


def test_a_payment_of_another_sum_than_the_items_is_not_charged() -> None:
    order, payment = to_charge()
    payment.amount = Money(1, "USD")
    with pytest.raises(Refused, match=r"18\.00 USD"):
        charge_params(order, payment, "ins_ours")


def test_a_method_of_nobody_is_not_charged() -> None:
    order, payment = to_charge()
    payment.options = {"method_ref": "pm_1"}
    with pytest.raises(Refused, match="customer_ref"):
        charge_params(order, payment, "ins_ours")


def test_what_was_refused_before_it_was_sent_was_not_charged(gateway: StripeGateway) -> None:
    _, payment = to_charge()
    payment.options = {"method_ref": "pm_1"}
    assert gateway.check(payment, soon()) == [PaymentExpired(payment_id=payment.id)]


# ---------------------------------------------------------------------- what the answer proves


@pytest.mark.parametrize(
    ("last", "code", "fact"),
    [
        (DECLINE, "card_declined", PaymentFailed(**IDS, why="do_not_honor: No.")),
        (CONSENT, "authentication_required", PaymentNeedsCustomer(**IDS, why="authentication_required: Ask.")),
    ],
)
def test_a_decline_tells_of_the_intent_in_it(
    api: responses.RequestsMock, gateway: StripeGateway, last: dict[str, str], code: str, fact: Fact
) -> None:
    order, payment = to_charge()
    payment.id = "pay_1"
    intent = an_intent(payment, "requires_payment_method", last_payment_error=last)
    api.post(INTENTS, status=402, json=declined(intent, code))
    started = gateway.start(order, payment, soon())
    assert (started.payment_ref, started.facts) == ("pi_1", (fact,))


def test_a_decline_without_an_intent_is_a_refusal(api: responses.RequestsMock, gateway: StripeGateway) -> None:
    api.post(INTENTS, status=402, json=error("card_error", "card_declined"))
    with pytest.raises(Refused, match="card_declined"):
        gateway.start(*to_charge(), soon())


def test_a_method_that_is_gone_at_stripe_is_a_refusal(api: responses.RequestsMock, gateway: StripeGateway) -> None:
    api.post(INTENTS, status=404, json=error(code="resource_missing", message="No such PaymentMethod"))
    with pytest.raises(Refused, match="gone: No such PaymentMethod"):
        gateway.start(*to_charge(), soon())


def test_another_refusal_says_why(api: responses.RequestsMock, gateway: StripeGateway) -> None:
    api.post(INTENTS, status=400, json=error(code="amount_too_small"))
    with pytest.raises(Refused, match="amount_too_small"):
        gateway.start(*to_charge(), soon())


@pytest.mark.parametrize("failure", [requests.ReadTimeout(), requests.ConnectionError("aborted")])
def test_a_charge_without_an_answer_may_have_been_made(
    api: responses.RequestsMock, gateway: StripeGateway, failure: Exception
) -> None:
    api.post(INTENTS, body=failure)
    with pytest.raises(OutcomeUnknown):
        gateway.start(*to_charge(), soon())


# ---------------------------------------------------------------------- asking and closing


def test_an_intent_whose_id_was_never_told_is_found_among_the_customers(
    api: responses.RequestsMock, gateway: StripeGateway
) -> None:
    _, payment = to_charge()
    other = an_intent(payment, "succeeded", id="pi_0", metadata={"installation": "ins_other", "payment_id": payment.id})
    listed = {"object": "list", "data": [other, an_intent(payment, "succeeded")], "has_more": True}
    api.get(INTENTS, json=listed, match=[responses.matchers.query_param_matcher({"customer": "cus_1", "limit": 100})])
    (fact,) = gateway.check(payment, soon())
    assert isinstance(fact, PaymentSucceeded)
    assert fact.payment_ref == "pi_1"


def test_it_is_found_behind_a_hundred_others_too(api: responses.RequestsMock, gateway: StripeGateway) -> None:
    _, payment = to_charge()
    other = an_intent(payment, "succeeded", id="pi_0", metadata={})
    api.get(INTENTS, json={"object": "list", "data": [other], "has_more": True})
    api.get(INTENTS, json={"object": "list", "data": [an_intent(payment, "succeeded")], "has_more": False})
    (fact,) = gateway.check(payment, soon())
    assert isinstance(fact, PaymentSucceeded)
    first, second = (call.request.params for call in api.calls)  # type: ignore[attr-defined]
    assert first == {"customer": "cus_1", "limit": "100"}
    assert second == first | {"starting_after": "pi_0"}


@pytest.mark.parametrize("call", ["check", "close"])
def test_where_stripe_has_none_nothing_was_charged(
    api: responses.RequestsMock, gateway: StripeGateway, call: str
) -> None:
    _, payment = to_charge()
    api.get(INTENTS, json={"object": "list", "data": [], "has_more": False})
    (fact,) = getattr(gateway, call)(payment, soon())
    assert fact == PaymentExpired(payment_id=payment.id)


def test_closing_cancels_the_intent(api: responses.RequestsMock, gateway: StripeGateway) -> None:
    _, payment = to_charge()
    payment.bind(None, "pi_1")
    api.post(f"{INTENTS}/pi_1/cancel", json=an_intent(payment, "canceled", cancellation_reason="abandoned"))
    (fact,) = gateway.close(payment, soon())
    assert isinstance(fact, PaymentCancelled)
    assert fact.why == "cancelled at Stripe: abandoned"


@pytest.mark.parametrize(
    ("status", "fact"),
    [("succeeded", PaymentSucceeded), ("canceled", PaymentCancelled), ("processing", PaymentPending)],
)
def test_an_intent_that_cannot_be_cancelled_tells_how_it_stands(
    api: responses.RequestsMock, gateway: StripeGateway, status: str, fact: type
) -> None:
    _, payment = to_charge()
    payment.bind(None, "pi_1")
    api.post(f"{INTENTS}/pi_1/cancel", status=400, json=error(code="payment_intent_unexpected_state"))
    api.get(f"{INTENTS}/pi_1", json=an_intent(payment, status))
    assert type(gateway.close(payment, soon())[0]) is fact


def test_an_intent_that_stripe_named_and_does_not_know_is_for_a_person(
    api: responses.RequestsMock, gateway: StripeGateway
) -> None:
    _, payment = to_charge()
    payment.bind(None, "pi_1")
    api.get(f"{INTENTS}/pi_1", status=404, json=error(code="resource_missing"))
    with pytest.raises(NeedsPerson):
        gateway.check(payment, soon())
