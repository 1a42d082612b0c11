"""Calls to KPay: one address, one POST each, within its deadline, over connections that are kept."""

from collections.abc import Collection, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests

from billing.adapters.kpay_gateway.account import KpayAccount
from billing.adapters.kpay_gateway.replies import Reply, as_object
from billing.application.outcomes import Deadline, OutcomeUnknown, RetryLater
from billing.application.ports import Telemetry
from billing.domain.errors import BillingError
from billing.transport import pause_asked_for, session, unanswered

ANSWER_BYTES_MAX = 64 * 1024

_PAY, _CHECKSTATUS = "pay", "checkstatus"
_NOT_LET_IN = frozenset({401, 403})
_TOO_MANY = 429
_SERVERS_FAULT = 500
_CHUNK_BYTES = 8192


class KpayApi:
    """Speaks to one account; what fails comes out in the closed set, what KPay rejects as its `Reply`."""

    def __init__(self, account: KpayAccount, telemetry: Telemetry) -> None:
        """Connects to nothing yet."""
        self._url, self._secrets = account.url, (account.password, account.api_key or "")
        self._auth = requests.auth.HTTPBasicAuth(account.username.encode(), account.password.encode())
        # An answer that is not packed can't be larger than what was read of it.
        self._headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if account.api_key:
            self._headers["Kpay-Key"] = account.api_key
        self._telemetry = telemetry
        self._http = session()
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def pay(self, fields: Mapping[str, Any], deadline: Deadline, hidden: Collection[str]) -> Reply:
        """Ask for a payment; OutcomeUnknown where it may have been taken, RetryLater where it surely was not."""
        return self._call(_PAY, fields, deadline, hidden)

    def check_status(self, refid: str, deadline: Deadline, hidden: Collection[str]) -> Reply:
        """Ask about one by our reference, which is known before any answer is; RetryLater where that fails."""
        return self._call(_CHECKSTATUS, {"refid": refid}, deadline, hidden)

    def _call(self, action: str, fields: Mapping[str, Any], deadline: Deadline, hidden: Collection[str]) -> Reply:
        """Reported by its name, how it ended and how long it took."""
        seconds = deadline.remaining_seconds()
        started, outcome = deadline.monotonic(), "bug"
        try:
            reply = self._ask(action, fields, seconds, hidden)
            outcome = "answered"
        except BillingError as failure:
            outcome = type(failure).__name__
            raise
        finally:
            self._telemetry.event("kpay_call", seconds=deadline.monotonic() - started, call=action, outcome=outcome)
        return reply

    def _ask(self, action: str, fields: Mapping[str, Any], seconds: float, hidden: Collection[str]) -> Reply:
        writing = action == _PAY
        try:
            with self._http.post(
                self._url,
                json={"action": action, **fields},
                auth=self._auth,
                headers=self._headers,
                timeout=seconds,
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = _read(answer)
        except requests.RequestException as error:
            # What was raised may hold the request, and with it all that is secret: the chain ends here.
            raise unanswered("KPay", error, writing=writing) from None
        return self._understand(answer, body, writing, hidden)

    def _understand(
        self, answer: requests.Response, body: bytes | None, writing: bool, hidden: Collection[str]
    ) -> Reply:
        status = answer.status_code
        if status == _TOO_MANY:
            raise RetryLater(f"KPay answered {status}", pause_asked_for(answer.headers), answered=True)
        if status in _NOT_LET_IN:
            return Reply(retcode=str(status))
        text = body.decode("utf-8-sig", errors="replace") if body and status < _SERVERS_FAULT else ""
        reply = Reply.of(as_object(text) or {}, (*self._secrets, *hidden))
        if not reply.is_readable:
            what = "too much" if body is None else "what is none of its answers"
            why = f"KPay answered {status}" if status >= _SERVERS_FAULT else f"KPay answered {status} and {what}"
            raise OutcomeUnknown(why) if writing else RetryLater(why)
        return reply


def _read(answer: requests.Response) -> bytes | None:
    """The body; None where it is longer than any answer of KPay."""
    body = b""
    for chunk in answer.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            return None
    return body
