"""The page of a bank that wants to see its cardholder, where a person plays the holder."""

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from billing_sandbox.store import Json
from billing_sandbox.stripe import challenge
from billing_sandbox.stripe.errors import NotPossible, StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.money import show


def authentication_page(ledger: Ledger) -> Blueprint:
    """`/c/authenticate/<intent>`: two buttons, and on to wherever the customer came from."""
    page = Blueprint("authentication_page", __name__, template_folder="../templates", url_prefix="/c/authenticate")

    @page.get("/<id>")
    def show_intent(id: str) -> str:
        return _render(ledger, challenge.waiting(ledger, id))

    @page.post("/<id>")
    def act(id: str) -> Response | tuple[str, int] | str:
        chosen = request.form.get("act", "")
        if chosen not in challenge.ACTS:
            abort(400)
        try:
            intent = challenge.ACTS[chosen](ledger, id)
        except NotPossible:
            return _render(ledger, challenge.waiting(ledger, id)), 409
        onward = challenge.onward(ledger, intent)
        return redirect(onward, code=303) if onward else _render(ledger, intent)

    page.register_error_handler(StripeError, lambda error: (str(error), error.status))
    return page


def _render(ledger: Ledger, intent: Json) -> str:
    method = ledger.store.get("payment_method", intent["payment_method"] or "")
    total = show(intent["amount"], intent["currency"]) if "amount" in intent else None
    last4 = method["card"]["last4"] if method else None
    return render_template("authenticate.html", intent=intent, total=total, last4=last4)
