"""The moves that units made: collected at every flush, written once per unit and entity, append-only."""

from copy import copy
from datetime import datetime
from typing import Self

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from billing.application.records import TRACKED, Standing, Tracked, Transition


def standing_before(entity: Tracked) -> Standing:
    """What the ledger knows of it; nothing before its first flush."""
    state = inspect(entity)
    if not state.persistent:
        return Standing()
    statuses, reasons = state.attrs.status.history.deleted, state.attrs.why.history.deleted
    return Standing(statuses[0] if statuses else entity.status, reasons[0] if reasons else entity.why)


class Moves:
    """Where everything stood when the unit came to change it; what was only just made stood nowhere."""

    def __init__(self) -> None:
        self._before: dict[Tracked, Standing] = {}

    def copy(self) -> Self:
        """As it is now, to come back to."""
        same = copy(self)
        same._before = dict(self._before)
        return same

    def collect(self, session: Session) -> None:
        """Called before each flush, since a flush forgets what was before it."""
        for entity in (*session.new, *session.dirty):
            if type(entity) in TRACKED:
                self._before.setdefault(entity, standing_before(entity))

    def rows(self, by: str, at: datetime) -> list[Transition]:
        """First `before`, last `after`; nothing for what is back where it was."""
        moved = [
            (entity, before)
            for entity, before in self._before.items()
            if Standing(entity.status, entity.why).is_news_after(before)
        ]
        moved.sort(key=lambda move: (list(TRACKED).index(type(move[0])), move[0].id))
        return [
            Transition(
                entity=TRACKED[type(entity)],
                entity_id=entity.id,
                before=None if before.status is None else str(before.status),
                after=str(entity.status),
                why=entity.why,
                by=by,
                at=at,
            )
            for entity, before in moved
        ]
