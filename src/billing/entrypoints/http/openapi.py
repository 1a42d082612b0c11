"""The OpenAPI 3.1 description, made from the same schemas that read and write."""

from http import HTTPStatus
from typing import Any, ClassVar

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, Map

from billing.entrypoints.http.cases import HttpConfig
from billing.entrypoints.http.problems import of_http
from billing.entrypoints.http.schemas.choice import Choice
from billing.entrypoints.http.schemas.problem import ProblemSchema

_DESCRIPTION = """Orders of domain names and hosting, and the payments for them.

Money is in minor units: `{"amount": 1299, "currency": "USD"}`. Errors are problem documents (RFC 9457). Every POST
takes an `Idempotency-Key`. `/health/live`, `/health/ready` and `/metrics` need no key: keep them inside your network.
"""


class IdConverter(BaseConverter):
    """Ids in paths, of one kind where a prefix is given; what can't be an id is a path that does not exist."""

    regex = "[A-Za-z0-9_-]{1,64}"

    def __init__(self, map: Map, prefix: str = "") -> None:
        super().__init__(map)
        if prefix:
            self.regex = f"{prefix}_[A-Za-z0-9]{{1,60}}"


class _Converter(OpenAPIConverter):
    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        if not isinstance(schema, Choice):
            described: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
            return described
        shapes = {value: self.resolve_nested_schema(shape) for value, shape in schema.shapes.items()}  # type: ignore[no-untyped-call]
        return {
            "oneOf": list(shapes.values()),
            "discriminator": {
                "propertyName": schema.tag,
                "mapping": {value: shape["$ref"] for value, shape in shapes.items()},
            },
        }


class _Plugin(MarshmallowPlugin):
    Converter = _Converter


class Api(flask_smorest.Api):  # type: ignore[misc]
    """Registers the blueprints of the API and describes them."""

    ERROR_SCHEMA: ClassVar = ProblemSchema

    def __init__(self, app: Flask, config: HttpConfig) -> None:
        app.url_map.converters["id"] = IdConverter
        app.config.update(API_TITLE="Billing", API_VERSION=config.version, OPENAPI_VERSION="3.1.0")
        plugin = _Plugin()
        super().__init__(app, spec_kwargs={"marshmallow_plugin": plugin, **_about(config)})
        self.register_converter(IdConverter, lambda converter: {"type": "string", "pattern": f"^{converter.regex}$"})
        self.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Instead of flask-smorest's own, which loses `Allow` and `WWW-Authenticate`."""
        return of_http(error)

    def describe(self) -> dict[str, Any]:
        """The document, of every blueprint registered so far."""
        document: dict[str, Any] = self.spec.to_dict()
        return document

    def _register_responses(self) -> None:
        """Instead of flask-smorest's own, which knows no content type but application/json."""
        problem = {"content": {"application/problem+json": {"schema": self.ERROR_SCHEMA}}}
        for status in HTTPStatus:
            self.spec.components.response(status.name, {"description": status.phrase, **problem}, lazy=True)
        self.spec.components.response("DEFAULT_ERROR", {"description": "A problem", **problem}, lazy=True)


def _about(config: HttpConfig) -> dict[str, Any]:
    return {
        "info": {"description": _DESCRIPTION},
        "servers": [{"url": config.public_url}],
        "security": [{"key": []}],
    }
