"""Older shapes: what is kept in the newest one is shown as each version of the API has it.

Every change of the API that somebody could notice is here with how to undo it. What is shown in a version has all
changes undone that came after it, the newest first.
"""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from billing_sandbox.store import Json, Store
from billing_sandbox.stripe.generations.billing import BILLING
from billing_sandbox.stripe.generations.change import Change
from billing_sandbox.stripe.generations.payments import PAYMENTS
from billing_sandbox.stripe.updates import earlier
from billing_sandbox.stripe.versions import LINES, NEWEST, before


def render(store: Store, document: Json, version: str) -> Json:
    """The document, and every object in it, as this version shows it; the store has what older ones show besides."""
    if version == NEWEST:
        return document
    shown = deepcopy(document)
    _render(store, shown, version)
    return shown


def render_event(store: Store, event: Json, version: str) -> Json:
    """An event as an endpoint of this version gets it."""
    data = render(store, event["data"], version)
    if "previous_attributes" in event["data"] and version != NEWEST:
        now = event["data"]["object"]
        was = render(store, _put_back(now, event["data"]["previous_attributes"]), version)
        data |= {"previous_attributes": earlier(was, data["object"])}
    return event | {"api_version": version, "data": data}


def _put_back(now: Json, previous: Json) -> Json:
    """The object as it was before it changed."""
    return now | {
        name: _put_back(now[name], was) if isinstance(was, dict) and isinstance(now.get(name), dict) else was
        for name, was in previous.items()
    }


def _render(store: Store, value: Any, version: str) -> None:
    if isinstance(value, list):
        for element in value:
            _render(store, element, version)
    # What an event shows never changes, whoever looks at it.
    elif isinstance(value, dict) and value.get("object") != "event":
        kind = value.get("object")
        for change in _CHANGES.get(kind, ()) if isinstance(kind, str) else ():
            if before(version, change.since):
                change.undo(store, value)
        for member in value.values():
            _render(store, member, version)


def _by_kind(changes: Iterable[Change]) -> dict[str, list[Change]]:
    kinds: dict[str, list[Change]] = {}
    for change in sorted(changes, key=lambda change: LINES.get(change.since, change.since), reverse=True):
        kinds.setdefault(change.kind, []).append(change)
    return kinds


_CHANGES = _by_kind((*PAYMENTS, *BILLING))
