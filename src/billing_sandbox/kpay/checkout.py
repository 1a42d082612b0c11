"""The page behind the `url` of a card payment, where a person plays the customer who enters a card."""

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from billing_sandbox.kpay import statuses
from billing_sandbox.kpay.cards import TEST_CARDS, by_number
from billing_sandbox.kpay.pages import page
from billing_sandbox.kpay.payments import Payments
from billing_sandbox.kpay.statuses import NotPossible
from billing_sandbox.store import Json


def checkout_page(payments: Payments) -> Blueprint:
    """`/checkout/<id>`: what is paid, a field for a card, and two buttons."""
    pages = Blueprint("kpay_checkout", __name__, template_folder="templates", url_prefix="/checkout")

    def found(id: str) -> Json:
        return payments.on_page(id) or abort(404)

    @pages.get("/<id>")
    def show(id: str) -> Response:
        return _page(found(id))

    @pages.post("/<id>")
    def act(id: str) -> Response:
        payment = found(id)
        try:
            match request.form.get("act"):
                case "pay":
                    card = by_number(request.form.get("card", ""))
                    if card is None:
                        return _page(payment, "Only the test cards below are taken.", 402)
                    payments.approve(payment, card)
                case "decline":
                    payments.decline(payment)
                case _:
                    abort(400)
        except NotPossible:
            return _page(found(id), None, 409)
        return redirect(payment["redirecturl"], code=303)

    return pages


def _page(payment: Json, notice: str | None = None, code: int = 200) -> Response:
    status = statuses.word(payment["statusid"])
    html = render_template("kpay_checkout.html", payment=payment, status=status, notice=notice, cards=TEST_CARDS)
    return page(html, code)
