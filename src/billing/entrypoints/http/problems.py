"""Errors as problem documents (RFC 9457): one table from error to status, and nothing of our insides in any of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from billing.application.guarding.breakers import Unreachable
from billing.application.outcomes import AccountRefused, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Forged, Telemetry
from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable, NoPriceList
from billing.domain.errors import (
    BillingError,
    Conflict,
    Invalid,
    InvalidContact,
    NameHeld,
    NotFound,
    NotPriced,
    NotRegistrable,
    RefundTooLarge,
    RenewalOpen,
    UnknownPlan,
)

_MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_SECONDS = 2.0
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class FieldError:
    """A value of the request that can't stand, by its dotted path."""

    field: str
    why: str


@dataclass(eq=False)
class BadInput(BillingError):
    """some fields are not valid"""

    errors: Sequence[FieldError]


@dataclass(eq=False)
class Explained(BillingError):
    """{trouble}"""

    trouble: BillingError
    # What a caller can do about it: `gateways` to use instead, `retry_after` in seconds.
    more: Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """How one error is shown; `detail` stands in for its own words where those speak of hosts and drivers."""

    status: int
    slug: str
    title: str
    detail: str | None = None


_INVALID = Kind(422, "invalid", "The request is not valid")

KINDS: Mapping[type[BillingError], Kind] = {
    BadInput: _INVALID,
    Invalid: _INVALID,
    InvalidContact: _INVALID,
    NotRegistrable: Kind(422, "not-registrable", "The name can't be registered here"),
    NotPriced: Kind(422, "not-priced", "There is no price"),
    RefundTooLarge: Kind(422, "refund-too-large", "More than is left can't be refunded"),
    UnknownPlan: Kind(422, "unknown-plan", "There is no such plan"),
    NotFound: Kind(404, "not-found", "There is no such thing"),
    Conflict: Kind(409, "conflict", "The present state forbids it"),
    NameHeld: Kind(409, "name-held", "The name is held"),
    RenewalOpen: Kind(409, "renewal-open", "Another renewal of the name is open"),
    Forged: Kind(400, "forged", "The notification is not proven genuine", "its signature or content is not valid"),
    # Of this very request, and for good: whoever repeats it is refused again.
    Refused: Kind(422, "provider-refused", "The provider refused"),
    ConcurrentChange: Kind(503, "busy", "Another call changed the same thing", "try again"),
    LedgerUnavailable: Kind(503, "ledger-unavailable", "The ledger can't be reached", "try again"),
    RetryLater: Kind(503, "provider-unavailable", "The provider can't be reached", "try again"),
    OutcomeUnknown: Kind(503, "provider-unavailable", "The provider did not answer in time", "try again"),
    AccountRefused: Kind(
        503,
        "provider-unavailable",
        "The provider takes no payments at present",
        "choose another way, or try again later",
    ),
    NeedsPerson: Kind(503, "needs-person", "A person must look first", "a person must look into it"),
    NoPriceList: Kind(503, "no-price-list", "Nothing is on sale yet", "no price list is in force"),
    Unreachable: Kind(503, "provider-unavailable", "The provider can't be reached", "try again"),
    NotYet: Kind(503, "not-yet", "The provider is not ready", "try again"),
}
"""Every error of the core that a caller may meet; any other is a defect of ours, and a 500."""


def kind_of(error: type[BillingError]) -> Kind | None:
    """How an error is shown: as itself, or as the nearest of those that it is a case of; None for a defect."""
    return next((KINDS[cls] for cls in error.__mro__ if cls in KINDS), None)


def attach(app: Flask, telemetry: Telemetry) -> None:
    """Answer every error of this application with a problem document."""

    def refuse(refused: BillingError) -> Response:
        error, more = (refused.trouble, refused.more) if isinstance(refused, Explained) else (refused, _NOTHING)
        kind = kind_of(type(error))
        if kind is None:
            return fail(error)
        if kind.status >= 500:
            telemetry.event("http_outside_fault", problem=kind.slug, why=str(error))
        return _refusal(kind, error, more)

    def fail(error: Exception) -> Response:
        telemetry.alarm("http_bug", route=_route(), error=type(error).__name__)
        return of_http(InternalServerError())

    app.register_error_handler(BillingError, refuse)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(Exception, fail)


def of_http(error: HTTPException) -> Response:
    """The problem document of an HTTP error, with its own headers (`Allow`, `WWW-Authenticate`)."""
    own = {name: value for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")}
    return _answer(error.code or 500, "about:blank", error.name, error.description or "", {}, own)


def _refusal(kind: Kind, error: BillingError, known: Mapping[str, Any]) -> Response:
    more: dict[str, Any] = {**known}
    headers: dict[str, str] = {}
    if fields := _fields(error):
        more["errors"] = [{"field": one.field, "why": one.why} for one in fields]
    if isinstance(error, RefundTooLarge):
        more["left"] = {"amount": error.left.minor, "currency": error.left.currency}
    if kind.status == 503:
        more["retry_after"] = _retry_after_seconds(error)
    if "retry_after" in more:
        headers["Retry-After"] = str(more["retry_after"])
    return _answer(
        kind.status, f"urn:billing:problem:{kind.slug}", kind.title, kind.detail or str(error), more, headers
    )


def _answer(
    status: int, type_: str, title: str, detail: str, more: Mapping[str, Any], headers: Mapping[str, str]
) -> Response:
    document = {"type": type_, "title": title, "status": status, "detail": detail, **more}
    return Response(json.dumps(document), status, headers, content_type=_MEDIA_TYPE)


def _fields(error: BillingError) -> Sequence[FieldError]:
    match error:
        case BadInput():
            return error.errors
        case Invalid():
            return [FieldError(error.field, error.why)]
        case RefundTooLarge():
            return [FieldError("amount", str(error))]
        case InvalidContact():
            return [FieldError(field, why) for field, why in error.problems.items()]
        case Conflict(field=str(field)):
            return [FieldError(field, error.why)]
        case NotRegistrable():
            return [FieldError("domain", error.why)]
        case NotPriced():
            return [FieldError("currency", str(error))]
    return []


def _retry_after_seconds(error: BillingError) -> int:
    match error:
        case RetryLater(after_seconds=float() | int() as seconds):
            return ceil(seconds)
        case OutcomeUnknown(after_seconds=float() | int() as seconds):
            return ceil(seconds)
        case NotYet(after=after):
            return ceil(after.total_seconds())
    return ceil(_RETRY_AFTER_SECONDS)


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "unmatched"
