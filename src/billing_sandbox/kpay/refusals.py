"""Why KPay says no, and the two tables of numbers that its guides give for it."""

from enum import Enum
from typing import Literal

from billing_sandbox.store import Json

Table = Literal["esicia", "package"]


class Reason(Enum):
    """What `reply` says, and `retcode` in esicia's guide and in the newer package, which knows fewer reasons."""

    NO_AUTHORIZATION = ("MISSING_AUTHENTICATION_HEADER", 401, 602)
    WRONG_CREDENTIALS = ("INVALID_AUTH", 600, 602)
    WRONG_KEY = ("INVALID_API_KEY", 601, 601)
    STRANGE_ADDRESS = ("IP_NOT_WHITELISTED", 602, 603)
    BAD_PARAMETER = ("INVALID_REQUEST", 603, 600)
    UNKNOWN_RETAILER = ("UNKNOWN_RETAILER", 604, 600)
    AMOUNT_OUT_OF_RANGE = ("AMOUNT_OUT_OF_RANGE", 606, 605)
    USED_REFID = ("DUPLICATE_REFID", 608, 604)
    UNKNOWN_METHOD = ("UNKNOWN_PAYMENT_METHOD", 609, 600)
    UNKNOWN_BANK = ("UNKNOWN_INSTITUTION", 610, 600)

    def retcode(self, table: Table) -> int:
        """The number in a table."""
        _, esicia, package = self.value
        return esicia if table == "esicia" else package

    @property
    def reply(self) -> str:
        """The word that goes with it."""
        return self.value[0]


class Refusal(Exception):
    """KPay does not do what is asked."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.reply)
        self.reason = reason


def refused(reply: str, retcode: int, refid: str) -> Json:
    """The answer, which comes with HTTP's 200."""
    return {
        "reply": reply,
        "url": " ",
        "success": 0,
        "authkey": "",
        "tid": "E",
        "refid": refid,
        "retcode": retcode,
    }
