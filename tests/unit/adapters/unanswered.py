"""What becomes of a request that nobody answers, and of the pauses that answers ask for: the same at every provider."""

import ssl
from socket import gaierror

import pytest
import requests

from billing.transport import RETRY_AFTER_MAX_SECONDS


def _unconnected(reason: OSError) -> requests.RequestException:
    """As requests tells of a connection that was never made."""
    told = requests.ConnectionError("Max retries exceeded")
    told.__cause__ = reason
    return told


SURELY_UNSENT = pytest.mark.parametrize(
    "failure",
    [
        _unconnected(ConnectionRefusedError()),
        _unconnected(gaierror()),
        _unconnected(ssl.SSLCertVerificationError()),
        requests.ConnectTimeout(),
    ],
    ids=["refused", "no address", "a stranger", "no connection in time"],
)
MAY_HAVE_ARRIVED = pytest.mark.parametrize(
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
PAUSES = pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("86400", RETRY_AFTER_MAX_SECONDS), ("soon", None), ("-1", None), ("²", None), (None, None)],
)
