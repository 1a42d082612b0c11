"""Versions of Stripe's API: a date and, since 2024-09-30, the name of the line that it belongs to."""

import re

from billing_sandbox.store import Json
from billing_sandbox.stripe.errors import StripeError

NEWEST = "2026-10-28.endive"
"""The shape in which everything is kept, and in which events are sent unless an endpoint has another version."""
ACCOUNT = "2026-03-25.dahlia"
"""What the account was opened with: the version of requests that name none, and of the list of events."""
LINES = {
    "acacia": "2024-09-30",
    "basil": "2025-03-31",
    "clover": "2025-09-30",
    "dahlia": "2026-03-25",
    "endive": "2026-09-30",
}
"""Since when there is each."""

_UI_MODES = {"hosted": "hosted_page"}
"""What the words before dahlia are called since."""


def check(version: str) -> str:
    """The version, if it may be one."""
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:\.([a-z]+))?", version)
    if match is None or _line(match[1]) != match[2]:
        raise StripeError(f"Invalid Stripe API version: {version}")
    return version


def before(version: str, line: str) -> bool:
    """Whether the version is older than this line, or than this date."""
    return version[:10] < LINES.get(line, line)


def check_parameters(version: str, resource: str, params: Json) -> None:
    """Refuse what other versions than this one take."""
    if before(version, "endive"):
        if "allowed_payment_method_types" in params:
            raise _unknown("allowed_payment_method_types")
    elif "payment_method_types" in params:
        raise _unknown("payment_method_types") if resource == "checkout_sessions" else _no_longer()
    word = params.get("ui_mode")
    if word is not None and word in (_UI_MODES.values() if before(version, "dahlia") else _UI_MODES):
        raise StripeError(f"Invalid ui_mode: {word}", param="ui_mode")


def _line(date: str) -> str | None:
    """The line that a version of this date belongs to; None before there were names."""
    return max((name for name, since in LINES.items() if since <= date), key=LINES.__getitem__, default=None)


def _unknown(name: str) -> StripeError:
    return StripeError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def _no_longer() -> StripeError:
    message = (
        "payment_method_types can no longer be given. Use dynamic payment methods, or allowed_payment_method_types."
    )
    return StripeError(message, code="payment_method_types_no_longer_supported", param="payment_method_types")
