"""Playing cardholders whom their banks ask, and banks that issue cards anew."""

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from billing_sandbox.stripe import challenge, methods
from billing_sandbox.stripe.control.given import act_of, given
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.parameters import Text, Whole

_RENEWED = {"number": Text(), "exp_month": Whole(least=1, most=12), "exp_year": Whole()}


def card_calls(control: Blueprint, ledger: Ledger) -> None:
    """`/stripe/intents/...` and `/stripe/payment_methods/...`."""

    @control.post("/intents/<id>/<act>")
    def intent_act(id: str, act: str) -> Response:
        return jsonify(act_of(challenge.ACTS, act, "an intent")(ledger, id))

    @control.post("/payment_methods/<id>/renew")
    def renew_method(id: str) -> Response:
        card = given(_RENEWED)
        with ledger.store.transaction():
            return jsonify(methods.renewed_by_bank(ledger, ledger.get("payment_method", id), card))
