"""Refunds made by hand, and what becomes of those that are made."""

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from billing_sandbox.stripe import checkout, outcomes, refunding
from billing_sandbox.stripe.control.given import act_of, given
from billing_sandbox.stripe.errors import NotPossible
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.parameters import Choice, Whole

_ACTS = {"succeed": refunding.succeed, "fail": refunding.fail}
_BY_HAND = {"amount": Whole(least=1), "reason": Choice(("duplicate", "fraudulent", "requested_by_customer"))}
"""What to refund; nothing given is all that is left."""


def refund_calls(control: Blueprint, ledger: Ledger) -> None:
    """`/stripe/refunds/...`, and `refund` of sessions and intents."""

    @control.post("/sessions/<id>/refund")
    def refund_session(id: str) -> Response:
        intent = checkout.intent_of(ledger, ledger.get("checkout.session", id))
        if intent is None or intent["object"] != "payment_intent":
            raise NotPossible("nobody has tried to pay the session yet")
        return jsonify(refunding.refund_by_hand(ledger, intent["id"], given(_BY_HAND)))

    @control.post("/payment_intents/<id>/refund")
    def refund_intent(id: str) -> Response:
        return jsonify(refunding.refund_by_hand(ledger, id, given(_BY_HAND)))

    @control.get("/refunds/next")
    def next_refunds() -> Response:
        return jsonify(outcomes.ordered(ledger.store))

    @control.put("/refunds/next")
    def order_refunds() -> Response:
        with ledger.store.transaction():
            return jsonify(outcomes.order(ledger.store, request.get_json(force=True)))

    @control.post("/refunds/<id>/<act>")
    def refund_act(id: str, act: str) -> Response:
        perform = act_of(_ACTS, act, "a refund")
        with ledger.store.transaction():
            return jsonify(perform(ledger, ledger.get("refund", id)))
