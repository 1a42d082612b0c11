"""Every way in which a call to Stripe can go wrong, and what it means to a write and to a question."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeGateway
from billing.application.outcomes import AccountRefused, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Telemetry
from billing.domain.errors import BillingError
from billing.domain.facts import PaymentExpired, PaymentPending, PaymentSucceeded
from billing.domain.payment import Payment
from billing.domain.refund import Refund, RefundCause
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.unit.adapters.unanswered import UnansweredContract

SESSIONS = "https://api.stripe.com/v1/checkout/sessions"
KEY = "sk_test_example"
SESSION = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "amount_total": 1800,
    "currency": "usd",
    "metadata": {},
    "payment_intent": None,
    "payment_status": "unpaid",
    "status": "open",
    "url": "https://checkout.stripe.com/c/pay/cs_test_1",
}


def a_gateway(api_base: str | None = None, telemetry: Telemetry | None = None) -> StripeGateway:
    return StripeGateway(
        api_key=KEY,
        livemode=False,
        api_base=api_base,
        webhook_secrets=["whsec_example"],
        installation=lambda: "ins_ours",
        now=lambda: datetime(2026, 11, 2, tzinfo=UTC),
        telemetry=telemetry or MemoryTelemetry(),
    )


def a_started_payment() -> Payment:
    _, payment = an_order_to_pay(datetime(2026, 11, 2, tzinfo=UTC), "stripe")
    payment.bind("cs_test_1", None)
    return payment


def start(api: responses.RequestsMock, **answer: Any) -> BillingError:
    """How a start ends that is answered so."""
    api.post(SESSIONS, **answer)
    with pytest.raises(BillingError) as ended:
        a_gateway().start(*an_order_to_pay(datetime(2026, 11, 2, tzinfo=UTC), "stripe"), soon())
    return ended.value


def check(api: responses.RequestsMock, **answer: Any) -> BillingError:
    """How a check ends that is answered so."""
    api.get(f"{SESSIONS}/cs_test_1", **answer)
    with pytest.raises(BillingError) as ended:
        a_gateway().check(a_started_payment(), soon())
    return ended.value


def error(type: str = "invalid_request_error", code: str | None = None, message: str = "No.") -> dict[str, Any]:
    return {"error": {"type": type, "code": code, "message": message}}


# ---------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("status", "body", "written", "asked"),
    [
        (400, error(code="parameter_invalid_integer"), Refused, Refused),
        (402, error("card_error", "card_declined"), Refused, Refused),
        (404, error(code="resource_missing"), NeedsPerson, NeedsPerson),
        (400, error("idempotency_error"), NeedsPerson, NeedsPerson),
        (401, error(), AccountRefused, AccountRefused),
        (403, error(), RetryLater, RetryLater),
        (409, error(code="idempotency_key_in_use"), NotYet, NotYet),
        (429, error("rate_limit_error"), RetryLater, RetryLater),
        (400, error(code="rate_limit"), RetryLater, RetryLater),
        (424, error("api_error"), OutcomeUnknown, RetryLater),
        (500, error("api_error"), OutcomeUnknown, RetryLater),
        (503, error("api_error"), OutcomeUnknown, RetryLater),
    ],
)
def test_every_refusal_and_failure_has_one_meaning(
    api: responses.RequestsMock, status: int, body: dict[str, Any], written: type, asked: type
) -> None:
    assert type(start(api, status=status, json=body)) is written
    assert type(check(api, status=status, json=body)) is asked


@pytest.mark.parametrize(
    ("status", "written"),
    [(200, OutcomeUnknown), (400, OutcomeUnknown), (401, RetryLater), (429, RetryLater), (502, OutcomeUnknown)],
)
def test_an_answer_that_is_not_stripes_settles_nothing(api: responses.RequestsMock, status: int, written: type) -> None:
    assert type(start(api, status=status, body="<html>a proxy</html>")) is written
    assert type(check(api, status=status, body="<html>a proxy</html>")) is RetryLater


@pytest.mark.parametrize(("status", "is_answer"), [(403, True), (429, True), (500, False), (503, False), (424, False)])
def test_an_answer_that_something_is_wrong_with_us_is_no_outage_of_stripe(
    api: responses.RequestsMock, status: int, is_answer: bool
) -> None:
    later = check(api, status=status, json=error("api_error"))
    assert isinstance(later, RetryLater)
    assert later.is_answer is is_answer


def test_a_refusal_tells_stripes_code_sentence_and_request(api: responses.RequestsMock) -> None:
    refusal = start(api, status=400, json=error(code="amount_too_small"), headers={"Request-Id": "req_1"})
    assert str(refusal) == "amount_too_small: No. (req_1)"


def test_a_wrong_key_is_told_without_the_key(api: responses.RequestsMock) -> None:
    told = str(start(api, status=401, json=error(message=f"Invalid API Key provided: {KEY}")))
    assert "API key" in told
    assert KEY not in told


# ---------------------------------------------------------------------- no answer


class TestStripeUnanswered(UnansweredContract):
    start, check = staticmethod(start), staticmethod(check)
    too_many: Mapping[str, Any] = {"json": error()}


# ---------------------------------------------------------------------- what is sent


def test_a_start_bears_its_key_and_the_version_and_is_sent_once(api: responses.RequestsMock) -> None:
    api.post(SESSIONS, status=500, json=error("api_error"))
    order, payment = an_order_to_pay(datetime(2026, 11, 2, tzinfo=UTC), "stripe")
    with pytest.raises(OutcomeUnknown):
        a_gateway().start(order, payment, soon())
    (call,) = api.calls
    assert call.request.headers["Idempotency-Key"] == f"checkout:{payment.id}"
    assert call.request.headers["Stripe-Version"] == "2026-10-28.endive"
    assert "X-Stripe-Client-Telemetry" not in call.request.headers
    assert "payment_method_types" not in str(call.request.body)


@pytest.mark.parametrize("api_base", ["https://stripe.example", "https://stripe.example/"])
def test_another_address_may_end_in_a_slash_or_not(api: responses.RequestsMock, api_base: str) -> None:
    api.get("https://stripe.example/v1/checkout/sessions/cs_test_1", json=SESSION)
    assert isinstance(a_gateway(api_base).check(a_started_payment(), soon())[0], PaymentPending)


def test_an_intent_that_is_there_from_the_start_is_told(api: responses.RequestsMock) -> None:
    api.post(SESSIONS, json=SESSION | {"payment_intent": "pi_1"})
    started = a_gateway().start(*an_order_to_pay(datetime(2026, 11, 2, tzinfo=UTC), "stripe"), soon())
    assert (started.session_ref, started.payment_ref, started.redirect_url) == ("cs_test_1", "pi_1", SESSION["url"])


def test_a_close_never_repeats_an_earlier_failure(api: responses.RequestsMock) -> None:
    api.post(f"{SESSIONS}/cs_test_1/expire", status=500, json=error("api_error"))
    gateway, payment = a_gateway(), a_started_payment()
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            gateway.close(payment, soon())
    first, second = (call.request.headers["Idempotency-Key"] for call in api.calls)
    assert first != second


@pytest.mark.parametrize(
    ("found", "fact"),
    [
        ({"status": "complete", "payment_status": "paid"}, PaymentSucceeded),
        ({"status": "expired"}, PaymentExpired),
        ({"status": "complete"}, PaymentPending),
    ],
)
def test_a_session_that_cannot_be_closed_tells_how_it_ended(
    api: responses.RequestsMock, found: dict[str, str], fact: type
) -> None:
    api.post(f"{SESSIONS}/cs_test_1/expire", status=400, json=error())
    api.get(f"{SESSIONS}/cs_test_1", json=SESSION | found)
    assert type(a_gateway().close(a_started_payment(), soon())[0]) is fact


def test_a_payment_without_a_session_is_for_a_person() -> None:
    _, payment = an_order_to_pay(datetime(2026, 11, 2, tzinfo=UTC), "stripe")
    for call in (a_gateway().check, a_gateway().close):
        with pytest.raises(NeedsPerson):
            call(payment, soon())


def test_an_intent_that_stripe_does_not_know_does_not_fail_its_refund(api: responses.RequestsMock) -> None:
    """As after a change of keys: the money is with another account, and is owed still."""
    _, payment = an_order_to_pay(datetime(2026, 11, 2, tzinfo=UTC), "stripe")
    payment.bind("cs_test_1", "pi_1")
    refund = Refund(
        id="ref_1",
        payment_id=payment.id,
        amount=payment.amount,
        cause=RefundCause.REQUESTED,
        created_at=payment.created_at,
    )
    api.get("https://api.stripe.com/v1/refunds", status=404, json=error(code="resource_missing"))
    with pytest.raises(NeedsPerson, match="does not know"):
        a_gateway().refund(payment, refund, soon())


def test_every_call_is_reported_by_its_name_and_how_it_ended(api: responses.RequestsMock) -> None:
    telemetry = MemoryTelemetry()
    gateway, payment = a_gateway(telemetry=telemetry), a_started_payment()
    api.get(f"{SESSIONS}/cs_test_1", json=SESSION)
    api.post(f"{SESSIONS}/cs_test_1/expire", status=400, json=error())
    gateway.close(payment, soon())
    api.post(SESSIONS, status=500, json=error("api_error"))
    with pytest.raises(OutcomeUnknown):
        gateway.start(*an_order_to_pay(datetime(2026, 11, 2, tzinfo=UTC), "stripe"), soon())
    assert [(name, fields["call"], fields["outcome"]) for name, fields in telemetry.events] == [
        ("stripe_call", "session_expire", "answered"),
        ("stripe_call", "session_retrieve", "answered"),
        ("stripe_call", "session_create", "OutcomeUnknown"),
    ]
    assert all(fields["seconds"] >= 0 for _, fields in telemetry.events)
