"""The least that is HTTP/1.1, so that the client costs the machine little of what is measured."""

import socket
from contextlib import suppress
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 30.0
_HEADER_END = b"\r\n\r\n"


class Line:
    """One connection to the webhook endpoint, opened anew after `posts_max` requests so that all processes get some."""

    def __init__(self, url: str, posts_max: int = 20) -> None:
        parts = urlsplit(url)
        self._address, self._host, self._path = (parts.hostname, parts.port), parts.netloc, parts.path
        self._posts_max, self._posts = posts_max, 0
        self._socket: socket.socket | None = None

    def post(self, body: bytes, signature: str) -> int:
        """The status of the answer; 0 where none came."""
        request = self._request(body, signature)
        fresh = self._socket is None
        try:
            return self._exchange(request)
        except OSError:
            self.close()
            if fresh:
                return 0
        # The server hung up on the idle connection: any client begins anew.
        try:
            return self._exchange(request)
        except OSError:
            self.close()
            return 0

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket, self._posts = None, 0

    def _request(self, body: bytes, signature: str) -> bytes:
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: {self._host}\r\nUser-Agent: Stripe/1.0\r\n"
            f"Content-Type: application/json; charset=utf-8\r\nStripe-Signature: {signature}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _exchange(self, request: bytes) -> int:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, _TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        head, rest = self._read_head(self._socket)
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        missing = int(fields.get(b"content-length", b"0")) - len(rest)
        while missing > 0:
            missing -= len(_some(self._socket))
        self._posts += 1
        if fields.get(b"connection") == b"close" or self._posts >= self._posts_max:
            self.close()
        return int(head.split(b" ", 2)[1])

    def _read_head(self, connection: socket.socket) -> tuple[bytes, bytes]:
        received = b""
        while _HEADER_END not in received:
            received += _some(connection)
        head, _, rest = received.partition(_HEADER_END)
        return head, rest


def _some(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionResetError("the server hung up")
    return received
