"""Requests read strictly: JSON that says it is JSON, no unknown fields in body or query, errors by dotted path."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request
from webargs.core import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from billing.entrypoints.http.bodies import whole_body
from billing.entrypoints.http.problems import BadInput, FieldError


class StrictParser(FlaskParser):
    """Refuses what webargs would let pass: other content types (415), unknown query parameters (422)."""

    DEFAULT_UNKNOWN_BY_LOCATION = FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION | {"query": ma.RAISE}

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """The body; an absent one reads as an object without members."""
        body = whole_body()
        if not body:
            return missing
        if not req.is_json:
            raise UnsupportedMediaType("send application/json")
        try:
            return json.loads(body.decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise BadRequest("the body is not valid JSON") from error

    def handle_error(self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_: Any) -> NoReturn:
        """BadInput with every wrong field."""
        by_location = error.normalized_messages()  # type: ignore[no-untyped-call]
        raise BadInput([one for messages in by_location.values() for one in flatten(messages)]) from error


def flatten(messages: object, path: str = "") -> Iterator[FieldError]:
    """marshmallow's nested messages, a line per field.

    >>> list(flatten({"items": {0: {"years": ["Not a valid integer."]}}}))
    [FieldError(field='items.0.years', why='Not a valid integer.')]
    """
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            own = path if key == ma.exceptions.SCHEMA else f"{path}.{key}".lstrip(".")
            yield from flatten(below, own)
    elif isinstance(messages, list):
        for message in messages:
            yield from flatten(message, path)
    else:
        yield FieldError(path or "body", str(messages))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
