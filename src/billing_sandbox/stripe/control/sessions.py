"""Playing the customer on a Checkout Session's page."""

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from billing_sandbox.stripe import checkout
from billing_sandbox.stripe.control.given import act_of, given
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.parameters import Text


def session_calls(control: Blueprint, ledger: Ledger) -> None:
    """`/stripe/sessions/...`."""

    @control.post("/sessions/<id>/<act>")
    def session_act(id: str, act: str) -> Response:
        act_of(checkout.ACTS, act, "a session")
        return jsonify(checkout.perform(ledger, act, id, given({"card": Text()}).get("card")))
