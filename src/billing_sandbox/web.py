"""Serving Flask apps on loopback from a thread each, and failing as ordered."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask, Response, abort, after_this_request, make_response, request
from werkzeug.serving import WSGIRequestHandler, make_server

from billing_sandbox.faults import Fault
from billing_sandbox.store import Json

_SLOW_SECONDS = 1.0
_HANG_SECONDS = 3600.0
_LOOK_SECONDS = 0.05


class _QuietHandler(WSGIRequestHandler):
    """Writes no access log and sends small answers at once."""

    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Without a `Date`, which is the app's."""
        self.send_response_only(code, message)
        self.send_header("Server", self.version_string())


def _real_time() -> datetime:
    return datetime.now(UTC)


class WebServer:
    """One app on one port, a thread per connection; port 0 takes a free one. Its answers are dated by `now`."""

    def __init__(self, app: Flask, host: str, port: int, now: Callable[[], datetime] = _real_time) -> None:
        def date(response: Response) -> Response:
            response.date = now()
            return response

        app.after_request(date)
        self._server = make_server(host, port, app, threaded=True, request_handler=_QuietHandler)
        self.port: int = self._server.server_port
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> None:
        """Serve from now on; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests."""
        self._server.shutdown()
        self._server.server_close()


def from_browser() -> bool:
    """Whether a person asks, who wants to see a page; programs take anything, or JSON."""
    # Not the best of the accepted types: Chrome's is one for signed exchanges.
    return "text/html" in request.headers.get("Accept", "")


def page(html: str, policy: str, code: int = 200) -> Response:
    """A page that may do what its Content-Security-Policy says, and tells nobody where it was left."""
    response = make_response(html, code)
    response.headers["Content-Security-Policy"] = policy
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def json_object(*needed: str) -> Json:
    """The body of a control call, which has at least these members."""
    body = request.get_json(force=True)
    if not isinstance(body, dict) or not all(name in body for name in needed):
        abort(400, f"the body must be a JSON object{' with ' if needed else ''}{', '.join(needed)}")
    return body


def under_fault(fault: Fault | None, act: Callable[[], Response], refuse: Callable[[int], Response]) -> Response:
    """Act and answer, or go wrong as the fault says; `refuse` makes the answer for an HTTP status."""
    if fault is None:
        return act()
    match fault.kind:
        case "close" | "reject_connect":
            return _cut_connection()
        case "hang":
            _hang(fault)
            return _cut_connection()
        case "refuse":
            return refuse(fault.code or 500)
        case "slow":
            time.sleep(_SLOW_SECONDS if fault.seconds is None else fault.seconds)
            return act()
        case "lose_answer":
            act()
            # Only when the request has let go of what it holds, as its key: whoever was cut off asks again at once.
            after_this_request(lambda _: _cut_connection())
            return Response(status=500)
        case _:
            return act()


def _hang(fault: Fault) -> None:
    """Wait until the client has gone, the faults are set anew or the fault's time is over.

    Nobody waits for the answer after that, so neither may anything that the request holds, as its key.
    """
    connection: socket.socket = request.environ["werkzeug.socket"]
    request.get_data()  # what is left to read after this is the client's farewell
    end = time.monotonic() + (fault.seconds or _HANG_SECONDS)
    while time.monotonic() < end and not fault.lifted.wait(_LOOK_SECONDS):
        try:
            connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            continue
        except OSError:
            return
        return


def _cut_connection() -> Response:
    connection: socket.socket = request.environ["werkzeug.socket"]
    with contextlib.suppress(OSError):  # the client may have gone before
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
