"""Stripe's errors in the closed set: what is surely refused, what may be tried again, what nobody knows."""

from datetime import timedelta

import stripe

from billing.application.outcomes import AccountRefused, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.domain.errors import BillingError
from billing.transport import pause_asked_for, unanswered

_WHY_LENGTH_MAX = 500
_KEY_NOT_ACCEPTED = frozenset({401, 403})
_MISSING = "resource_missing"
_IN_USE, _TOO_MANY = 409, 429
_IN_USE_RETRY = timedelta(seconds=10)


def translate(error: stripe.StripeError, *, writing: bool) -> BillingError:
    """What a failed call means; a write whose effect nobody knows is OutcomeUnknown."""
    if isinstance(error, stripe.APIConnectionError):
        return unanswered("Stripe", error.__cause__ or error, writing=writing)
    if isinstance(error, stripe.IdempotencyError):
        return NeedsPerson(f"Stripe knows this idempotency key with another body{_request(error)}")
    if error.code == _MISSING:
        # We ask only for what Stripe itself named to us: that is another account or mode, and decides nothing.
        return NeedsPerson(f"Stripe does not know what it named to us: {_explain(error)}")
    if isinstance(error, stripe.InvalidRequestError | stripe.CardError):
        return Refused(_explain(error))
    why = f"Stripe answered {error.http_status}{_request(error)}"
    if isinstance(error, stripe.AuthenticationError):
        return AccountRefused(f"{why}: it does not accept our API key")
    if error.http_status in _KEY_NOT_ACCEPTED:
        # A right that our key lacks, or a proxy's word: no customer's payment may fail of it, and other calls may do.
        return RetryLater(f"{why}: it does not accept our API key for this call", answered=True)
    if error.http_status == _IN_USE:
        # The first call under the same idempotency key still runs at Stripe: its answer is worth waiting for.
        return NotYet(why, _IN_USE_RETRY)
    if isinstance(error, stripe.RateLimitError) or error.http_status == _TOO_MANY:
        return RetryLater(why, pause_asked_for(error.headers or {}), answered=True)
    if not writing:
        return RetryLater(why, pause_asked_for(error.headers or {}))
    return OutcomeUnknown(why)


def _explain(error: stripe.StripeError) -> str:
    return f"{error.code or error.http_status}: {error.user_message}{_request(error)}"[:_WHY_LENGTH_MAX]


def _request(error: stripe.StripeError) -> str:
    return f" ({error.request_id})" if error.request_id else ""
