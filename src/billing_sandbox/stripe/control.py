"""The control calls that play Stripe's customers and banks."""

from flask import Blueprint, abort, jsonify, request
from werkzeug.wrappers import Response

from billing_sandbox.store import Json
from billing_sandbox.stripe import challenge, checkout, methods, outcomes, refunding
from billing_sandbox.stripe.deliveries import Deliveries
from billing_sandbox.stripe.errors import NotPossible, StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.parameters import Choice, Fields, Text, Whole, read_parameters
from billing_sandbox.stripe.recurring import settings

_REFUND_ACTS = {"succeed": refunding.succeed, "fail": refunding.fail}
_BY_HAND = {"amount": Whole(least=1), "reason": Choice(("duplicate", "fraudulent", "requested_by_customer"))}


def stripe_control(ledger: Ledger, deliveries: Deliveries) -> Blueprint:
    """`/stripe/...` of the control address."""
    control = Blueprint("stripe_control", __name__, url_prefix="/stripe")

    @control.post("/sessions/<id>/<act>")
    def session_act(id: str, act: str) -> Response:
        if act not in checkout.ACTS:
            abort(404, f"a session knows {', '.join(checkout.ACTS)}")
        return jsonify(checkout.perform(ledger, act, id, _card()))

    @control.post("/sessions/<id>/refund")
    def refund_session(id: str) -> Response:
        session = ledger.get("checkout.session", id)
        if session["payment_intent"] is None:
            raise NotPossible("nobody has tried to pay the session yet")
        return jsonify(refunding.refund_by_hand(ledger, session["payment_intent"], _asked()))

    @control.post("/intents/<id>/<act>")
    def intent_act(id: str, act: str) -> Response:
        if act not in challenge.ACTS:
            abort(404, f"an intent knows {', '.join(challenge.ACTS)}")
        return jsonify(challenge.ACTS[act](ledger, id))

    @control.post("/payment_methods/<id>/renew")
    def renew_method(id: str) -> Response:
        card = _given({"number": Text(), "exp_month": Whole(least=1, most=12), "exp_year": Whole()})
        with ledger.store.transaction():
            return jsonify(methods.renewed_by_bank(ledger, ledger.get("payment_method", id), card))

    @control.post("/payment_intents/<id>/refund")
    def refund_intent(id: str) -> Response:
        return jsonify(refunding.refund_by_hand(ledger, id, _asked()))

    @control.get("/refunds/next")
    def next_refunds() -> Response:
        return jsonify(outcomes.ordered(ledger.store))

    @control.put("/refunds/next")
    def order_refunds() -> Response:
        with ledger.store.transaction():
            return jsonify(outcomes.order(ledger.store, request.get_json(force=True)))

    @control.post("/refunds/<id>/<act>")
    def refund_act(id: str, act: str) -> Response:
        if act not in _REFUND_ACTS:
            abort(404, f"a refund knows {', '.join(_REFUND_ACTS)}")
        with ledger.store.transaction():
            return jsonify(_REFUND_ACTS[act](ledger, ledger.get("refund", id)))

    @control.get("/billing")
    def billing() -> Response:
        return jsonify(settings.read(ledger.store))

    @control.put("/billing")
    def set_billing() -> Response:
        with ledger.store.transaction():
            return jsonify(settings.change(ledger.store, request.get_json(force=True)))

    @control.post("/events/<id>/resend")
    def resend(id: str) -> Response:
        event = ledger.get("event", id)
        deliveries.resend(id)
        return jsonify({"id": id, "type": event["type"]})

    @control.errorhandler(StripeError)
    def missing(error: StripeError) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), error.status

    @control.errorhandler(NotPossible)
    @control.errorhandler(refunding.RefundOver)
    def not_possible(error: Exception) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), 409

    return control


def _asked() -> Json:
    """What to refund; nothing given is all that is left."""
    return _given(_BY_HAND)


def _card() -> str | None:
    """The card that is used, if one was named."""
    return _given({"card": Text()}).get("card")


def _given(fields: Fields) -> Json:
    """The body's members, of which each may be left out."""
    given = request.get_json(force=True) if request.get_data() else {}
    if not isinstance(given, dict):
        abort(400, f"the body may be a JSON object with {', '.join(fields)}")
    return read_parameters({name: str(value) for name, value in given.items()}, fields)
