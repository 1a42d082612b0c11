"""The sandbox's Stripe, as a process of its own, spoken to by Stripe's own library."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
import stripe

from tests.integration.sandbox.harness import PAID_EVENTS, Endpoint, Sandbox, an_order, eventually

DAHLIA = "2026-03-25.dahlia"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One for the tests that leave nothing behind."""
    sandbox = Sandbox(tmp_path_factory.mktemp("standing"), "http://127.0.0.1:9/")
    yield sandbox
    sandbox.stop()


def test_a_paid_session_is_told_by_four_signed_events(sandbox: Sandbox, endpoint: Endpoint) -> None:
    session = sandbox.api.checkout.sessions.create(an_order())
    assert (session.status, session.payment_intent, session.amount_total) == ("open", None, 30_000)

    assert sandbox.act(session, "pay").json()["status"] == "complete"

    eventually(lambda: set(endpoint.types()) == PAID_EVENTS)
    for body, signature in endpoint.received:
        secret = sandbox.settings["BILLING_STRIPE_WEBHOOK_SECRETS"]
        assert stripe.WebhookSignature.verify_header(body.decode(), signature, secret, tolerance=300)
    expand: Any = {"expand": ["payment_intent.latest_charge", "line_items"]}
    paid: Any = sandbox.api.checkout.sessions.retrieve(session.id, expand)
    assert (paid.payment_status, paid.url) == ("paid", None)
    assert paid.payment_intent.metadata["payment"] == "pay_1"
    assert paid.payment_intent.latest_charge.amount_captured == 30_000
    assert paid.line_items.data[0].description == "example.rw, 1 year"
    found = sandbox.api.checkout.sessions.list({"payment_intent": paid.payment_intent.id})
    assert [session.id for session in found.data] == [session.id]
    assert sandbox.act(session, "pay").status_code == 409


def test_a_declined_card_leaves_the_session_open_to_another(sandbox: Sandbox, endpoint: Endpoint) -> None:
    session = sandbox.api.checkout.sessions.create(an_order())
    declined = sandbox.act(session, "decline").json()
    assert declined["status"] == "open"
    eventually(lambda: "payment_intent.payment_failed" in endpoint.types())

    paid = sandbox.act(session, "pay").json()

    assert (paid["payment_status"], paid["payment_intent"]) == ("paid", declined["payment_intent"])
    eventually(lambda: set(endpoint.types()) >= PAID_EVENTS)


def test_a_person_pays_on_the_page_and_is_sent_back(sandbox: Sandbox) -> None:
    session = sandbox.api.checkout.sessions.create(an_order())
    assert session.url
    page = requests.get(session.url, timeout=10).text
    assert "SANDBOX" in page
    assert "30,000 RWF" in page

    answer = requests.post(session.url, data={"act": "pay"}, allow_redirects=False, timeout=10)

    assert answer.headers["Location"] == f"http://shop.test/thanks?session={session.id}"
    again = requests.post(session.url, data={"act": "pay"}, allow_redirects=False, timeout=10)
    assert again.status_code == 409
    assert len(sandbox.state()["charges"]) == 1


def test_a_delayed_method_completes_first_and_is_paid_or_fails_later(sandbox: Sandbox) -> None:
    for act, last_event in (("succeed_async", "succeeded"), ("fail_async", "failed")):
        session = sandbox.api.checkout.sessions.create(an_order())
        completed = sandbox.act(session, "pay_async").json()
        assert (completed["status"], completed["payment_status"]) == ("complete", "unpaid")
        assert sandbox.act(session, act).ok
        assert sandbox.state()["events"][-1]["type"] == f"checkout.session.async_payment_{last_event}"
        assert sandbox.act(session, act).status_code == 409


def test_a_session_expires_by_the_business_clock(sandbox: Sandbox, endpoint: Endpoint) -> None:
    session = sandbox.api.checkout.sessions.create(an_order(expires_at=int(time.time()) + 1860))
    sandbox.control("POST", "/clock/advance", {"seconds": 1900})

    assert sandbox.api.checkout.sessions.retrieve(session.id).status == "expired"
    eventually(lambda: endpoint.types() == ["checkout.session.expired"])
    assert sandbox.act(session, "pay").status_code == 409
    with pytest.raises(stripe.InvalidRequestError, match=r"status of expired"):
        sandbox.api.checkout.sessions.expire(session.id)


@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        ({"foo": "1"}, "foo", "parameter_unknown"),
        ({"payment_method_types": ["card"]}, "payment_method_types", "parameter_unknown"),
        ({"customer": "cus_none"}, "customer", "resource_missing"),
        ({"expires_at": 1}, "expires_at", None),
        ({"expires_at": "soon"}, "expires_at", "parameter_invalid_integer"),
        (
            {"line_items": [{"price_data": {"currency": "rwf"}}]},
            "line_items[0][price_data][product_data]",
            None,
        ),
        ({"success_url": ""}, "success_url", "parameter_invalid_empty"),
    ],
)
def test_what_stripe_would_refuse_is_refused(
    standing: Sandbox, given: dict[str, Any], param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        standing.api.checkout.sessions.create(an_order(**given))
    assert refusal.value.param == param
    assert code is None or refusal.value.code == code


def test_an_older_version_still_takes_payment_method_types(standing: Sandbox) -> None:
    api = standing.client(stripe_version=DAHLIA).v1
    session = api.checkout.sessions.create(an_order(payment_method_types=["card"]))
    assert session.payment_method_types == ["card"]


def test_a_wrong_key_is_not_let_in(standing: Sandbox) -> None:
    base = standing.settings["BILLING_STRIPE_API_BASE"]
    stranger = stripe.StripeClient("sk_test_stranger", base_addresses={"api": base})
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.accounts.retrieve_current()


def test_every_answer_bears_the_time_by_which_periods_begin_and_end(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/clock/advance", {"seconds": 400 * 86_400})
    answer = sandbox.api.customers.list().last_response
    assert answer is not None
    told = parsedate_to_datetime(answer.headers["Date"])
    assert timedelta(days=400) - timedelta(minutes=1) < told - datetime.now(UTC) <= timedelta(days=400)


def test_one_idempotency_key_makes_one_session(sandbox: Sandbox) -> None:
    options: Any = {"idempotency_key": "checkout:pay_1"}
    first = sandbox.api.checkout.sessions.create(an_order(), options)
    again = sandbox.api.checkout.sessions.create(an_order(), options)

    assert again.id == first.id
    assert again.last_response
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        sandbox.api.checkout.sessions.create(an_order(client_reference_id="other"), options)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        sandbox.api.customers.create({}, options)


def test_a_refusal_is_replayed_too_but_not_one_of_malformed_parameters(sandbox: Sandbox) -> None:
    malformed: Any = {"sum": 1}
    options: Any = {"idempotency_key": "refund:re_1:1"}
    with pytest.raises(stripe.InvalidRequestError, match="Received unknown parameter"):
        sandbox.api.refunds.create(malformed, options)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent") as refusal:
            sandbox.api.refunds.create({"payment_intent": "pi_none"}, options)
    assert (refusal.value.headers or {})["Idempotent-Replayed"] == "true"


def test_a_key_in_use_is_a_conflict(sandbox: Sandbox) -> None:
    sandbox.fault("stripe.customers.create", "slow", seconds=3.0)
    options: Any = {"idempotency_key": "customer:1"}
    slow = threading.Thread(target=sandbox.api.customers.create, args=({}, options))
    slow.start()
    eventually(lambda: sandbox.control("GET", "/faults").json()["faults"] == [])
    with pytest.raises(stripe.APIError) as conflict:
        sandbox.api.customers.create({}, options)
    slow.join()
    assert conflict.value.http_status == 409
    assert "another in-progress request" in str(conflict.value)
    assert len(sandbox.state()["customers"]) == 1


def test_refunds_never_exceed_what_was_paid(sandbox: Sandbox, endpoint: Endpoint) -> None:
    session = sandbox.api.checkout.sessions.create(an_order())
    intent = sandbox.act(session, "pay").json()["payment_intent"]
    part = sandbox.api.refunds.create({"payment_intent": intent, "amount": 10_000, "metadata": {"refund": "1"}})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        sandbox.api.refunds.create({"payment_intent": intent, "amount": 20_001})
    rest = sandbox.api.refunds.create({"payment_intent": intent})

    assert (part.status, rest.amount) == ("succeeded", 20_000)
    listed = sandbox.api.refunds.list({"payment_intent": intent}).data
    assert [refund.id for refund in listed] == [rest.id, part.id]
    assert sandbox.api.charges.retrieve(str(part.charge)).refunded
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.api.refunds.create({"payment_intent": intent})
    assert refusal.value.code == "charge_already_refunded"
    eventually(lambda: {"refund.created", "refund.updated", "charge.refunded"} <= set(endpoint.types()))

    assert sandbox.control("POST", f"/stripe/refunds/{rest.id}/fail").json()["status"] == "failed"
    assert sandbox.api.charges.retrieve(str(part.charge)).amount_refunded == 10_000


def test_a_declined_intent_is_answered_with_402_and_kept(sandbox: Sandbox) -> None:
    wanted: Any = {"amount": 1299, "currency": "usd", "confirm": True}
    wanted["payment_method"] = "pm_card_chargeDeclined"
    with pytest.raises(stripe.CardError) as refusal:
        sandbox.api.payment_intents.create(wanted)
    assert refusal.value.code == "card_declined"
    (intent,) = sandbox.state()["payment_intents"]
    assert intent["status"] == "requires_payment_method"

    paid = sandbox.api.payment_intents.confirm(intent["id"], {"payment_method": "pm_card_visa"})
    assert paid.status == "succeeded"
