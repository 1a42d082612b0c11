"""The page behind a session's `url`, where a person plays the paying customer."""

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from billing_sandbox.store import Json
from billing_sandbox.stripe import checkout
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.money import show

_OFFERED = ("pay", "decline", "pay_async")


def payment_page(ledger: Ledger) -> Blueprint:
    """`/c/pay/<session>`: what is bought, and buttons for everything a customer can do."""
    page = Blueprint("payment_page", __name__, template_folder="templates", url_prefix="/c/pay")

    @page.get("/<id>")
    def show_session(id: str) -> str:
        checkout.expire_due(ledger)
        return _render(ledger, _session(ledger, id))

    @page.post("/<id>")
    def act(id: str) -> Response | tuple[str, int] | str:
        session = _session(ledger, id)
        chosen = request.form.get("act", "")
        if chosen not in _OFFERED:
            abort(400)
        try:
            session = checkout.perform(ledger, chosen, id)
        except checkout.NotPossible:
            return _render(ledger, _session(ledger, id)), 409
        if session["status"] == "complete":
            return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", id), code=303)
        return _render(ledger, session, declined=True)

    return page


def _session(ledger: Ledger, id: str) -> Json:
    return ledger.store.get("checkout.session", id) or abort(404)


def _render(ledger: Ledger, session: Json, *, declined: bool = False) -> str:
    currency = session["currency"]
    lines = [
        {
            "description": line["description"],
            "quantity": line["quantity"],
            "total": show(line["amount_total"], currency),
        }
        for line in ledger.get("line_items", session["id"])["data"]
    ]
    return render_template(
        "pay.html",
        session=session,
        lines=lines,
        total=show(session["amount_total"], currency),
        declined=declined,
    )
