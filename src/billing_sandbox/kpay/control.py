"""The control calls that play KPay's payers and operators."""

from typing import Any

from flask import Blueprint, abort, jsonify, request
from werkzeug.wrappers import Response

from billing_sandbox.kpay import statuses
from billing_sandbox.kpay.payments import Payments
from billing_sandbox.kpay.phones import phone_pages
from billing_sandbox.kpay.postbacks import Postbacks
from billing_sandbox.kpay.statuses import NotPossible
from billing_sandbox.kpay.switches import Switches
from billing_sandbox.store import Json
from billing_sandbox.web import json_object

_ACTS = ("approve", "decline", "postback")


def kpay_control(payments: Payments, postbacks: Postbacks, switches: Switches) -> Blueprint:
    """`/kpay/...` and `/phone/...` of the control address."""
    control = Blueprint("kpay_control", __name__, template_folder="templates")

    @control.post("/kpay/payments/<name>/<act>")
    def payment_act(name: str, act: str) -> Response:
        payment = payments.named(name) or abort(404, f"no such payment: {name}")
        asked: Json = json_object() if request.get_data() else {}
        match act:
            case "approve":
                payments.approve(payment)
            case "decline":
                payments.decline(payment, asked.get("statusid", statuses.FAILED))
            case "postback":
                postbacks.say(payment, _status(asked.get("statusid", payment["statusid"])))
            case _:
                abort(404, f"a payment knows {', '.join(_ACTS)}")
        return jsonify(payments.shown(payment["tid"]))

    @control.get("/kpay/switches")
    def show_switches() -> Response:
        return jsonify(switches.to_json())

    @control.put("/kpay/switches")
    def set_switches() -> Response:
        switches.set(json_object())
        return jsonify(switches.to_json())

    phone_pages(control, payments)

    @control.errorhandler(NotPossible)
    def not_possible(error: NotPossible) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), 409

    return control


def _status(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError('statusid must be a text, such as "01"')
    return value
