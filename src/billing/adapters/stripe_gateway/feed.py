"""Stripe's list of events: what happened, also where no webhook came of it."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.events import READS
from billing.application.outcomes import Deadline
from billing.application.provider_ports import EventFeed, FeedEvent, FeedPage

if TYPE_CHECKING:
    from stripe import Event
    from stripe.params import EventListParams

_TYPES_MAX, _PAGE = 20, 100
"""The most that one call may ask for, and lists: https://docs.stripe.com/api/events/list"""


class _Walk(NamedTuple):
    """One list to be read from its beginning to its end."""

    undelivered: bool
    types: Sequence[str]


class StripeFeed(EventFeed):
    """Events have the shape of the account's own API version here, whatever that of our endpoint is."""

    gateway = "stripe"
    kept = timedelta(days=30)

    def __init__(self, api: StripeApi, types: Iterable[str] = READS) -> None:
        self._api = api
        wanted = sorted(types)
        some = [wanted[n : n + _TYPES_MAX] for n in range(0, len(wanted), _TYPES_MAX)]
        self._walks = [_Walk(undelivered, types) for undelivered in (True, False) for types in some]

    def page(self, since: datetime, until: datetime, after: str | None, deadline: Deadline) -> FeedPage:
        """One call; `after` names the list that is being read, and the last event that was seen of it."""
        number, _, seen = (after or "0:").partition(":")
        walk = self._walks[int(number)]
        params: EventListParams = {
            "created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())},
            "types": list(walk.types),
            "limit": _PAGE,
        }
        if walk.undelivered:
            params["delivery_success"] = False
        if seen:
            params["starting_after"] = seen
        with self._api.reading("event_list", deadline) as client:
            found = client.v1.events.list(params)
        return FeedPage([_event(one) for one in found.data], self._next(int(number), found.data, found.has_more))

    def _next(self, number: int, found: Sequence["Event"], has_more: bool) -> str | None:
        if has_more and found:
            return f"{number}:{found[-1].id}"
        return f"{number + 1}:" if number + 1 < len(self._walks) else None


def _event(found: "Event") -> FeedEvent:
    return FeedEvent(
        event_id=found.id,
        type=found.type,
        api_version=found.api_version,
        body=json.dumps(found.to_dict(for_json=True)).encode(),
        created_at=datetime.fromtimestamp(found.created, UTC),
    )
