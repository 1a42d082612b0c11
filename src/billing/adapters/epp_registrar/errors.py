"""Result codes (RFC 5730 §3) and broken lines, sorted into the closed set in which a call may end."""

from collections.abc import Collection
from datetime import timedelta

from epptools import Response, ResultCode

from billing.application.outcomes import NeedsPerson, NotYet, Refused, RetryLater
from billing.domain.alert import AlertKind

_WHY_CHARS_MAX = 300

CLOSING = frozenset(
    {
        ResultCode.COMMAND_FAILED_SERVER_CLOSING,
        ResultCode.AUTHENTICATION_SERVER_CLOSING,
        ResultCode.SESSION_LIMIT_EXCEEDED_SERVER_CLOSING,
    }
)
"""After these the registry hangs up."""

# A 2xxx answer means that the action did not take place (RFC 5730 §3), also where the registry hangs up after it.
_LATER = CLOSING | {
    ResultCode.COMMAND_FAILED,
    ResultCode.COMMAND_USE_ERROR,
    ResultCode.AUTHENTICATION_ERROR,
}
_REFUSED = frozenset(
    {
        ResultCode.COMMAND_SYNTAX_ERROR,
        ResultCode.REQUIRED_PARAMETER_MISSING,
        ResultCode.PARAMETER_VALUE_RANGE_ERROR,
        ResultCode.PARAMETER_VALUE_SYNTAX_ERROR,
        ResultCode.NOT_ELIGIBLE_FOR_RENEWAL,
        ResultCode.OBJECT_EXISTS,
        ResultCode.OBJECT_DOES_NOT_EXIST,
        ResultCode.OBJECT_STATUS_PROHIBITS_OPERATION,
        ResultCode.OBJECT_ASSOCIATION_PROHIBITS_OPERATION,
        ResultCode.PARAMETER_VALUE_POLICY_ERROR,
    }
)


class LineLost(Exception):
    """A command was, or may have been, sent, and no answer to it came."""

    @property
    def why(self) -> str:
        """Which command, and what became of the line."""
        return str(self)


def objection(answer: Response) -> str:
    """What the registry said, without the values it echoes: one of them may be a password."""
    said = [answer.message() or "no message", *answer.error_reasons()]
    return f"EPP {answer.code()}: {'; '.join(filter(None, said))}"[:_WHY_CHARS_MAX]


def require(answer: Response, awaited: Collection[int], funds_retry: timedelta) -> None:
    """Return where the command was carried out or ended in an awaited code; else raise what follows from the code.

    A code that nobody foresaw goes to a person: it must neither be tried for ever nor cost a customer the name.
    """
    code = answer.code()
    if answer.is_success() or code in awaited:
        return
    why = objection(answer)
    if code in _REFUSED and _objects_to(answer, "curExpDate"):
        # It was read from the registry a moment ago: it has changed since, or is wanted in another format. Neither is
        # the customer's doing, and the next attempt reads again.
        raise RetryLater(why, answered=True)
    if code in _REFUSED:
        raise Refused(why)
    if code in _LATER:
        raise RetryLater(why, answered=True)
    if code == ResultCode.BILLING_FAILURE:
        why = f"our account at the registry is out of funds: {why}"
        raise NotYet(why, funds_retry, AlertKind.REGISTRAR_OUT_OF_FUNDS, about="epp")
    raise NeedsPerson(why)


def _objects_to(answer: Response, element: str) -> bool:
    return any(value["element"] == element for value in answer.ext_values())
