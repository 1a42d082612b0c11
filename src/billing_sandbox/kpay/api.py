"""KPay's one endpoint: who may ask, what for, and what it answers; whatever it answers, HTTP says 200."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from billing_sandbox.faults import Fault, Faults
from billing_sandbox.kpay import answers, statuses
from billing_sandbox.kpay.asked import LIMITS, read_pay
from billing_sandbox.kpay.credentials import Credentials
from billing_sandbox.kpay.payments import Payments
from billing_sandbox.kpay.postbacks import Postbacks
from billing_sandbox.kpay.refusals import Reason, Refusal, refused
from billing_sandbox.kpay.switches import Switches
from billing_sandbox.store import Json
from billing_sandbox.web import under_fault

_BODY_BYTES_MAX = 64 * 1024
_RETCODES_FROM = 600
"""Below it, the code of a fault is an HTTP status."""
_POSTBACK_SECONDS = 5.0
"""How long an answer waits for the postback that is to come before it."""


class KPayApi:
    """The endpoint, over the payments."""

    def __init__(
        self,
        payments: Payments,
        postbacks: Postbacks,
        faults: Faults,
        credentials: Credentials,
        switches: Switches,
        page_of: Callable[[Json], str | None],
    ) -> None:
        """`page_of` gives where a payment's card is entered, if one is."""
        self._payments, self._postbacks, self._faults = payments, postbacks, faults
        self._credentials, self._switches, self._page_of = credentials, switches, page_of

    def blueprint(self) -> Blueprint:
        """`POST /`."""
        api = Blueprint("kpay_api", __name__)
        api.add_url_rule("/", "endpoint", self._endpoint, methods=["POST"])
        return api

    def _endpoint(self) -> Response:
        request.max_content_length = _BODY_BYTES_MAX
        body = request.get_json(force=True, silent=True)
        refid = str(body.get("refid", "")) if isinstance(body, dict) else ""
        try:
            self._authenticate()
            if not isinstance(body, dict):
                raise Refusal(Reason.BAD_PARAMETER)
            return self._act(body)
        except Refusal as refusal:
            retcode = refusal.reason.retcode(self._switches.retcodes)
            return answers.written(refused(refusal.reason.reply, retcode, refid), None)

    def _authenticate(self) -> None:
        given = request.authorization
        if given is None or given.type != "basic":
            raise Refusal(Reason.NO_AUTHORIZATION)
        if (given.username, given.password) != (self._credentials.username, self._credentials.password):
            raise Refusal(Reason.WRONG_CREDENTIALS)
        if self._switches.needs_key and request.headers.get("Kpay-Key") != self._credentials.api_key:
            raise Refusal(Reason.WRONG_KEY)
        if not self._switches.knows_address:
            raise Refusal(Reason.STRANGE_ADDRESS)

    def _act(self, body: Json) -> Response:
        match body.get("action"):
            case "pay":
                method = body.get("pmethod")
                point, act = f"kpay.pay.{method}" if method in LIMITS else "kpay.pay", self._pay
            case "checkstatus":
                point, act = "kpay.checkstatus", self._checkstatus
            case _:
                raise Refusal(Reason.BAD_PARAMETER)
        fault = self._faults.take(point)
        return under_fault(fault, lambda: act(body, fault), lambda code: _refuse(code, body))

    def _pay(self, body: Json, fault: Fault | None) -> Response:
        if isinstance(body.get("refid"), str):
            self._payments.count_call(body["refid"])
        payment = self._payments.begin(read_pay(body, self._credentials.retailer_id))
        match fault.kind if fault else None:
            case "instant":
                return answers.written(answers.paid_at_once(self._payments.approve(payment)), fault)
            case "notify_first":
                self._payments.approve(payment)
                wait = fault.seconds if fault and fault.seconds is not None else _POSTBACK_SECONDS
                self._postbacks.await_answer(payment["tid"], wait)
            case "forge":
                self._postbacks.say(payment, statuses.SUCCESS)
        return answers.written(answers.accepted(payment, self._page_of(payment) or " "), fault)

    def _checkstatus(self, body: Json, fault: Fault | None) -> Response:
        tid, refid = _name(body, "tid"), _name(body, "refid")
        if not tid and not refid:
            raise Refusal(Reason.BAD_PARAMETER)
        payment = self._payments.find(tid=tid, refid=refid)
        if payment:
            self._payments.check(payment)
        return answers.written(statuses.report(payment) if payment else statuses.unknown(), fault)


def _name(body: Json, field: str) -> str | None:
    value: Any = body.get(field)
    if value is not None and not isinstance(value, str):
        raise Refusal(Reason.BAD_PARAMETER)
    return value


def _refuse(code: int, body: Json) -> Response:
    if code < _RETCODES_FROM:
        return Response(status=code)
    return answers.written(refused("TARGET_AUTHORIZATION_ERROR", code, str(body.get("refid", ""))), None)
