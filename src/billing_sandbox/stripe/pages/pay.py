"""The page behind a session's `url`, where a person plays the customer who pays or saves a card."""

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from billing_sandbox.store import Json
from billing_sandbox.stripe import checkout
from billing_sandbox.stripe.authentication import page_address
from billing_sandbox.stripe.errors import NotPossible, StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.money import show

_OFFERED = ("pay", "decline", "pay_async")


def payment_page(ledger: Ledger) -> Blueprint:
    """`/c/pay/<session>`: what is bought, and buttons for everything a customer can do."""
    page = Blueprint("payment_page", __name__, template_folder="../templates", url_prefix="/c/pay")

    @page.get("/<id>")
    def show_session(id: str) -> str:
        checkout.expire_due(ledger)
        session = _session(ledger, id)
        return _render(ledger, session, _failure(ledger, session))

    @page.post("/<id>")
    def act(id: str) -> Response | tuple[str, int] | str:
        _session(ledger, id)
        chosen = request.form.get("act", "")
        if chosen not in _OFFERED:
            abort(400)
        card = request.form.get("card") if chosen == "pay" else None
        try:
            session = checkout.perform(ledger, chosen, id, card)
        except NotPossible:
            return _render(ledger, _session(ledger, id)), 409
        except StripeError as error:
            return _render(ledger, _session(ledger, id), str(error)), error.status
        if session["status"] == "complete":
            return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", id), code=303)
        intent = checkout.intent_of(ledger, session)
        if intent and intent["status"] == "requires_action":
            return redirect(page_address(ledger, intent), code=303)
        return _render(ledger, session, _failure(ledger, session))

    return page


def _session(ledger: Ledger, id: str) -> Json:
    return ledger.store.get("checkout.session", id) or abort(404)


def _failure(ledger: Ledger, session: Json) -> str | None:
    """Why the last attempt on the open session came to nothing, if there was one."""
    intent = checkout.intent_of(ledger, session) if session["status"] == "open" else None
    failure = intent and (intent.get("last_payment_error") or intent.get("last_setup_error"))
    return str(failure["message"]) if failure else None


def _render(ledger: Ledger, session: Json, notice: str | None = None) -> str:
    currency = session["currency"]
    kept = ledger.store.get("line_items", session["id"]) or {"data": []}
    lines = [
        {
            "description": line["description"],
            "quantity": line["quantity"],
            "total": show(line["amount_total"], currency),
        }
        for line in kept["data"]
    ]
    total = show(session["amount_total"], currency) if lines else None
    return render_template("pay.html", session=session, lines=lines, total=total, notice=notice)
