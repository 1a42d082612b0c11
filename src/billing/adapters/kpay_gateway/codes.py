"""Every code of KPay in one place: what a status means, and what is said of a code to customers and to operators.

Of the return codes two tables are in use that contradict each other, so nothing is decided by one of them: they are
only put into words that are true by either. Sources: esicia's developer guide (October 2025) and the newer package.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Standing(Enum):
    """What a `statusid` says of a payment."""

    PAID = auto()
    FAILED = auto()
    PENDING = auto()
    UNKNOWN_THERE = auto()  # right after `pay`, or when that never arrived
    UNREADABLE = auto()  # nobody has documented it: never paid, never failed, and a person looks


@dataclass(frozen=True)
class Code:
    """`sentence` is for the customer; by each table what it means to an operator."""

    sentence: str
    guide: str
    package: str = ""

    @property
    def meaning(self) -> str:
        """Both meanings, where they differ."""
        if not self.package or self.package == self.guide:
            return self.guide
        return f"{self.guide}, or by the newer table {self.package}"


NOT_FOUND = "611"

_NOT_PAID = "the payment was not made: try again, or pay in another way"
_SHOP = "KPay can't take this payment from us at present: please pay in another way"
_ACCOUNT = "the payment was not made: look whether there is enough on the account, and try again"
_NO_ANSWER = "the payment was not made in time: please try again"
_CALLED_OFF = "the payment was called off, or can't be made this way: try again, or pay in another way"

_STATUSES: Mapping[str, tuple[Standing, Code]] = {
    "01": (Standing.PAID, Code("paid", "success")),
    "02": (Standing.FAILED, Code("the payment was declined or not approved: try again", "failed")),
    "03": (Standing.PENDING, Code("the payment waits for your approval", "pending")),
    "0": (Standing.PENDING, Code("the payment is being processed", "no error, being processed")),
    NOT_FOUND: (Standing.UNKNOWN_THERE, Code(_NO_ANSWER, "transaction not found")),
}

CODES: Mapping[str, Code] = {
    "401": Code(_SHOP, "missing authentication header"),
    "403": Code(_SHOP, "HTTP access denied"),
    "500": Code(_SHOP, "not HTTPS"),
    "600": Code(_SHOP, "bad username or password", "INVALID_REQUEST"),
    "601": Code(_SHOP, "invalid remote user", "INVALID_API_KEY"),
    "602": Code(_SHOP, "our IP address is not whitelisted", "INVALID_AUTH"),
    "603": Code(_SHOP, "missing or empty parameter", "IP_NOT_WHITELISTED"),
    "604": Code(_SHOP, "unknown retailer", "DUPLICATE_REFID"),
    "605": Code(_SHOP, "retailer not enabled", "AMOUNT_OUT_OF_RANGE"),
    "606": Code(_NOT_PAID, "error processing", "provider rejected"),
    "607": Code(_ACCOUNT, "failed mobile money transaction", "INSUFFICIENT_FUNDS"),
    "608": Code(_NO_ANSWER, "refid already used", "TIMEOUT"),
    "609": Code(_CALLED_OFF, "unknown payment method", "CANCELLED by the customer"),
    "610": Code(_CALLED_OFF, "unknown or disabled institution"),
    NOT_FOUND: Code(_NO_ANSWER, "transaction not found"),
    "682": Code(_NOT_PAID, "internal error caused the operation to fail"),
}
"""Return codes, and the operator codes that come in their place as the status of what has failed."""

_OTHER = Code(_NOT_PAID, "a code that is in no table")
_SHOWABLE = re.compile(r"[A-Za-z0-9_.-]{1,20}")
_OPERATOR_CODE_DIGITS = 3


def standing(statusid: str) -> Standing:
    """What it says; an operator's code of three digits stands for a failure, any other code for nothing.

    >>> [standing(code).name for code in ("01", "0", "682", "1", "PAID")]
    ['PAID', 'PENDING', 'FAILED', 'UNREADABLE', 'UNREADABLE']
    """
    if statusid in _STATUSES:
        return _STATUSES[statusid][0]
    is_operators = len(statusid) == _OPERATOR_CODE_DIGITS and statusid.isascii() and statusid.isdigit()
    return Standing.FAILED if is_operators else Standing.UNREADABLE


def explain_status(statusid: str, said: str = "") -> str:
    """Of a payment that failed: a sentence for the customer, and in brackets what an operator wants to know.

    >>> explain_status("02", "FAILED")
    'the payment was declined or not approved: try again (KPay 02 FAILED: failed)'
    """
    found = _STATUSES[statusid][1] if statusid in _STATUSES else CODES.get(statusid, _OTHER)
    return _explain(found, statusid, said)


def explain_refusal(retcode: str, said: str = "") -> str:
    """The same of a call that was rejected.

    >>> explain_refusal("607", "LOW BALANCE").partition(" (")[2]
    'KPay 607 LOW BALANCE: failed mobile money transaction, or by the newer table INSUFFICIENT_FUNDS)'
    """
    return _explain(CODES.get(retcode, _OTHER), retcode, said)


def shown(raw: str) -> str:
    """A code as people may read it."""
    return raw if _SHOWABLE.fullmatch(raw) else "(unreadable)"


def _explain(code: Code, raw: str, said: str) -> str:
    return f"{code.sentence} (KPay {shown(raw)}{f' {said}' if said else ''}: {code.meaning})"
