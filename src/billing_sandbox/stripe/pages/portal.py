"""The customer portal: a person looks at the cards that are kept, adds one, or takes one away."""

from flask import Blueprint, abort, render_template, request

from billing_sandbox.store import Json
from billing_sandbox.stripe import methods
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import NOBODY, Ledger
from billing_sandbox.stripe.updates import update


def portal_page(ledger: Ledger) -> Blueprint:
    """`/p/session/<session>`."""
    page = Blueprint("portal_page", __name__, template_folder="../templates", url_prefix="/p/session")

    @page.get("/<id>")
    def show_cards(id: str) -> str:
        return _render(ledger, _session(ledger, id))

    @page.post("/<id>")
    def act(id: str) -> str | tuple[str, int]:
        session = _session(ledger, id)
        try:
            with ledger.store.transaction():
                _act(ledger, session["customer"])
        except StripeError as error:
            return _render(ledger, session, notice=str(error)), error.status
        return _render(ledger, session)

    return page


def _act(ledger: Ledger, customer_id: str) -> None:
    """What the customer chose on the page."""
    match request.form.get("act"):
        case "add":
            method = methods.typed(ledger, request.form.get("card", ""))
            methods.attach(ledger, method, customer_id, NOBODY)
        case "make_default":
            customer = ledger.get("customer", customer_id)
            settings = customer["invoice_settings"] | {"default_payment_method": _own(ledger, customer_id)["id"]}
            update(ledger, customer, {"invoice_settings": settings}, "customer.updated", NOBODY)
        case "remove":
            methods.detach(ledger, _own(ledger, customer_id), NOBODY)
        case _:
            abort(400)


def _own(ledger: Ledger, customer_id: str) -> Json:
    method = ledger.store.get("payment_method", request.form.get("method", ""))
    return method if method and method["customer"] == customer_id else abort(404)


def _session(ledger: Ledger, id: str) -> Json:
    session = ledger.store.get("billing_portal.session", id) or abort(404)
    customer = ledger.get("customer", session["customer"])
    return abort(404) if customer.get("deleted") else session


def _render(ledger: Ledger, session: Json, *, notice: str | None = None) -> str:
    customer = ledger.get("customer", session["customer"])
    return render_template(
        "portal.html",
        session=session,
        customer=customer,
        methods=methods.of_customer(ledger, customer["id"]),
        default=customer["invoice_settings"]["default_payment_method"],
        notice=notice,
    )
