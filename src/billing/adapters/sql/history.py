"""The moves that units made: collected at every flush, written once per unit and entity, append-only."""

from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import Any, Self

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment
from billing.domain.registration import Registration
from billing.domain.subscription import Subscription

Moving = Order | OrderItem | Payment | Subscription | Registration

_ENTITIES: Mapping[type, str] = {
    Order: "order",
    OrderItem: "item",
    Payment: "payment",
    Subscription: "subscription",
    Registration: "registration",
}


def status_before(entity: Moving) -> str | None:
    """The status that the ledger knows of it; None before its first flush."""
    state = inspect(entity)
    if not state.persistent:
        return None
    earlier = state.attrs.status.history.deleted
    return earlier[0] if earlier else entity.status


class Moves:
    """What had which status when the unit came upon it; what was only just made had none."""

    def __init__(self) -> None:
        self._before: dict[Moving, str | None] = {}

    def copy(self) -> Self:
        """As it is now, to come back to."""
        same = copy(self)
        same._before = dict(self._before)
        return same

    def collect(self, session: Session) -> None:
        """Called before each flush, since a flush forgets what was before it."""
        for entity in (*session.new, *session.dirty):
            if type(entity) in _ENTITIES and status_before(entity) != entity.status:
                self._before.setdefault(entity, status_before(entity))

    def rows(self, by: str, at: datetime) -> list[dict[str, Any]]:
        """First `before`, last `after`; nothing for what is back where it was."""
        moved = [(entity, before) for entity, before in self._before.items() if entity.status != before]
        moved.sort(key=lambda move: (list(_ENTITIES).index(type(move[0])), move[0].id))
        return [
            {
                "entity": _ENTITIES[type(entity)],
                "entity_id": entity.id,
                "before": None if before is None else str(before),
                "after": str(entity.status),
                "why": entity.why,
                "by": by,
                "at": at,
            }
            for entity, before in moved
        ]
