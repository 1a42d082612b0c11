"""Who calls: a Bearer key with a role (RFC 6750)."""

from flask import g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from billing.application.records import ApiKey
from billing.application.shop.access import Authenticate, Role

_REALM = "billing"


def require(authenticate: Authenticate, needed: Role) -> None:
    """Let the request in under its key; 401 without a valid one, 403 where its role does not suffice."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise _unauthorized("send your key as Authorization: Bearer <key>")
    key = authenticate(secret.strip())
    if key is None:
        raise _unauthorized("the key is not known", error="invalid_token")
    if key.role not in list(Role) or not Role(key.role).includes(needed):
        raise Forbidden(f"this call needs a key with the role {needed}")
    g.caller = key


def caller() -> ApiKey:
    """The key that this request came in under."""
    key: ApiKey = g.caller
    return key


def is_operator() -> bool:
    """Whether that key is one of those who look after the shop."""
    return Role(caller().role).includes(Role.OPERATOR)


def by() -> str:
    """Who the history says it was."""
    return f"api key {caller().name}"


def _unauthorized(description: str, **challenge: str) -> Unauthorized:
    return Unauthorized(description, www_authenticate=WWWAuthenticate("bearer", {"realm": _REALM, **challenge}))
