"""The control calls that play Stripe's customers, banks and dashboard."""

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from billing_sandbox.stripe.control.billing import billing_calls
from billing_sandbox.stripe.control.cards import card_calls
from billing_sandbox.stripe.control.disputes import dispute_calls
from billing_sandbox.stripe.control.events import event_calls
from billing_sandbox.stripe.control.refunds import refund_calls
from billing_sandbox.stripe.control.sessions import session_calls
from billing_sandbox.stripe.deliveries import Deliveries
from billing_sandbox.stripe.errors import NotPossible, StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.refunding import RefundOver


def stripe_control(ledger: Ledger, deliveries: Deliveries) -> Blueprint:
    """`/stripe/...` of the control address."""
    control = Blueprint("stripe_control", __name__, url_prefix="/stripe")
    session_calls(control, ledger)
    card_calls(control, ledger)
    refund_calls(control, ledger)
    dispute_calls(control, ledger)
    billing_calls(control, ledger)
    event_calls(control, ledger, deliveries)

    @control.errorhandler(StripeError)
    def missing(error: StripeError) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), error.status

    @control.errorhandler(NotPossible)
    @control.errorhandler(RefundOver)
    def not_possible(error: Exception) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), 409

    return control
