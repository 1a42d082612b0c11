"""Stripe's HTTP API: who may ask, in which version, what a repeated request is answered."""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from billing_sandbox.faults import Faults
from billing_sandbox.store import Json
from billing_sandbox.stripe import versions
from billing_sandbox.stripe.errors import RecordedError, StripeError
from billing_sandbox.stripe.expansion import EXPAND, expand
from billing_sandbox.stripe.form import Tree, decode
from billing_sandbox.stripe.generations import render
from billing_sandbox.stripe.idempotency import Answer, IdempotencyKeys
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.ledger import Cause, Ledger
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import read_parameters
from billing_sandbox.stripe.recurring import advancing
from billing_sandbox.stripe.resources import OPERATIONS
from billing_sandbox.web import under_fault

_BODY_BYTES_MAX = 1024 * 1024
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class StripeApi:
    """The endpoints, over a ledger."""

    def __init__(self, ledger: Ledger, keys: IdempotencyKeys, faults: Faults, api_key: str) -> None:
        self._ledger = ledger
        self._keys = keys
        self._faults = faults
        self._api_key = api_key

    def blueprint(self) -> Blueprint:
        """Every endpoint, and an answer in Stripe's manner to whatever else is asked under /v1."""
        api = Blueprint("stripe_api", __name__)
        for operation in OPERATIONS:
            endpoint = operation.name.replace(".", "_")
            view = partial(self._view, operation)
            api.add_url_rule(operation.path, endpoint, view, methods=[operation.method])
        api.add_url_rule("/v1/<path:rest>", "unrecognized", _unrecognized, methods=_METHODS)
        api.register_error_handler(StripeError, lambda error: (error.body(), error.status))
        api.register_error_handler(HTTPException, _unreadable)
        api.before_request(_begin)
        api.after_request(_label)
        return api

    def _view(self, operation: Operation, **named: str) -> Response:
        self._authenticate()
        key = request.headers.get("Idempotency-Key") if operation.method == "POST" else None
        with self._keys.claimed(key):
            fault = self._faults.take(f"stripe.{operation.name}")
            return under_fault(fault, lambda: _respond(self._answer(operation, named, key)), _refuse)

    def _answer(self, operation: Operation, named: dict[str, str], key: str | None) -> Answer:
        sent = decode(request.get_data(as_text=True) if operation.method == "POST" else _query())
        if key is not None:
            earlier = self._keys.earlier(key, request.path, sent)
            if earlier is not None:
                return earlier
        params = read_parameters(sent, {**operation.accepts, **EXPAND})
        versions.check_parameters(_version(), operation.name.split(".")[0], params)
        call = Call(params, request.path, request.host_url.rstrip("/"), Cause(g.request_id, key), **named)
        advancing.catch_up(self._ledger)
        return self._act(operation, call, partial(self._remember, key, sent))

    def _act(self, operation: Operation, call: Call, remember: Callable[[Answer], None]) -> Answer:
        """Do it and remember the answer in one transaction; a refusal undoes it, and is remembered alone."""
        store, expanded = self._ledger.store, call.params.pop("expand", [])
        try:
            with store.transaction():
                try:
                    body = expand(self._ledger, operation.act(self._ledger, call), expanded)
                    answer = Answer(200, render(store, body, _version()), g.request_id)
                except RecordedError as refusal:
                    answer = Answer(refusal.status, render(store, refusal.body(), _version()), g.request_id)
                remember(answer)
        except StripeError as error:
            answer = Answer(error.status, error.body(), g.request_id)
            remember(answer)
        return answer

    def _remember(self, key: str | None, sent: Tree, answer: Answer) -> None:
        if key is not None:
            self._keys.remember(key, request.path, sent, answer)

    def _authenticate(self) -> None:
        given = request.authorization
        key = given and (given.token if given.type == "bearer" else given.username)
        if not key:
            message = "You did not provide an API key. You need to provide it in the Authorization header"
            raise StripeError(f"{message}, using Bearer auth (e.g. 'Authorization: Bearer KEY').", status=401)
        if key != self._api_key:
            raise StripeError(f"Invalid API Key provided: {key[:8]}****{key[-4:]}", status=401)


def _query() -> str:
    return request.query_string.decode()


def _version() -> str:
    return versions.check(request.headers.get("Stripe-Version", versions.ACCOUNT))


def _respond(answer: Answer) -> Response:
    response = jsonify(answer.body)
    response.status_code = answer.status
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = answer.request_id
    return response


def _refuse(status: int) -> Response:
    type = "api_error" if status >= 500 else "rate_limit_error" if status == 429 else "invalid_request_error"
    error = StripeError("The sandbox was told to refuse this request.", type=type)
    return _respond(Answer(status, error.body(), g.request_id))


def _unrecognized(rest: str) -> Response:
    raise StripeError(f"Unrecognized request URL ({request.method}: /v1/{rest}).", status=404)


def _unreadable(error: HTTPException) -> tuple[Json, int]:
    return StripeError(error.description or error.name).body(), error.code or 500


def _begin() -> None:
    request.max_content_length = _BODY_BYTES_MAX
    g.request_id = new_id("req", 14)


def _label(response: Response) -> Response:
    response.headers["Request-Id"] = g.request_id
    response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", versions.ACCOUNT)
    return response
