"""The answers of the endpoint, as they should be and as faults make them."""

import json

from flask import Response

from billing_sandbox.faults import Fault
from billing_sandbox.kpay import statuses
from billing_sandbox.kpay.refusals import refused
from billing_sandbox.store import Json

_PAGE = "<!doctype html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>"


def accepted(payment: Json, url: str) -> Json:
    """The payment waits for the payer."""
    return {
        "reply": "PENDING",
        "url": url,
        "success": 1,
        "authkey": payment["authkey"],
        "tid": payment["tid"],
        "refid": payment["refid"],
        "retcode": 0,
    }


def paid_at_once(payment: Json) -> Json:
    """The payment has succeeded before the call was answered."""
    told = statuses.report(payment)
    return {name: value for name, value in told.items() if name != "payaccount"} | {"retcode": 0}


def written(answer: Json, fault: Fault | None) -> Response:
    """The answer over HTTP, or what a fault makes of it."""
    match fault.kind if fault else None:
        case "html":
            return Response(_PAGE, status=(fault and fault.code) or 200, mimetype="text/html")
        case "misreport":
            answer = _misreported(answer, (fault and fault.code) or 0)
        case "pad":
            answer = statuses.padded(answer)
        case "stringify":
            answer = {name: str(value) for name, value in answer.items()}
    return Response(json.dumps(answer), mimetype="application/json")


def _misreported(answer: Json, code: int) -> Json:
    if "retcode" in answer:
        return refused("TARGET_AUTHORIZATION_ERROR", code, answer["refid"])
    return statuses.misreported(answer, statuses.statusid(code))
