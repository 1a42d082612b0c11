"""The control calls that play Stripe's customers and banks."""

from flask import Blueprint, abort, jsonify
from werkzeug.wrappers import Response

from billing_sandbox.stripe import checkout, refunding
from billing_sandbox.stripe.deliveries import Deliveries
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger


def stripe_control(ledger: Ledger, deliveries: Deliveries) -> Blueprint:
    """`/stripe/...` of the control address."""
    control = Blueprint("stripe_control", __name__, url_prefix="/stripe")

    @control.post("/sessions/<id>/<act>")
    def session_act(id: str, act: str) -> Response:
        if act not in checkout.ACTS:
            abort(404, f"a session knows {', '.join(checkout.ACTS)}")
        return jsonify(checkout.perform(ledger, act, id))

    @control.post("/refunds/<id>/fail")
    def fail_refund(id: str) -> Response:
        with ledger.store.transaction():
            return jsonify(refunding.fail(ledger, ledger.get("refund", id)))

    @control.post("/events/<id>/resend")
    def resend(id: str) -> Response:
        event = ledger.get("event", id)
        deliveries.resend(id)
        return jsonify({"id": id, "type": event["type"]})

    @control.errorhandler(StripeError)
    def missing(error: StripeError) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), error.status

    @control.errorhandler(checkout.NotPossible)
    @control.errorhandler(refunding.RefundOver)
    def not_possible(error: Exception) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), 409

    return control
