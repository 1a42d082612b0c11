"""The providers' notifications: stored and answered, nothing else."""

from flask import Blueprint, Response, request

from billing.application.intake import ReceiveWebhook
from billing.entrypoints.http.bodies import whole_body

_RECEIVED = b'{"received": true}'


def blueprint(receive: ReceiveWebhook) -> Blueprint:
    """No key, no cookies: the signature in the request is the proof."""
    blp = Blueprint("webhooks", __name__, url_prefix="/webhooks")

    @blp.post("/stripe")
    def stripe() -> Response:
        receive("stripe", whole_body(cache=False), dict(request.headers))
        return Response(_RECEIVED, content_type="application/json")

    return blp
