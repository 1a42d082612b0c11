"""The page behind an invoice's `hosted_invoice_url`, where a person plays the customer who pays it."""

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from billing_sandbox.store import Json
from billing_sandbox.stripe.authentication import page_address
from billing_sandbox.stripe.errors import NotPossible, StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.money import show
from billing_sandbox.stripe.recurring import advancing, collection, hosted, invoices


def invoice_page(ledger: Ledger) -> Blueprint:
    """`/i/<token>`: what is owed and what for, and how to pay it."""
    page = Blueprint("invoice_page", __name__, template_folder="../templates", url_prefix="/i")

    @page.get("/<token>")
    def show_invoice(token: str) -> str:
        advancing.catch_up(ledger)
        return _render(ledger, _invoice(ledger, token))

    @page.post("/<token>")
    def act(token: str) -> Response | tuple[str, int] | str:
        invoice, chosen = _invoice(ledger, token), request.form.get("act", "")
        if chosen not in ("pay", "pay_on_file", "decline"):
            abort(400)
        card = request.form.get("card") if chosen == "pay" else None
        try:
            invoice = hosted.perform(ledger, chosen.removesuffix("_on_file"), invoice["id"], card)
        except NotPossible:
            return _render(ledger, _invoice(ledger, token)), 409
        except StripeError as error:
            return _render(ledger, invoice, str(error)), error.status
        intent = invoices.intent_of(ledger, invoice)
        if intent and intent["status"] == "requires_action":
            return redirect(page_address(ledger, intent), code=303)
        return _render(ledger, invoice)

    return page


def _invoice(ledger: Ledger, token: str) -> Json:
    return invoices.by_token(ledger, token) or abort(404)


def _render(ledger: Ledger, invoice: Json, notice: str | None = None) -> str:
    currency, intent = invoice["currency"], invoices.intent_of(ledger, invoice)
    failure = intent and invoice["status"] == "open" and intent["last_payment_error"]
    lines = [(line["description"], show(line["amount"], currency)) for line in invoice["lines"]["data"]]
    method = collection.method_for(ledger, invoice)
    return render_template(
        "invoice.html",
        invoice=invoice,
        lines=lines,
        due=show(invoice["amount_due"], currency),
        credit=show(invoice["total"] - invoice["amount_due"], currency),
        last4=method["card"]["last4"] if method and method["type"] == "card" else None,
        notice=notice or (failure["message"] if failure else None),
    )
