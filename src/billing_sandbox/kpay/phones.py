"""The phones that pushes are sent to, where a person plays whoever holds one."""

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from billing_sandbox.kpay.pages import page
from billing_sandbox.kpay.payments import Payments
from billing_sandbox.kpay.statuses import NotPossible


def phone_pages(control: Blueprint, payments: Payments) -> None:
    """`/phone/...`."""

    @control.get("/phone/")
    def show_phones() -> Response:
        return page(render_template("phones.html", phones=payments.on_phones()))

    @control.get("/phone/<msisdn>")
    def show_phone(msisdn: str) -> Response:
        return _phone(payments, msisdn)

    @control.post("/phone/<msisdn>")
    def answer_push(msisdn: str) -> Response:
        payment = payments.find(tid=request.form.get("tid"))
        if payment is None or payment["msisdn"] != msisdn or not payment["pushes"]:
            abort(404, "there is no such push on this phone")
        try:
            match request.form.get("act"):
                case "approve":
                    payments.approve(payment)
                case "decline":
                    payments.decline(payment)
                case _:
                    abort(400, "act must be approve or decline")
        except NotPossible:
            return _phone(payments, msisdn, 409)
        return redirect(f"/phone/{msisdn}", code=303)


def _phone(payments: Payments, msisdn: str, code: int = 200) -> Response:
    pushes = payments.on_phones().get(msisdn, [])
    return page(render_template("phone.html", msisdn=msisdn, pushes=pushes), code)
