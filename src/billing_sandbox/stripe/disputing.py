"""Disputes of charges: opened by cardholders, answered with evidence, won, lost or withdrawn.

An inquiry takes no money; it ends as a warning that is closed, or is escalated to a chargeback, which does.
Source: https://docs.stripe.com/disputes/how-disputes-work
"""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import methods, objects
from billing_sandbox.stripe.errors import NotPossible
from billing_sandbox.stripe.ledger import NOBODY, Cause, Ledger
from billing_sandbox.stripe.updates import earlier

_ANSWER_DAYS = 9
_OPEN = ("needs_response", "under_review")
_INQUIRY = ("warning_needs_response", "warning_under_review")
_BARRING = (*_OPEN, "lost")
"""The states in which the money is with the cardholder's bank: there is nothing to refund."""


def define(ledger: Ledger) -> None:
    """Dispute what is paid by the test cards that do so."""
    ledger.upon("payment_intent.succeeded", _as_the_card_will)


def open_dispute(ledger: Ledger, charge: Json, asked: Json, cause: Cause = NOBODY) -> Json:
    """The holder disputes a paid charge; asked are `reason`, `amount` (if not all that is left) and `inquiry`."""
    if charge["status"] != "succeeded":
        raise NotPossible(f"the charge is {charge['status']}: there is nothing to dispute")
    if not is_refundable(ledger, charge) or charge["disputed"]:
        raise NotPossible("the charge is disputed already")
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = asked.get("amount", left)
    if not 1 <= amount <= charge["amount_captured"]:
        raise NotPossible(f"no more than {charge['amount_captured']} and no less than 1 can be disputed")
    inquiry = asked.get("inquiry", False)
    given = {
        "amount": amount,
        "is_charge_refundable": inquiry,
        "reason": asked.get("reason", "fraudulent"),
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
    due_by = ledger.now() + _ANSWER_DAYS * 86_400
    dispute = ledger.save(objects.dispute(ledger.now(), charge, due_by, given))
    ledger.save(charge | {"disputed": True, "dispute": dispute["id"]})
    if inquiry:
        ledger.tell("charge.dispute.created", dispute, cause)
        return dispute
    dispute = _move(ledger, dispute, withdrawn=True)
    ledger.tell("charge.dispute.created", dispute, cause)
    ledger.tell("charge.dispute.funds_withdrawn", dispute, cause)
    return dispute


def is_refundable(ledger: Ledger, charge: Json) -> bool:
    """Whether the charge's money is still ours to give back."""
    disputes = ledger.find("dispute", [field_is("charge", charge["id"])])
    return not any(dispute["status"] in _BARRING for dispute in disputes)


def answer(ledger: Ledger, dispute: Json, given: Json, cause: Cause) -> Json:
    """Evidence and metadata as the shop gives them; once it is submitted, the bank looks at it."""
    _check_open(dispute)
    evidence = dispute["evidence"] | given.get("evidence", {})
    details = dispute["evidence_details"] | {"has_evidence": any(evidence.get(name) for name in objects.EVIDENCE)}
    changes: Json = {"evidence": evidence, "metadata": given.get("metadata", dispute["metadata"])}
    if "evidence" in given and given.get("submit", True):
        details["submission_count"] += 1
        changes["status"] = dispute["status"].replace("needs_response", "under_review")
    dispute = _change(ledger, dispute, changes | {"evidence_details": details}, "charge.dispute.updated", cause)
    if changes.get("status") and evidence["uncategorized_text"] in _MAGIC:
        return _MAGIC[evidence["uncategorized_text"]](ledger, dispute)
    return dispute


def win(ledger: Ledger, dispute: Json) -> Json:
    """The bank finds for the shop, which gets its money back; an inquiry is closed."""
    _check_open(dispute)
    if dispute["status"] in _INQUIRY:
        return _change(ledger, dispute, {"status": "warning_closed"}, "charge.dispute.closed")
    dispute = _move(ledger, dispute, withdrawn=False)
    dispute = _change(ledger, dispute, {"is_charge_refundable": True, "status": "won"}, "charge.dispute.closed")
    ledger.tell("charge.dispute.funds_reinstated", dispute, NOBODY)
    return dispute


def lose(ledger: Ledger, dispute: Json, cause: Cause = NOBODY) -> Json:
    """The bank finds for the cardholder, or the shop gives in."""
    _check_open(dispute)
    status = "warning_closed" if dispute["status"] in _INQUIRY else "lost"
    return _change(ledger, dispute, {"status": status}, "charge.dispute.closed", cause)


def escalate(ledger: Ledger, dispute: Json) -> Json:
    """The inquiry becomes a chargeback: now the money goes."""
    if dispute["status"] not in _INQUIRY:
        raise NotPossible(f"the dispute is {dispute['status']}: only an open inquiry is escalated")
    details = dispute["payment_method_details"]
    changes = {
        "is_charge_refundable": False,
        "payment_method_details": details | {"card": details["card"] | {"case_type": "chargeback"}},
        "status": "needs_response",
    }
    dispute = _move(ledger, dispute, withdrawn=True)
    dispute = _change(ledger, dispute, changes, "charge.dispute.updated")
    ledger.tell("charge.dispute.funds_withdrawn", dispute, NOBODY)
    return dispute


ACTS = {"win": win, "lose": lose, "escalate": escalate}
"""What a bank can make of a dispute, by name."""
_MAGIC = {"winning_evidence": win, "losing_evidence": lose, "escalate_inquiry_evidence": escalate}
"""What Stripe's test mode takes from certain evidence."""


def _as_the_card_will(ledger: Ledger, intent: Json, cause: Cause) -> None:
    charge = ledger.get("charge", intent["latest_charge"])
    test = methods.card_of(ledger, {"id": charge["payment_method"]})
    if test is not None and test.dispute:
        inquiry = test.dispute == "inquiry"
        reason = "fraudulent" if inquiry else test.dispute
        open_dispute(ledger, charge, {"inquiry": inquiry, "reason": reason}, cause)


def _check_open(dispute: Json) -> None:
    if dispute["status"] not in (*_OPEN, *_INQUIRY):
        raise NotPossible(f"the dispute is {dispute['status']}")


def _move(ledger: Ledger, dispute: Json, *, withdrawn: bool) -> Json:
    movement = objects.dispute_movement(ledger.now(), dispute, withdrawn=withdrawn)
    return ledger.save(dispute | {"balance_transactions": [*dispute["balance_transactions"], movement]})


def _change(ledger: Ledger, dispute: Json, changes: Json, type: str, cause: Cause = NOBODY) -> Json:
    after = ledger.save(dispute | changes)
    ledger.tell(type, after, cause, earlier(dispute, after))
    return after
