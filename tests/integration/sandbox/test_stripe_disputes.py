"""Disputes in the sandbox's Stripe: opened by card or by hand, answered, won, lost, escalated."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.harness import Endpoint, Sandbox, an_order, eventually

PAID = 30_000


def a_payment(sandbox: Sandbox, card: str = "pm_card_visa") -> str:
    session = sandbox.api.checkout.sessions.create(an_order())
    paid = sandbox.control("POST", f"/stripe/sessions/{session.id}/pay", {"card": card}).json()
    return str(paid["payment_intent"])


def disputed(sandbox: Sandbox, card: str = "pm_card_createDispute") -> stripe.Dispute:
    """What the holder of this card makes of a payment."""
    (dispute,) = sandbox.api.disputes.list({"payment_intent": a_payment(sandbox, card)}).data
    return dispute


def act(sandbox: Sandbox, dispute: stripe.Dispute, act: str) -> Any:
    answer = sandbox.control("POST", f"/stripe/disputes/{dispute.id}/{act}")
    assert answer.ok, answer.text
    return answer.json()


def told(endpoint: Endpoint, *types: str) -> list[Any]:
    """The disputes in the events of these types, once there are so many."""
    wanted = {f"charge.dispute.{type}" for type in types}

    def look() -> list[Any]:
        found = {event["type"]: event["data"]["object"] for event in endpoint.events()}
        return [found[f"charge.dispute.{type}"] for type in types] if wanted <= found.keys() else []

    return eventually(look)


def test_a_card_that_disputes_takes_the_money_at_once(sandbox: Sandbox, endpoint: Endpoint) -> None:
    dispute = disputed(sandbox)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", PAID)
    assert (dispute.is_charge_refundable, dispute.balance_transactions[0].amount) == (False, -PAID)
    created, withdrawn = told(endpoint, "created", "funds_withdrawn")
    assert created["id"] == withdrawn["id"] == dispute.id
    charge: Any = sandbox.api.charges.retrieve(str(dispute.charge), {"expand": ["dispute"]})
    assert (charge.disputed, charge.dispute.id) == (True, dispute.id)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.api.refunds.create({"charge": charge.id})
    assert refusal.value.code == "charge_disputed"


def test_evidence_waits_until_it_is_submitted(sandbox: Sandbox, endpoint: Endpoint) -> None:
    dispute = disputed(sandbox, "pm_card_createDisputeProductNotReceived")
    assert dispute.reason == "product_not_received"
    draft: Any = {"evidence": {"product_description": "example.rw"}, "submit": False, "metadata": {"case": "1"}}
    drafted = sandbox.api.disputes.update(dispute.id, draft)
    assert (drafted.status, drafted.evidence_details.has_evidence) == ("needs_response", True)
    sent = sandbox.api.disputes.update(dispute.id, {"evidence": {"customer_name": "A. Customer"}})
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert (sent.evidence.product_description, sent.metadata["case"]) == ("example.rw", "1")
    told(endpoint, "updated")


def test_a_won_dispute_brings_the_money_back(sandbox: Sandbox, endpoint: Endpoint) -> None:
    dispute = disputed(sandbox)
    won = act(sandbox, dispute, "win")
    assert won["status"] == "won"
    assert [movement["amount"] for movement in won["balance_transactions"]] == [-PAID, PAID]
    closed, reinstated = told(endpoint, "closed", "funds_reinstated")
    assert (closed["status"], reinstated["status"]) == ("won", "won")
    assert sandbox.control("POST", f"/stripe/disputes/{dispute.id}/lose").status_code == 409
    assert sandbox.api.refunds.create({"charge": str(dispute.charge)}).status == "succeeded"


@pytest.mark.parametrize(
    ("text", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost"), ("so be it", "under_review")]
)
def test_certain_evidence_decides_at_once(sandbox: Sandbox, text: str, status: str) -> None:
    dispute = disputed(sandbox)
    assert sandbox.api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}}).status == status


def test_a_shop_that_gives_in_has_lost(sandbox: Sandbox, endpoint: Endpoint) -> None:
    dispute = disputed(sandbox)
    assert sandbox.api.disputes.close(dispute.id).status == "lost"
    (closed,) = told(endpoint, "closed")
    assert closed["status"] == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        sandbox.api.disputes.close(dispute.id)
    with pytest.raises(stripe.InvalidRequestError, match="has been charged back"):
        sandbox.api.refunds.create({"charge": str(dispute.charge)})
    assert "charge.dispute.funds_reinstated" not in endpoint.types()


def test_an_inquiry_takes_no_money_until_it_is_escalated(sandbox: Sandbox, endpoint: Endpoint) -> None:
    inquiry = disputed(sandbox, "pm_card_createDisputeInquiry")
    assert (inquiry.status, inquiry.balance_transactions) == ("warning_needs_response", [])
    told(endpoint, "created")
    assert "charge.dispute.funds_withdrawn" not in endpoint.types()
    escalated = act(sandbox, inquiry, "escalate")
    assert (escalated["status"], escalated["is_charge_refundable"]) == ("needs_response", False)
    told(endpoint, "updated", "funds_withdrawn")
    assert sandbox.control("POST", f"/stripe/disputes/{inquiry.id}/escalate").status_code == 409


def test_an_inquiry_that_is_over_was_only_a_warning(sandbox: Sandbox) -> None:
    inquiry = disputed(sandbox, "pm_card_createDisputeInquiry")
    assert sandbox.api.refunds.create({"charge": str(inquiry.charge)}).status == "succeeded"
    assert act(sandbox, inquiry, "win")["status"] == "warning_closed"


def test_any_payment_is_disputed_by_hand_in_part_too(sandbox: Sandbox, endpoint: Endpoint) -> None:
    intent = a_payment(sandbox)
    asked = {"amount": 10_000, "reason": "subscription_canceled"}
    made = sandbox.control("POST", f"/stripe/payment_intents/{intent}/dispute", asked).json()
    assert (made["amount"], made["reason"], made["payment_intent"]) == (10_000, "subscription_canceled", intent)
    told(endpoint, "created", "funds_withdrawn")
    again = sandbox.control("POST", f"/stripe/payment_intents/{intent}/dispute")
    assert again.status_code == 409
    assert [known["id"] for known in sandbox.state()["disputes"]] == [made["id"]]
    assert f"/stripe/disputes/{made['id']}/win" in sandbox.control("GET", "/").text
    assert sandbox.control("POST", f"/stripe/payment_intents/{intent}/dispute", {"reason": "mood"}).status_code == 400


def test_what_was_not_paid_is_not_disputed(sandbox: Sandbox) -> None:
    intent = a_payment(sandbox, "pm_card_chargeDeclined")
    assert sandbox.control("POST", f"/stripe/payment_intents/{intent}/dispute").status_code == 400
    assert sandbox.control("POST", "/stripe/disputes/du_none/win").status_code == 404
    with pytest.raises(stripe.InvalidRequestError, match="No such dispute"):
        sandbox.api.disputes.retrieve("du_none")
