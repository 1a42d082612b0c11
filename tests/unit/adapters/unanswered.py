"""What becomes of a request that nobody answers, and of the pauses that answers ask for: the same at every provider."""

import ssl
from collections.abc import Callable, Mapping
from socket import gaierror
from typing import Any

import pytest
import requests
import responses

from billing.application.outcomes import OutcomeUnknown, RetryLater
from billing.domain.errors import BillingError
from billing.transport import RETRY_AFTER_MAX_SECONDS


def _unconnected(reason: OSError) -> requests.RequestException:
    """As requests tells of a connection that was never made."""
    told = requests.ConnectionError("Max retries exceeded")
    told.__cause__ = reason
    return told


class UnansweredContract:
    """`start` and `check` tell how a call ends that is answered so; `too_many` is the provider's answer to too many."""

    start: Callable[..., BillingError]
    check: Callable[..., BillingError]
    too_many: Mapping[str, Any] = {}

    @pytest.mark.parametrize(
        "failure",
        [
            _unconnected(ConnectionRefusedError()),
            _unconnected(gaierror()),
            _unconnected(ssl.SSLCertVerificationError()),
            requests.ConnectTimeout(),
        ],
        ids=["refused", "no address", "a stranger", "no connection in time"],
    )
    def test_what_was_surely_not_sent_is_sent_later(self, api: responses.RequestsMock, failure: Exception) -> None:
        assert type(self.start(api, body=failure)) is RetryLater
        assert type(self.check(api, body=failure)) is RetryLater

    @pytest.mark.parametrize(
        "failure",
        [
            requests.ReadTimeout(),
            requests.ConnectionError("Connection aborted"),
            _unconnected(ConnectionResetError()),
            _unconnected(ssl.SSLError("bad record")),
            requests.exceptions.ChunkedEncodingError(),
            requests.exceptions.ContentDecodingError(),
        ],
        ids=["no answer in time", "aborted", "reset", "broken", "cut short", "packed wrongly"],
    )
    def test_what_may_have_arrived_is_unknown_to_a_write_only(
        self, api: responses.RequestsMock, failure: Exception
    ) -> None:
        assert type(self.start(api, body=failure)) is OutcomeUnknown
        assert type(self.check(api, body=failure)) is RetryLater

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [("7", 7.0), ("86400", RETRY_AFTER_MAX_SECONDS), ("soon", None), ("-1", None), ("²", None), (None, None)],
    )
    def test_a_pause_that_is_asked_for_is_kept_within_a_limit(
        self, api: responses.RequestsMock, header: str | None, seconds: float | None
    ) -> None:
        for ended in (self.start, self.check):
            later = ended(api, status=429, headers={"Retry-After": header} if header else {}, **self.too_many)
            assert type(later) is RetryLater
            assert (later.after_seconds, later.is_answer) == (seconds, True)
