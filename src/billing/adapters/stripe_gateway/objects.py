"""Stripe's objects in every shape that an API version gave them: whose they are, and which ids are in them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict

Json = Mapping[str, Any]

_REFERENCES = (
    "charge", "customer", "invoice", "latest_charge", "payment_intent", "payment_method", "setup_intent",
    "source", "subscription",
)  # fmt: skip
"""Fields that hold another object's id, or that object where it was expanded."""

WITHOUT_PAYER = tuple(field for field in _REFERENCES if field not in ("customer", "payment_method", "source"))
"""The same but for those that say who pays."""


class About(TypedDict):
    """The fields that every fact has."""

    payment_id: str | None
    session_ref: str | None
    payment_ref: str | None


def metadata(document: Json) -> Mapping[str, str]:
    """What we wrote on it; empty on objects that are not ours, and on ours from before we wrote any."""
    found = document.get("metadata")
    return found if isinstance(found, Mapping) else {}


def about(document: Json, installation: str) -> About:
    """Whose session or intent it is; our payment is named only where it is this installation's."""
    ours = metadata(document).get("installation") == installation
    is_session = document.get("object") == "checkout.session"
    intent = document.get("payment_intent") if is_session else document
    return {
        "payment_id": metadata(document).get("payment_id") if ours else None,
        "session_ref": id_of(document) if is_session else None,
        "payment_ref": id_of(intent),
    }


def refs_in(document: Json, references: Sequence[str] = _REFERENCES) -> frozenset[str]:
    """The id of the object and of every object that it refers to, at any depth."""
    found = {ref for field in ("id", *references) if (ref := id_of(document.get(field)))}
    for inner in (document.get(field) for field in (*references, "last_payment_error")):
        if isinstance(inner, Mapping):
            found |= refs_in(inner, references)
    # Until 2022-11-15 an intent showed its charges as a list.
    for charge in listed(document, "charges"):
        found |= refs_in(charge, references)
    return frozenset(found)


def why_declined(intent: Json) -> str | None:
    """The bank's reason for the last try, if there was one that failed."""
    error = intent.get("last_payment_error")
    if not error:
        return None
    code = error.get("decline_code") or error.get("code") or error.get("type")
    return f"{code}: {error.get('message')}"


def id_of(value: Any) -> str | None:
    """The id of what a field refers to, be it there by itself or on the object that stands in its place."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else None


def listed(document: Json, field: str) -> Sequence[Json]:
    """What a list in it holds; nothing where it was left out."""
    found = document.get(field)
    return found.get("data") or () if isinstance(found, Mapping) else ()


def within(document: Json, *path: str) -> Any:
    """What lies at the end of the path, None where it breaks off: versions and kinds of objects leave out much."""
    found: Any = document
    for field in path:
        found = found.get(field) if isinstance(found, Mapping) else None
    return found


def moment(unix: Any) -> datetime | None:
    """A point in time as Stripe writes it, aware and in UTC."""
    return datetime.fromtimestamp(unix, UTC) if type(unix) is int else None
