"""Refunds in the sandbox's Stripe: made, under way, settled, failed, refused, and made by hand."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.harness import Endpoint, Sandbox, an_order, eventually

PAID = 30_000


def a_paid_intent(sandbox: Sandbox) -> str:
    session = sandbox.api.checkout.sessions.create(an_order())
    return str(sandbox.act(session, "pay").json()["payment_intent"])


def next_refunds(sandbox: Sandbox, outcome: str, times: int | None = 1) -> None:
    assert sandbox.control("PUT", "/stripe/refunds/next", {"outcome": outcome, "times": times}).ok


def refund_act(sandbox: Sandbox, refund: stripe.Refund, act: str) -> Any:
    answer = sandbox.control("POST", f"/stripe/refunds/{refund.id}/{act}")
    assert answer.ok, answer.text
    return answer.json()


def refunded(sandbox: Sandbox) -> tuple[int, bool]:
    (charge,) = sandbox.state()["charges"]
    return charge["amount_refunded"], charge["refunded"]


def told(endpoint: Endpoint, type: str) -> list[Any]:
    return [event["data"] for event in endpoint.events() if event["type"] == type]


def test_one_key_makes_one_refund_with_our_metadata(sandbox: Sandbox) -> None:
    intent = a_paid_intent(sandbox)
    asked: Any = {"payment_intent": intent, "amount": 10_000, "metadata": {"refund": "ref_1"}}
    asked["reason"] = "requested_by_customer"
    options: Any = {"idempotency_key": "refund:ref_1:1"}
    made = sandbox.api.refunds.create(asked, options)
    again = sandbox.api.refunds.create(asked, options)
    assert again.id == made.id
    assert (made.metadata or {})["refund"] == "ref_1"
    assert (made.reason, made.status, made.payment_intent) == ("requested_by_customer", "succeeded", intent)
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        sandbox.api.refunds.create({**asked, "amount": 9_000}, options)
    assert refunded(sandbox) == (10_000, False)


def test_a_refund_is_told_with_the_sum_given_back_so_far(sandbox: Sandbox, endpoint: Endpoint) -> None:
    intent = a_paid_intent(sandbox)
    sandbox.api.refunds.create({"payment_intent": intent, "amount": 10_000})
    sandbox.api.refunds.create({"payment_intent": intent})
    charges = eventually(lambda: len(charges := told(endpoint, "charge.refunded")) == 2 and charges)
    by_sum = sorted(charges, key=lambda charge: charge["object"]["amount_refunded"])
    assert [(charge["object"]["amount_refunded"], charge["object"]["refunded"]) for charge in by_sum] == [
        (10_000, False),
        (PAID, True),
    ]
    assert by_sum[1]["previous_attributes"] == {"amount_refunded": 10_000, "refunded": False}
    eventually(lambda: len(told(endpoint, "refund.created")) == 2)


def test_a_refunds_metadata_may_be_changed_and_that_is_told(sandbox: Sandbox, endpoint: Endpoint) -> None:
    refund = sandbox.api.refunds.create({"payment_intent": a_paid_intent(sandbox), "metadata": {"refund": "ref_1"}})
    changed = sandbox.api.refunds.update(refund.id, {"metadata": {"why": "late"}})
    metadata = changed.metadata or {}
    assert (metadata["refund"], metadata["why"]) == ("ref_1", "late")
    eventually(lambda: [one for one in told(endpoint, "refund.updated") if "why" in one["object"]["metadata"]])


def test_a_pending_refund_counts_until_it_fails(sandbox: Sandbox, endpoint: Endpoint) -> None:
    intent = a_paid_intent(sandbox)
    next_refunds(sandbox, "pending")
    refund = sandbox.api.refunds.create({"payment_intent": intent, "amount": 10_000})
    assert (refund.status, refund.pending_reason, refund.balance_transaction) == ("pending", "processing", None)
    assert refunded(sandbox) == (10_000, False)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        sandbox.api.refunds.create({"payment_intent": intent, "amount": 20_001})

    failed = refund_act(sandbox, refund, "fail")

    assert (failed["status"], failed["failure_reason"]) == ("failed", "expired_or_canceled_card")
    assert refunded(sandbox) == (0, False)
    (event,) = eventually(lambda: told(endpoint, "refund.failed"))
    assert event["object"]["status"] == "failed"
    for act in ("fail", "succeed"):
        assert sandbox.control("POST", f"/stripe/refunds/{refund.id}/{act}").status_code == 409
    assert sandbox.api.refunds.create({"payment_intent": intent}).status == "succeeded"


def test_a_pending_refund_settles_and_may_fail_even_then(sandbox: Sandbox, endpoint: Endpoint) -> None:
    intent = a_paid_intent(sandbox)
    next_refunds(sandbox, "pending")
    refund = sandbox.api.refunds.create({"payment_intent": intent})
    assert told(endpoint, "refund.updated") == []

    assert refund_act(sandbox, refund, "succeed")["status"] == "succeeded"
    (event,) = eventually(lambda: told(endpoint, "refund.updated"))
    assert event["previous_attributes"]["status"] == "pending"
    assert sandbox.api.refunds.retrieve(refund.id).status == "succeeded"
    assert refunded(sandbox) == (PAID, True)
    assert sandbox.control("POST", f"/stripe/refunds/{refund.id}/succeed").status_code == 409

    assert refund_act(sandbox, refund, "fail")["failure_balance_transaction"]
    eventually(lambda: told(endpoint, "refund.failed"))
    assert refunded(sandbox) == (0, False)


def test_a_refund_by_hand_names_nobody(sandbox: Sandbox, endpoint: Endpoint) -> None:
    session = sandbox.api.checkout.sessions.create(an_order())
    early = sandbox.control("POST", f"/stripe/sessions/{session.id}/refund")
    assert early.status_code == 409
    intent = sandbox.act(session, "pay").json()["payment_intent"]

    part = sandbox.control("POST", f"/stripe/payment_intents/{intent}/refund", {"amount": 10_000}).json()
    rest = sandbox.control("POST", f"/stripe/sessions/{session.id}/refund").json()

    assert [(made["amount"], made["metadata"], made["payment_intent"]) for made in (part, rest)] == [
        (10_000, {}, intent),
        (20_000, {}, intent),
    ]
    again = sandbox.control("POST", f"/stripe/payment_intents/{intent}/refund")
    assert again.status_code == 400
    assert "already been refunded" in again.json()["error"]
    assert sandbox.control("POST", f"/stripe/payment_intents/{intent}/refund", {"sum": 1}).status_code == 400
    assert sandbox.control("POST", "/stripe/payment_intents/pi_none/refund").status_code == 404
    created = [event for event in sandbox.api.events.list({"type": "refund.created"}).data if event.request]
    assert [event.request.idempotency_key for event in created if event.request] == [None, None]
    eventually(lambda: len(told(endpoint, "refund.created")) == 2)


def test_an_account_without_money_refuses_until_there_is_some(sandbox: Sandbox) -> None:
    intent = a_paid_intent(sandbox)
    next_refunds(sandbox, "insufficient_balance")
    options: Any = {"idempotency_key": "refund:ref_1:1"}
    for _ in range(2):  # the refusal is the key's result for good
        with pytest.raises(stripe.InvalidRequestError, match="Insufficient funds") as refusal:
            sandbox.api.refunds.create({"payment_intent": intent}, options)
        assert (refusal.value.http_status, refusal.value.code) == (400, None)
        assert (refusal.value.json_body or {})["error"]["message_code"] == "insufficient_balance_for_refund"
    assert sandbox.state()["refunds"] == []
    assert sandbox.control("GET", "/stripe/refunds/next").json() == {"outcome": "succeeded", "times": None}

    assert sandbox.api.refunds.create({"payment_intent": intent}, {"idempotency_key": "refund:ref_1:2"}).id


def test_a_disputed_charge_is_refused_for_ever(sandbox: Sandbox) -> None:
    intent = a_paid_intent(sandbox)
    next_refunds(sandbox, "charge_disputed", times=None)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            sandbox.api.refunds.create({"payment_intent": intent})
        assert refusal.value.code == "charge_disputed"
    assert sandbox.control("POST", f"/stripe/payment_intents/{intent}/refund").status_code == 400


def test_a_refusal_by_hand_is_used_up_too(sandbox: Sandbox) -> None:
    intent = a_paid_intent(sandbox)
    next_refunds(sandbox, "insufficient_balance", times=2)
    statuses = [sandbox.control("POST", f"/stripe/payment_intents/{intent}/refund").status_code for _ in range(3)]
    assert statuses == [400, 400, 200]


@pytest.mark.parametrize("order", [{"outcome": "lost"}, {"outcome": "pending", "times": 0}, {"times": 1}, []])
def test_an_order_for_refunds_that_makes_no_sense_is_refused(sandbox: Sandbox, order: Any) -> None:
    assert sandbox.control("PUT", "/stripe/refunds/next", order).status_code == 400


def test_what_nobody_paid_is_not_refunded(sandbox: Sandbox) -> None:
    session = sandbox.api.checkout.sessions.create(an_order())
    intent = sandbox.act(session, "decline").json()["payment_intent"]
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge") as refusal:
        sandbox.api.refunds.create({"payment_intent": intent})
    assert refusal.value.param == "payment_intent"
    assert sandbox.control("POST", f"/stripe/sessions/{session.id}/refund").status_code == 400


def test_refunds_are_listed_by_intent_and_survive_a_kill(sandbox: Sandbox) -> None:
    mine, other = a_paid_intent(sandbox), a_paid_intent(sandbox)
    next_refunds(sandbox, "pending", times=2)
    refund = sandbox.api.refunds.create({"payment_intent": mine, "metadata": {"refund": "ref_1"}})
    sandbox.kill()
    sandbox.start()
    late = sandbox.api.refunds.create({"payment_intent": other})
    listed: Any = sandbox.api.refunds.list({"payment_intent": mine}).data
    assert [(found.id, found.metadata["refund"]) for found in listed] == [(refund.id, "ref_1")]
    assert late.status == "pending"
    assert "refund the rest" in sandbox.control("GET", "/").text
