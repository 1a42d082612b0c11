"""Whether the process lives, whether it can work, and its numbers; for the inside of the network, without a key."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, jsonify


def blueprint(ready: Callable[[], Mapping[str, str]], metrics: Callable[[], tuple[bytes, str]]) -> Blueprint:
    """For load balancers and Prometheus."""
    blp = Blueprint("health", __name__)

    @blp.get("/health/live")
    def show_live() -> Response:
        return jsonify(status="ok")

    @blp.get("/health/ready")
    def show_ready() -> tuple[Response, int]:
        parts = ready()
        fit = all(state == "ok" for state in parts.values())
        return jsonify(status="ok" if fit else "unavailable", parts=dict(parts)), 200 if fit else 503

    @blp.get("/metrics")
    def show_metrics() -> Response:
        body, content_type = metrics()
        return Response(body, content_type=content_type)

    return blp
