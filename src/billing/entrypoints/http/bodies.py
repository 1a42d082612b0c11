"""The body of the request at hand, whole or not at all."""

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge


def whole_body(*, cache: bool = True) -> bytes:
    """All of it; 413 beyond MAX_CONTENT_LENGTH.

    Werkzeug checks a length that is announced; what comes in chunks it cuts off at the limit without a word.
    """
    body = request.get_data(cache=cache)
    limit = request.max_content_length
    if request.content_length is None and limit is not None and len(body) >= limit:
        raise RequestEntityTooLarge()
    return body
