"""A blueprint of the API: keyed, idempotent, strictly read, and described in OpenAPI from its own schemas."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import flask_smorest
import marshmallow as ma

from billing.application.shop.access import Role
from billing.entrypoints.http import auth, idempotency
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.parsing import StrictParser
from billing.entrypoints.http.schemas.choice import Choice

View = TypeVar("View", bound=Callable[..., Any])


class ApiBlueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """Some calls under /v1, all for callers with at least the role `needs`."""

    ARGUMENTS_PARSER: ClassVar = StrictParser()

    def __init__(
        self, name: str, cases: UseCases, config: HttpConfig, description: str, needs: Role = Role.STOREFRONT
    ) -> None:
        super().__init__(name, __name__, url_prefix="/v1", description=description)
        keys = idempotency.IdempotencyKeys(cases.ledger, cases.telemetry, config.idempotency_lease)
        self._key_header = _key_header(config)
        self.before_request(lambda: auth.require(cases.authenticate, needs))
        self.before_request(keys.claim)
        self.after_request(keys.keep)

    def call(
        self, method: str, rule: str, schema: ma.Schema, status: int = 200, headers: dict[str, Any] | None = None
    ) -> Callable[[View], View]:
        """A view for one method of a path, and the schema and status of its answer."""

        def decorate(view: View) -> View:
            described = {"parameters": [self._key_header]} if method == "POST" else {}
            answered = self.response(status, schema, headers=headers)(view)
            named = self.doc(operationId=view.__name__, **described)(answered)
            self.add_url_rule(rule, view_func=named, methods=[method])
            return view

        return decorate

    def may_answer(self, status: int, schema: ma.Schema, description: str) -> Callable[[View], View]:
        """Another answer that the view gives by itself."""
        decorate: Callable[[View], View] = self.alt_response(status, schema=schema, description=description)
        return decorate

    def reads(self, schema: ma.Schema, location: str = "json") -> Callable[[View], View]:
        """What the view is given from the body or the query."""
        needed = isinstance(schema, Choice) or any(field.required for field in schema.fields.values())
        decorate: Callable[[View], View] = self.arguments(schema, location=location, required=needed)
        return decorate


def location_header(what: str) -> dict[str, Any]:
    """How OpenAPI describes where a new thing is to be found."""
    return {"Location": {"description": f"The path of the {what}.", "schema": {"type": "string"}}}


def _key_header(config: HttpConfig) -> dict[str, Any]:
    hours = round(config.idempotency_keep.total_seconds() / 3600)
    return {
        "in": "header",
        "name": idempotency.HEADER,
        "description": f"The same key and body give the first answer again, for {hours} hours.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    }
