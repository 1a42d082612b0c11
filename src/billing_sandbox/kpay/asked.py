"""What a `pay` call asks for, checked as KPay does."""

import re
from typing import Any
from urllib.parse import urlsplit

from billing_sandbox.kpay.refusals import Reason, Refusal
from billing_sandbox.store import Json

LIMITS = {"momo": (100, 5_000_000), "cc": (1_000, 10_000_000), "spenn": (100, 1_000_000)}
"""The methods, and the least and the most RWF that each takes."""
_NEEDED = (
    "msisdn", "email", "details", "refid", "cname", "cnumber", "pmethod", "retailerid", "returl", "redirecturl",
)  # fmt: skip
_OPTIONAL = ("logourl", "bankid")
_BANKS = {
    "63510", "63514", "000", "63501", "63502", "010", "040", "070", "100", "115", "130",
    "145", "160", "192", "400", "750", "800", "900", "950", "951",
}  # fmt: skip
_MSISDN = re.compile(r"[0-9]{9,15}")
_TEXT_CHARACTERS_MAX = 2000


def read_pay(body: Json, retailer_id: str) -> Json:
    """The parameters of a payment, or a `Refusal`."""
    asked = {name: _text(body.get(name)) for name in _NEEDED}
    asked |= {name: _text(body[name]) for name in _OPTIONAL if body.get(name)}
    amount = body.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int) or not _MSISDN.fullmatch(asked["msisdn"]):
        raise Refusal(Reason.BAD_PARAMETER)
    if body.get("currency", "RWF") != "RWF" or not all(_is_web_address(asked[n]) for n in ("returl", "redirecturl")):
        raise Refusal(Reason.BAD_PARAMETER)
    if asked["retailerid"] != retailer_id:
        raise Refusal(Reason.UNKNOWN_RETAILER)
    if asked["pmethod"] not in LIMITS:
        raise Refusal(Reason.UNKNOWN_METHOD)
    if asked.get("bankid", "000") not in _BANKS:
        raise Refusal(Reason.UNKNOWN_BANK)
    least, most = LIMITS[asked["pmethod"]]
    if not least <= amount <= most:
        raise Refusal(Reason.AMOUNT_OUT_OF_RANGE)
    method = asked.pop("pmethod")
    return asked | {"method": method, "amount": amount, "currency": "RWF"}


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _TEXT_CHARACTERS_MAX:
        raise Refusal(Reason.BAD_PARAMETER)
    return value


def _is_web_address(text: str) -> bool:
    try:
        return urlsplit(text).scheme in ("http", "https")
    except ValueError:
        return False
