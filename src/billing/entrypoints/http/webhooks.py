"""The providers' notifications: stored and answered, nothing else."""

from collections.abc import Callable, Iterator, Mapping

from flask import Blueprint, Response
from werkzeug.datastructures import Headers

from billing.application.intake import ReceiveWebhook
from billing.entrypoints.http.bodies import current_request, whole_body

_RECEIVED = b'{"received": true}'


def blueprint(receive: ReceiveWebhook) -> Blueprint:
    """`/webhooks/<gateway>` of each whose notifications are proof. No key, no cookies: the signature is the proof."""
    blp = Blueprint("webhooks", __name__, url_prefix="/webhooks")
    for name in receive.gateways:
        blp.add_url_rule(f"/{name}", name, _view(receive, name), methods=["POST"])
    return blp


def _view(receive: ReceiveWebhook, gateway: str) -> Callable[[], Response]:
    def hear() -> Response:
        receive(gateway, whole_body(cache=False), _Headers(current_request().headers))
        return Response(_RECEIVED, content_type="application/json")

    return hear


class _Headers(Mapping[str, str]):
    """The request's headers as they are found one by one: to copy them all costs more than to verify a signature."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        return self._headers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers.keys())

    def __len__(self) -> int:
        return len(self._headers)
