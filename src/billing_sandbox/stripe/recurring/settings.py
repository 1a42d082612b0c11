"""What an account's owner sets in Stripe's dashboard about billing: when invoices are made final and tried again."""

from typing import Any

from billing_sandbox.store import Json, Store

EIGHT_IN_TWO_WEEKS = (1, 1, 2, 2, 2, 2, 2, 2)
"""Stripe's default: eight more attempts within two weeks; each so many days after the one before."""
AFTERWARDS = ("cancel", "unpaid", "past_due")
"""What may become of a subscription after the last attempt; the first is the default."""

_DEFAULTS: Json = {
    "draft_seconds": 3600,
    "retry_days": list(EIGHT_IN_TWO_WEEKS),
    "after_retries": AFTERWARDS[0],
    "upcoming_days": 7,
}
_RETRIES_MAX = 8
_DRAFT_SECONDS_MAX = 72 * 3600
_DAYS_MAX = 60


def read(store: Store) -> Json:
    """`{"draft_seconds", "retry_days", "after_retries", "upcoming_days"}` as they are now."""
    return _DEFAULTS | {
        name: value for name, value in (store.get("sandbox", "billing") or {}).items() if name in _DEFAULTS
    }


def change(store: Store, body: Any) -> Json:
    """Set some of them."""
    if not isinstance(body, dict) or body.keys() - _DEFAULTS.keys():
        raise ValueError(f"the body may have {', '.join(_DEFAULTS)}")
    wanted = read(store) | body
    _check_whole("draft_seconds", wanted["draft_seconds"], _DRAFT_SECONDS_MAX)
    _check_whole("upcoming_days", wanted["upcoming_days"], _DAYS_MAX)
    days = wanted["retry_days"]
    if not isinstance(days, list) or len(days) > _RETRIES_MAX:
        raise ValueError(f"retry_days must be a list of {_RETRIES_MAX} at most")
    for number in days:
        _check_whole("retry_days", number, _DAYS_MAX, least=1)
    if wanted["after_retries"] not in AFTERWARDS:
        raise ValueError(f"after_retries must be one of {', '.join(AFTERWARDS)}")
    store.put("sandbox", {"id": "billing", **wanted})
    return wanted


def _check_whole(name: str, value: Any, most: int, least: int = 0) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} must be whole numbers from {least} to {most}")
