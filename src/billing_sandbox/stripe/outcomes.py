"""What becomes of the next refunds, as ordered by whoever plays Stripe and its banks."""

from collections.abc import Callable
from typing import Any

from billing_sandbox.store import Json, Store
from billing_sandbox.stripe.errors import RecordedError

OUTCOMES = {
    "succeeded": "at once, as usual",
    "pending": "made, but the money is under way until the refund is told to succeed or fail",
    "insufficient_balance": "refused: the account holds too little",
    "charge_disputed": "refused: the cardholder has disputed the payment",
}
_TIMES_MAX = 1000


def order(store: Store, body: Any) -> Json:
    """Set from `{"outcome", "times"}` what becomes of the next refund, or of so many; null is all."""
    given = body if isinstance(body, dict) else {}
    outcome, times = given.get("outcome"), given.get("times", 1)
    if outcome not in OUTCOMES or given.keys() - {"outcome", "times"}:
        raise ValueError(f'the body must be {{"outcome", "times"}}, the outcome one of {", ".join(OUTCOMES)}')
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= _TIMES_MAX):
        raise ValueError(f"times must be a whole number from 1 to {_TIMES_MAX}, or null for ever")
    return _keep(store, outcome, times)


def ordered(store: Store) -> Json:
    """What is ordered, in the shape that `order` reads."""
    kept = store.get("sandbox", "next_refunds") or {"outcome": "succeeded", "times": None}
    return {"outcome": kept["outcome"], "times": kept["times"]}


def take(store: Store) -> str:
    """What becomes of this refund, counted as used; the caller holds the transaction."""
    now = ordered(store)
    if now["times"] is not None:
        left = now["times"] - 1
        _keep(store, now["outcome"] if left else "succeeded", left or None)
    return str(now["outcome"])


def _insufficient_balance(charge: Json) -> RecordedError:
    # Stripe gives this one no `code`.
    message = "Insufficient funds in your Stripe balance to refund this amount."
    return RecordedError(message, message_code="insufficient_balance_for_refund")


def _charge_disputed(charge: Json) -> RecordedError:
    message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
    return RecordedError(message, code="charge_disputed")


REFUSALS: dict[str, Callable[[Json], RecordedError]] = {
    "insufficient_balance": _insufficient_balance,
    "charge_disputed": _charge_disputed,
}
"""How the outcomes that are refusals are answered, by charge."""


def _keep(store: Store, outcome: str, times: int | None) -> Json:
    store.put("sandbox", {"id": "next_refunds", "outcome": outcome, "times": times})
    return {"outcome": outcome, "times": times}
