"""What is seen of every request: its id on everything reported, one event at its end, the headers all answers have."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response

from billing.application.ports import Ids, Telemetry
from billing.entrypoints.http.bodies import current_request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_REQUEST_ID = "billing.request_id"
_STARTED = "billing.started"
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def attach(app: Flask, telemetry: Telemetry, ids: Ids, monotonic: Callable[[], float]) -> None:
    """Give every request of this application an id and report its end."""
    inner = app.wsgi_app

    def identified(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _SAFE_ID.fullmatch(given) else ids("req")
        environ[_REQUEST_ID], environ[_STARTED] = request_id, monotonic()
        with telemetry.bound({"request_id": request_id}):
            return inner(environ, start_response)

    def finish(response: Response) -> Response:
        asked = current_request()
        response.headers["X-Request-Id"] = asked.environ[_REQUEST_ID]
        response.headers["X-Content-Type-Options"] = "nosniff"
        if asked.path.startswith("/v1/"):
            response.headers["Cache-Control"] = "no-store"
        telemetry.event(
            "http_request",
            seconds=monotonic() - asked.environ[_STARTED],
            method=asked.method if asked.method in _METHODS else "other",
            route=asked.url_rule.rule if asked.url_rule else "unmatched",
            status=response.status_code,
        )
        return response

    app.wsgi_app = identified  # type: ignore[method-assign]  # where Flask wants middleware
    app.after_request(finish)
