"""A server whose answers drip in, so slowly that no single step of reading them is late."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from billing.application.outcomes import Deadline

_SECONDS = 0.4
_SLACK_SECONDS = 1.0
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

SLOW = pytest.mark.parametrize(
    ("at_once", "drip"),
    [(b"HTTP", b"/"), (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"), (_HEAD, b" "), (_CHUNKED, b"1\r\n \r\n")],
    ids=["status line", "headers", "body", "chunks"],
)


@contextmanager
def dripping(at_once: bytes, drip: bytes) -> Iterator[str]:
    """The address of one that answers some bytes at once, and then a little every 50 ms until nobody listens."""
    over = Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(at_once)
                while not over.wait(0.05):
                    connection.sendall(drip)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        thread.join()


@contextmanager
def ending_in_time() -> Iterator[Deadline]:
    """A deadline for a call to such a server: the call waits for it, and not for longer."""
    began = time.monotonic()
    yield Deadline.after(_SECONDS, time.monotonic)
    assert _SECONDS / 2 < time.monotonic() - began < _SECONDS + _SLACK_SECONDS
