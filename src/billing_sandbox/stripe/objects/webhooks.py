"""Endpoints for events, and events that only name what they are about."""

from datetime import UTC, datetime

from billing_sandbox.store import Json
from billing_sandbox.stripe.ids import new_id


def webhook_endpoint(created: int, given: Json) -> Json:
    """An endpoint; `given` has at least its address and the types of events."""
    return {
        "id": new_id("we"),
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": created,
        "description": None,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        **given,
    }


def thin_event(created: datetime, type: str, related: Json | None) -> Json:
    """An event of the v2 API: it says what it is about, not how that stands."""
    return {
        "id": new_id("evt_test"),
        "object": "v2.core.event",
        "context": None,
        "created": created.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "livemode": False,
        "reason": None,
        "related_object": related,
        "type": type,
    }
