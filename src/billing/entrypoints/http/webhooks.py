"""The providers' notifications: stored and answered, nothing else."""

import json
from collections.abc import Callable, Iterator, Mapping

from flask import Blueprint, Response
from werkzeug.datastructures import Headers

from billing.application.inbox.hints import ReceiveHint
from billing.application.inbox.intake import ReceiveWebhook
from billing.entrypoints.http.bodies import current_request, whole_body

_TOKEN_CHARS_MAX = 200
_RECEIVED = b'{"received": true}'


def blueprint(receive: ReceiveWebhook, receive_hint: ReceiveHint) -> Blueprint:
    """`/webhooks/<gateway>` of each whose notifications are proof; of one whose only hint, an address per attempt.

    No key, no cookies: the signature is the proof, or nothing is believed.
    """
    blp = Blueprint("webhooks", __name__, url_prefix="/webhooks")
    for name in receive.gateways:
        blp.add_url_rule(f"/{name}", name, _view(receive, name), methods=["POST"])
    for name in receive_hint.gateways:
        rule = f"/{name}/<string(maxlength={_TOKEN_CHARS_MAX}):token>"
        blp.add_url_rule(rule, name, _hint_view(receive_hint, name), methods=["POST"])
    return blp


def _view(receive: ReceiveWebhook, gateway: str) -> Callable[[], Response]:
    def hear() -> Response:
        receive(gateway, whole_body(cache=False), _Headers(current_request().headers))
        return Response(_RECEIVED, content_type="application/json")

    return hear


def _hint_view(receive: ReceiveHint, gateway: str) -> Callable[[str], Response]:
    def hear(token: str) -> Response:
        answer = receive(gateway, token, whole_body(cache=False))
        return Response(json.dumps(dict(answer)), content_type="application/json")

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
