"""Rows by the moment of something, a page at a time, off an index of that moment and the id."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, bindparam, select, tuple_

from billing.adapters.sql.session import LedgerSession
from billing.application.records import Made


def places(
    session: LedgerSession,
    at: Column[Any],
    since: datetime,
    until: datetime,
    after: str,
    limit: int,
    *conditions: ColumnElement[bool],
) -> Sequence[Made]:
    """Oldest first, from `since` to `until`; of those of that very first moment, only ids above `after`."""
    row_id = at.table.c.id
    start = tuple_(bindparam("since", since, at.type), bindparam("after", after, row_id.type))
    wanted = select(at, row_id).where(*conditions, tuple_(at, row_id) > start, at <= until)
    return [Made(*row) for row in session.execute(wanted.order_by(at, row_id).limit(limit))]
