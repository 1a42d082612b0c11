"""Notifications taken in by PostgreSQL in one statement, which is its own transaction: one round trip for all of them.

What a webhook waits for is this; a transaction of four statements costs four times as much of both machines.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Json
from sqlalchemy import Connection

from billing.adapters.sql.jobs import NewJobs
from billing.application.records import Arrival

# Arrays, so that the statement is the same for any number. They are inserted in the order given, so that two processes
# with the same notifications do not wait for one another in a circle.
_TAKE_IN = """
WITH arrivals AS (
    SELECT *, coalesce(%(now)s::timestamptz, clock_timestamp()) AS now
    FROM unnest(
        %(id)s::text[], %(job_id)s::text[], %(gateway)s::text[], %(event_id)s::text[], %(type)s::text[],
        %(api_version)s::text[], %(verdict)s::text[], %(body)s::bytea[], %(context)s::json[]
    ) AS arrivals (id, job_id, gateway, event_id, type, api_version, verdict, body, context)
), stored AS (
    INSERT INTO inbox_events
        (id, gateway, event_id, type, api_version, verdict, body, received_at, status, attempts, version)
    SELECT id, gateway, event_id, type, api_version, verdict, body, now, 'received', 0, 1 FROM arrivals
    ON CONFLICT (gateway, event_id) DO NOTHING
    RETURNING id
), written AS (
    INSERT INTO jobs
        (id, kind, subject, dedup_key, created_at, due_at, ring_at, status, attempts, claim_no, context, version)
    SELECT job_id, 'process_event', id, 'process_event:' || id, now, now, now + %(ring_again)s, 'queued', 0, 0, context,
        1
    FROM arrivals JOIN stored USING (id)
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
FROM arrivals LEFT JOIN written ON written.subject = arrivals.id
"""

_GIVEN = ("id", "gateway", "event_id", "type", "api_version", "verdict", "body")


class TakenIn(NamedTuple):
    """What became of one: the job to ring for is None where it was read before, or is being read."""

    id: str
    is_new: bool
    job_id: str | None


def take_in(
    connection: Connection, arrivals: Sequence[Arrival], new: NewJobs, now: datetime | None
) -> Sequence[TakenIn]:
    """By a connection without a transaction; `now` stands in for the server's clock."""
    given: dict[str, Any] = {name: [getattr(arrival, name) for arrival in arrivals] for name in _GIVEN}
    given["job_id"] = [new.ids("job") for _ in arrivals]
    given["context"] = [Json(dict(arrival.context)) for arrival in arrivals]
    found = connection.exec_driver_sql(_TAKE_IN, {**given, "ring_again": new.ring_again, "now": now})
    return [TakenIn(*row) for row in found]
