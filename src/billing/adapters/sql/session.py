"""The ORM session of one unit: what it looks at before every flush, and how its failures are called."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, event, inspect, or_, select
from sqlalchemy.orm import Session, UOWTransaction
from sqlalchemy.orm.exc import StaleDataError

from billing.adapters.sql.history import Moves, standing_before
from billing.adapters.sql.tables import live_registration, order_items, unpaid_renewal
from billing.application.unit_of_work import ConcurrentChange
from billing.domain.errors import NameHeld, RenewalOpen
from billing.domain.order_item import CLAIMING, OrderItem
from billing.domain.purchase import DomainRegistration


class LedgerSession(Session):
    """Keeps the moves of its entities, and gives no chance to a second holder of a name."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(bind=connection, expire_on_commit=False)
        self.moves = Moves()

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """ConcurrentChange where a row is no longer what it was when it was read."""
        try:
            super().flush(objects)
        except StaleDataError as stale:
            raise ConcurrentChange(str(stale)) from stale

    def reload(self) -> None:
        """Read again what a savepoint undid."""
        for entity in list(self):
            if inspect(entity).expired_attributes:
                self.refresh(entity)


@event.listens_for(LedgerSession, "before_flush")
def _before_flush(session: LedgerSession, _context: UOWTransaction, _objects: object) -> None:
    session.moves.collect(session)
    _refuse_held_names(session)


def _refuse_held_names(session: LedgerSession) -> None:
    """Look before the unique indexes have to refuse: SQLite's refusal does not tell the name.

    There the write lock makes this exact; on PostgreSQL a race is still decided by the index.
    """
    arriving = [item for item in (*session.new, *session.dirty) if isinstance(item, OrderItem) and _arrives(item)]
    if not arriving:
        return
    claims = select(order_items.c.kind, order_items.c.domain).where(
        or_(live_registration, unpaid_renewal),
        order_items.c.domain.in_({item.domain for item in arriving}),
        order_items.c.id.not_in([item.id for item in arriving]),
    )
    held = {(kind, name) for kind, name in session.connection().execute(claims)}
    for item in sorted(arriving, key=lambda item: item.position):
        claim = (item.what.kind, item.domain)
        if claim in held:
            raise _refusal(item)
        held.add(claim)


def _arrives(item: OrderItem) -> bool:
    """Whether it claims a name from this flush on."""
    return item.claims_name and standing_before(item).status not in CLAIMING[type(item.what)]


def _refusal(item: OrderItem) -> NameHeld | RenewalOpen:
    refused = NameHeld if isinstance(item.what, DomainRegistration) else RenewalOpen
    return refused(str(item.domain))
