"""Changing an object as an update asks, and telling what was there before."""

from typing import Any

from billing_sandbox.store import Json
from billing_sandbox.stripe.ledger import Cause, Ledger


def update(ledger: Ledger, before: Json, given: Json, type: str | None, cause: Cause) -> Json:
    """Keep the object with what is given; where that differs from before, the event of this type tells of it."""
    if "metadata" in given:
        given = given | {"metadata": merged(before["metadata"], given["metadata"])}
    after = ledger.save(before | given)
    previous = earlier(before, after)
    if previous and type:
        ledger.tell(type, after, cause, previous)
    return after


def merged(metadata: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """Metadata after an update: keys are added or replaced, an empty value or an empty whole takes away."""
    return {key: value for key, value in (metadata | given).items() if value} if given else {}


def earlier(before: Json, after: Json) -> Json:
    """The values that have changed, as they were; of an object within an object only what changed in it."""
    previous: Json = {}
    for name in before.keys() | after.keys():
        was, now = before.get(name), after.get(name)
        if was != now:
            previous[name] = _was(was, now)
    return previous


def _was(was: Any, now: Any) -> Any:
    return earlier(was, now) if isinstance(was, dict) and isinstance(now, dict) else was
