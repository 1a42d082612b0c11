"""The control calls that play the registry's staff and its other registrars."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, jsonify, request
from werkzeug.wrappers import Response

from billing_sandbox.epp.registry import EppRegistry
from billing_sandbox.web import json_object


def registry_control(registry: EppRegistry) -> Blueprint:
    """`/registry/...` of the control address."""
    control = Blueprint("registry_control", __name__, url_prefix="/registry")

    @control.post("/balance")
    def set_balance() -> Response:
        years = json_object("years")["years"]
        if years is not None and (isinstance(years, bool) or not isinstance(years, int) or years < 0):
            abort(400, "years must be a whole number from 0, or null for no limit")
        registry.set_balance(years)
        return jsonify({"balance": years})

    @control.post("/domains/<name>/occupy")
    def occupy(name: str) -> Response:
        body = json_object() if request.get_data() else {}
        registry.occupy(name, body.get("registrant", "SOMEBODY-ELSE"), body.get("years", 1))
        return jsonify(registry.domain(name))

    @control.post("/domains/<name>/status")
    def set_status(name: str) -> Response:
        registry.set_status(name, json_object("status")["status"])
        return jsonify(registry.domain(name))

    @control.post("/domains/<name>/expiry")
    def set_expiry(name: str) -> Response:
        registry.set_expiry(name, _moment(json_object("expires")["expires"]))
        return jsonify(registry.domain(name))

    @control.errorhandler(KeyError)
    def missing(error: KeyError) -> tuple[Response, int]:
        return jsonify({"error": f"no such domain: {error.args[0]}"}), 404

    @control.errorhandler(sqlite3.IntegrityError)
    def taken(error: sqlite3.IntegrityError) -> tuple[Response, int]:
        return jsonify({"error": "somebody has this name already"}), 409

    return control


def _moment(given: Any) -> datetime:
    if not isinstance(given, str):
        abort(400, "expires must be a time such as 2027-03-01T12:00:00Z")
    at = datetime.fromisoformat(given)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
