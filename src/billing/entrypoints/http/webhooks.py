"""The providers' notifications: stored and answered, nothing else."""

from collections.abc import Callable

from flask import Blueprint, Response, request

from billing.application.intake import ReceiveWebhook
from billing.entrypoints.http.bodies import whole_body

_RECEIVED = b'{"received": true}'


def blueprint(receive: ReceiveWebhook) -> Blueprint:
    """`/webhooks/<gateway>` of each whose notifications are proof. No key, no cookies: the signature is the proof."""
    blp = Blueprint("webhooks", __name__, url_prefix="/webhooks")
    for name, gateway in receive.gateways.items():
        if gateway.is_proof:
            blp.add_url_rule(f"/{name}", name, _view(receive, name), methods=["POST"])
    return blp


def _view(receive: ReceiveWebhook, gateway: str) -> Callable[[], Response]:
    def hear() -> Response:
        receive(gateway, whole_body(cache=False), dict(request.headers))
        return Response(_RECEIVED, content_type="application/json")

    return hear
