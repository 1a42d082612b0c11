"""The description of the API: as OpenAPI for programs, as pages for people; every file of them is served from here."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response
from flask_swagger_ui import get_swaggerui_blueprint

_PATH = "/openapi.json"
# Swagger UI starts from a script in its page and styles its elements itself.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
)


def blueprints(document: Mapping[str, Any]) -> tuple[Blueprint, Blueprint]:
    """`/openapi.json` and `/docs`."""
    description = Blueprint("openapi", __name__)
    body = json.dumps(document, indent=2).encode()

    @description.get(_PATH)
    def show_openapi() -> Response:
        return Response(body, content_type="application/json")

    # Without validatorUrl the page would send its address to a validator on the internet.
    pages: Blueprint = get_swaggerui_blueprint("/docs", _PATH, {"app_name": "Billing", "validatorUrl": None})

    @pages.after_request
    def confine(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    return description, pages
