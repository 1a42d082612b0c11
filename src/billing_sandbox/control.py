"""The control address: where people and tests see into the sandbox and pull its strings."""

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Flask, abort, jsonify, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from billing_sandbox.faults import KINDS
from billing_sandbox.store import Json
from billing_sandbox.web import from_browser, json_object
from billing_sandbox.world import World

_API_VERSION = r"(\d{4}-\d{2}-\d{2}(\.[a-z]+)?)?"


def control_app(world: World) -> Flask:
    """The app: its own calls and those of every provider."""
    app = Flask(__name__)
    app.add_template_filter(_day, "day")
    for control in world.controls:
        app.register_blueprint(control)

    @app.get("/")
    def index() -> str:
        return render_template("index.html", state=world.state(), settings=world.settings(), kinds=KINDS)

    @app.get("/state")
    def state() -> Json:
        return world.state()

    @app.put("/webhooks")
    def set_webhooks() -> Json:
        body = json_object()
        url, version = body.get("url"), body.get("api_version", "")
        if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
            abort(400, 'the body must be {"url": "http://..."}')
        if not isinstance(version, str) or not re.fullmatch(_API_VERSION, version):
            abort(400, 'the version must be one of Stripe\'s API, such as "2025-03-31.basil"')
        world.post_webhooks_to(url, **({"api_version": version} if version else {}))
        return {"url": url} | ({"api_version": version} if version else {})

    @app.get("/faults")
    def list_faults() -> Json:
        return {"faults": world.faults.to_json()}

    @app.put("/faults")
    def set_faults() -> Json:
        world.faults.replace(json_object())
        return {"faults": world.faults.to_json()}

    @app.post("/clock/advance")
    def advance() -> Json:
        seconds = json_object().get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            abort(400, 'the body must be {"seconds": n}')
        world.advance(seconds)
        return world.clock.to_json()

    @app.errorhandler(ValueError)
    def bad(error: ValueError) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), 400

    @app.errorhandler(HTTPException)
    def other(error: HTTPException) -> tuple[Response, int]:
        return jsonify({"error": error.description or error.name}), error.code or 500

    @app.after_request
    def back_to_index(response: Response) -> Response:
        """A person who pressed a button here sees the page again, not JSON."""
        pressed = request.method == "POST" and from_browser()
        return redirect("/", code=303) if pressed and response.status_code == 200 else response

    return app


def _day(moment: int) -> str:
    """Unix seconds as a person reads them."""
    return f"{datetime.fromtimestamp(moment, UTC):%d %b %Y %H:%M}"
