"""Connections that keep a deadline, and HTTP over them: sockets know only how long one step of many may take.

What it means that no answer came, or one that asks for a pause, is told here too. Here and in no adapter, since more
than one needs it and adapters do not know one another.
"""

import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from time import monotonic
from typing import Any, cast

from requests import PreparedRequest, Response, Session
from requests import exceptions as http
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from billing.application.outcomes import OutcomeUnknown, RetryLater

RETRY_AFTER_MAX_SECONDS = 300.0
"""A longer pause than this is not taken from a header."""
Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""Addresses of a host, asked and told as by `socket.getaddrinfo`."""
CONNECT_SECONDS_MAX = 3.05  # to one address: a little over the time after which a lost SYN is sent again


def connect(
    host: str, port: int, left_seconds: Callable[[], float], resolve: Resolve = socket.getaddrinfo
) -> socket.socket:
    """To the first of its addresses that answers: they share the time left, which libraries give to each."""
    fault = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in resolve(host, port, type=socket.SOCK_STREAM):
        left = left_seconds()
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(left)
            plain.connect(address)
            return plain
        except OSError as unreachable:
            plain.close()
            fault = unreachable
    raise fault


class DeadlineAdapter(HTTPAdapter):
    """Takes the timeout of a request for all of it; only the look-up of a name can't be cut short."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As ever, with connections of our own."""
        super().init_poolmanager(*args, **kwargs)
        _use_our_connections(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """As ever, with connections of our own."""
        manager = super().proxy_manager_for(*args, **kwargs)
        _use_our_connections(manager)
        return manager

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """A quarter each to connect, to shake hands, to send head and body; all that is left is for the answer."""
        seconds = kwargs["timeout"]
        return super().send(request, *args, **kwargs | {"timeout": Timeout(seconds, connect=seconds / 4)})


def session() -> Session:
    """Keeps its connections, for all threads: its pool is made for that."""
    kept = Session()
    kept.mount("https://", DeadlineAdapter())
    kept.mount("http://", DeadlineAdapter())
    return kept


def unanswered(provider: str, error: BaseException, *, writing: bool) -> OutcomeUnknown | RetryLater:
    """What `error` means, by which no answer came: a write may have arrived all the same."""
    why = f"no answer from {provider}: {type(error).__name__}"
    return OutcomeUnknown(why) if writing and not _is_surely_unsent(error) else RetryLater(why)


def pause_asked_for(headers: Mapping[str, str]) -> float | None:
    """Seconds, within a limit; None where no pause is asked for, or by a date."""
    asked = headers.get("Retry-After", "")
    return min(float(asked), RETRY_AFTER_MAX_SECONDS) if asked.isascii() and asked.isdigit() else None


class _InTime(RawIOBase):
    """Reads from a socket for as long in all as the socket would have waited for one byte."""

    def __init__(self, raw: RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        self._ends_at = monotonic() + cast(float, sock.gettimeout())

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends_at - monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        self._sock.settimeout(left)
        return cast("int | None", self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    """Head and body within one span."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = BufferedReader(_InTime(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        """The addresses of a host share the time to connect, which urllib3 would give to each."""
        ends_at = monotonic() + cast(float, self.timeout)
        failed: OSError = TimeoutError("no time left to connect")
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        for *_, address in found:
            if (left := ends_at - monotonic()) <= 0:
                break
            try:
                to = (str(address[0]), self.port)
                return create_connection(to, min(left, CONNECT_SECONDS_MAX), socket_options=self.socket_options)
            except OSError as error:
                failed = error
        if isinstance(failed, TimeoutError):
            raise ConnectTimeoutError(self, f"no connection to {self.host} in time") from failed
        raise NewConnectionError(self, f"no connection to {self.host}: {failed}") from failed


class _SecureConnection(_Connection, HTTPSConnection):
    """The same below TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _is_surely_unsent(error: BaseException | None) -> bool:
    """Whether nobody can have read the request: no address, nobody listening, no connection in time, or a stranger."""
    if isinstance(error, http.ConnectTimeout):
        return True
    return isinstance(_at_the_socket(error), ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError)


def _at_the_socket(error: BaseException | None) -> BaseException | None:
    """The operating system's error below those of stripe, requests and urllib3."""
    while error is not None and (not isinstance(error, OSError) or isinstance(error, http.RequestException)):
        error = error.__cause__ or error.__context__
    return error


def _use_our_connections(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
