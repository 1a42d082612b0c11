"""The statuses of a payment, and how KPay reports them."""

from typing import Any

from billing_sandbox.store import Json

SUCCESS, FAILED, PENDING = "01", "02", "03"
IN_PROGRESS, UNKNOWN = "0", "611"
_DESCRIPTIONS = {
    SUCCESS: "SUCCESSFUL",
    FAILED: "FAILED",
    PENDING: "PENDING",
    IN_PROGRESS: "No error, being processed",
    UNKNOWN: "Transaction not found",
    "682": "An internal error caused the operation to fail",
}


class NotPossible(Exception):
    """What somebody plays can't happen to the payment in the state it is in."""


def statusid(code: int) -> str:
    """A code as KPay writes it: 1 is `01`, 0 is `0`, 682 is itself."""
    return f"{code:02}" if code else IN_PROGRESS


def describe(status: str) -> str:
    """`statusdesc`; an operator's codes have none that anybody has written down."""
    return _DESCRIPTIONS.get(status, f"The operator says {status}")


def failure(code: Any) -> str:
    """An operator's code for a failure; a `ValueError` for what is none."""
    text = str(code)
    if not text.isascii() or not text.isdigit() or len(text) > 4 or int(text) in (0, 1, 3, int(UNKNOWN)):
        raise ValueError('statusid must be that of a failure: digits, such as "02" or "682"')
    return text


def word(status: str) -> str:
    """What a status comes to: `pending`, `success` or `failed`."""
    return {PENDING: "pending", SUCCESS: "success"}.get(status, "failed")


def report(payment: Json) -> Json:
    """What `checkstatus` answers and a postback says."""
    return {
        "tid": payment["tid"],
        "refid": payment["refid"],
        "momtransactionid": payment["momtransactionid"],
        "payaccount": payment["payaccount"],
        "statusid": payment["statusid"],
        "statusdesc": describe(payment["statusid"]),
    }


def unknown() -> Json:
    """What `checkstatus` answers of a payment that KPay has never heard of."""
    blank = dict.fromkeys(("tid", "refid", "momtransactionid", "payaccount"), "")
    return blank | {"statusid": UNKNOWN, "statusdesc": describe(UNKNOWN)}


def misreported(told: Json, status: str) -> Json:
    """A report that says another status than the true one."""
    if status == UNKNOWN:
        return unknown()
    number = (told["momtransactionid"] or "9000000001") if status == SUCCESS else ""
    return told | {"statusid": status, "statusdesc": describe(status), "momtransactionid": number}


def padded(told: Json) -> Json:
    """With spaces around every value."""
    return {name: f" {value} " if isinstance(value, str) else value for name, value in told.items()}
