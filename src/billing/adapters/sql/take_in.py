"""Notifications taken in by PostgreSQL in one statement, which is its own transaction: one round trip for all of them.

What a webhook waits for is this; a transaction of four statements costs four times as much of both machines.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import count
from typing import NamedTuple

from psycopg.types.json import Json

from billing.adapters.sql.at_once import AtOnce
from billing.adapters.sql.jobs import NewJobs
from billing.application.records import Arrival

# One statement for each number of rows, since a list of values is cheaper for the driver than arrays. They are inserted
# in the order given, so that two processes with the same notifications do not wait for one another in a circle.
_ROW_TYPES = ("text", "text", "text", "text", "text", "text", "text", "bytea", "json")
_TAKE_IN = """
WITH clock (now, ring_at) AS (
    SELECT coalesce($1::timestamptz, clock_timestamp()), coalesce($1::timestamptz, clock_timestamp()) + $2::interval
), arrivals (id, job_id, gateway, event_id, type, api_version, verdict, body, context) AS (
    VALUES {rows}
), stored AS (
    INSERT INTO inbox_events
        (id, gateway, event_id, type, api_version, verdict, body, received_at, status, attempts, version)
    SELECT id, gateway, event_id, type, api_version, verdict, body, now, 'received', 0, 1
    FROM arrivals, clock
    ON CONFLICT (gateway, event_id) DO NOTHING
    RETURNING id
), written AS (
    INSERT INTO jobs
        (id, kind, subject, dedup_key, created_at, due_at, ring_at, status, attempts, claim_no, context, version)
    SELECT job_id, 'process_event', id, 'process_event:' || id, now, now, ring_at, 'queued', 0, 0, context, 1
    FROM clock, arrivals JOIN stored USING (id)
    RETURNING id, subject
)
SELECT arrivals.id, written.id IS NOT NULL, coalesce(written.id, (
    SELECT unread.id
    FROM inbox_events AS known JOIN jobs AS unread ON unread.dedup_key = 'process_event:' || known.id
    WHERE known.gateway = arrivals.gateway AND known.event_id = arrivals.event_id
        AND known.status NOT IN ('processed', 'ignored')
        AND (unread.status = 'queued' AND unread.due_at <= now
            OR unread.status = 'running' AND unread.lease_until <= now)
))
FROM clock, arrivals LEFT JOIN written ON written.subject = arrivals.id
"""


class TakenIn(NamedTuple):
    """What became of one: the job to ring for is None where it was read before, or is being read."""

    id: str
    is_new: bool
    job_id: str | None


def take_in(execute: AtOnce, arrivals: Sequence[Arrival], new: NewJobs, now: datetime | None) -> Sequence[TakenIn]:
    """Repeated, it stores nothing twice; `now` stands in for the server's clock."""
    values: list[object] = [now, new.ring_again]
    for one in arrivals:
        values += (one.id, new.ids("job"), one.gateway, one.event_id, one.type, one.api_version, one.verdict, one.body)
        values.append(Json(dict(one.context)))
    return [TakenIn(*row) for row in execute(_statement(len(arrivals)), values)]


@cache
def _statement(rows: int) -> str:
    numbers = count(3)
    row = [", ".join(f"${next(numbers)}::{type}" for type in _ROW_TYPES) for _ in range(rows)]
    return _TAKE_IN.format(rows=", ".join(f"({values})" for values in row))
