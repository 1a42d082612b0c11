"""EPP frames over TLS (RFC 5734), every byte of them before a deadline."""

import contextlib
import selectors
import socket
import ssl
import struct

from epptools import ConnectionException, Transport

from billing.adapters.epp_registrar.config import EppConfig
from billing.application.outcomes import Deadline
from billing.transport import Resolve, connect

_HEADER = struct.Struct("!I")
_FRAME_BYTES_MAX = 1024 * 1024


class TlsTransport(Transport):
    """One connection; `until` is moved by whoever sends the next command.

    The library's own transport limits each read, so that a registry which drips its answer could hold a worker for
    ever; here the limit is a moment.
    """

    def __init__(
        self, config: EppConfig, context: ssl.SSLContext, until: Deadline, resolve: Resolve = socket.getaddrinfo
    ) -> None:
        self.until = until
        self._config, self._context, self._resolve = config, context, resolve
        self._socket: ssl.SSLSocket | None = None

    def open(self) -> None:
        """Connect and shake hands; the certificate is verified, or nothing is sent."""
        address = (self._config.host, self._config.port)
        try:
            plain = connect(*address, self._left, self._resolve)
        except OSError as fault:
            raise ConnectionException(f"no connection to {address[0]}:{address[1]}: {fault}") from fault
        try:
            plain.settimeout(self._left())
            self._socket = self._context.wrap_socket(
                plain, server_hostname=self._config.server_name or self._config.host
            )
        except (OSError, ConnectionException) as fault:
            plain.close()
            raise ConnectionException(f"no TLS with {address[0]}:{address[1]}: {fault}") from fault

    def is_open(self) -> bool:
        """Whether it was opened and not yet closed."""
        return self._socket is not None

    def is_quiet(self) -> bool:
        """Open, and nothing has come unasked: a registry that hangs up says so, or just closes."""
        if self._socket is None or self._socket.pending():
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            return not selector.select(timeout=0)

    def write_frame(self, xml: str) -> None:
        """Send one document behind its length."""
        body = xml.encode()
        try:
            self._live().sendall(_HEADER.pack(_HEADER.size + len(body)) + body)
        except OSError as fault:
            raise ConnectionException(f"the line broke while sending: {fault}") from fault

    def read_frame(self) -> str:
        """The next document."""
        (length,) = _HEADER.unpack(self._read(_HEADER.size))
        if not _HEADER.size < length <= _FRAME_BYTES_MAX:
            raise ConnectionException(f"a frame of {length} bytes is not read")
        try:
            return self._read(length - _HEADER.size).decode()
        except UnicodeDecodeError as fault:
            raise ConnectionException("the answer is not UTF-8") from fault

    def close(self) -> None:
        """Hang up; a repeat changes nothing."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None

    def _read(self, size: int) -> bytes:
        received = bytearray()
        while len(received) < size:
            try:
                chunk = self._live().recv(size - len(received))
            except OSError as fault:
                raise ConnectionException(f"the line broke while waiting for the answer: {fault}") from fault
            if not chunk:
                raise ConnectionException("the registry hung up without an answer")
            received += chunk
        return bytes(received)

    def _live(self) -> ssl.SSLSocket:
        if self._socket is None:
            raise ConnectionException("the line is closed")
        self._socket.settimeout(self._left())
        return self._socket

    def _left(self) -> float:
        left = self.until.at - self.until.monotonic()
        if left <= 0:
            raise ConnectionException("no answer in time")
        return left
