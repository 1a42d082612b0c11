"""The request at hand, and its body: whole or not at all."""

from typing import cast

from flask import Request, request
from werkzeug.exceptions import RequestEntityTooLarge


def current_request() -> Request:
    """The request itself, for who looks at it several times: Flask's stand-in finds it anew at each look."""
    return cast(Request, request._get_current_object())  # type: ignore[attr-defined]


def whole_body(*, cache: bool = True) -> bytes:
    """All of it; 413 beyond MAX_CONTENT_LENGTH.

    Werkzeug checks a length that is announced; what comes in chunks it cuts off at the limit without a word.
    """
    asked = current_request()
    body = asked.get_data(cache=cache)
    limit = asked.max_content_length
    if asked.content_length is None and limit is not None and len(body) >= limit:
        raise RequestEntityTooLarge()
    return body
