"""The tables of what is to be done: notifications that came in, jobs, and breakers of what does not answer.

Conditions of partial indexes are written once, here, as those of the entities' tables are.
"""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, UniqueConstraint, and_

from billing.adapters.sql.columns import fixed, id_column, metadata, partial_index, version_column, why_column
from billing.adapters.sql.types import Document, Id, Moment, status_of, word_of
from billing.domain.event import EventStatus
from billing.domain.job import OPEN, JobKind, JobStatus

inbox_events = Table(
    "inbox_events",
    metadata,
    id_column(),
    Column("gateway", String(32), nullable=False),
    Column("event_id", String, nullable=False),
    Column("type", String, nullable=False),
    Column("api_version", String),
    Column("verdict", String, nullable=False),
    Column("body", LargeBinary),
    Column("received_at", Moment, nullable=False),
    Column("status", status_of(EventStatus), nullable=False),
    why_column(),
    Column("attempts", Integer, nullable=False),
    Column("processed_at", Moment),
    version_column(),
    UniqueConstraint("gateway", "event_id"),
)
PUT_ASIDE = frozenset({EventStatus.IGNORED, EventStatus.UNMATCHED, EventStatus.FAILED})
"""Few among many: `received` is not among them, so that storing a notification writes to neither index."""
put_aside = fixed(inbox_events.c.status, *PUT_ASIDE)
prunable = and_(
    inbox_events.c.body.is_not(None), fixed(inbox_events.c.status, EventStatus.PROCESSED, EventStatus.IGNORED)
)
partial_index(inbox_events.c.status, inbox_events.c.id, where=put_aside)
partial_index(inbox_events.c.received_at, where=prunable)

jobs = Table(
    "jobs",
    metadata,
    id_column(),
    Column("kind", word_of(JobKind), nullable=False),
    Column("subject", Id, nullable=False, index=True),
    Column("dedup_key", String, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("ring_at", Moment, nullable=False),
    Column("status", status_of(JobStatus), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claim_no", Integer, nullable=False),
    Column("claimed_at", Moment),
    Column("lease_until", Moment),
    Column("waiting_since", Moment),
    Column("delayed_since", Moment),
    Column("wake_at", Moment),
    why_column(),
    Column("context", Document, nullable=False),
    Column("finished_at", Moment),
    version_column(),
)
open_job = fixed(jobs.c.status, *OPEN)
unsuccessful = fixed(jobs.c.status, *(set(JobStatus) - {JobStatus.SUCCEEDED}))
partial_index(jobs.c.ring_at, where=open_job)
partial_index(jobs.c.status, jobs.c.id, where=unsuccessful)
Index(None, jobs.c.kind, jobs.c.id)

breakers = Table(
    "breakers",
    metadata,
    Column("name", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("opens", Integer, nullable=False),
    Column("since", Moment),
    why_column(),
    Column("held_from", Moment),
    Column("held_until", Moment),
    Column("probing", Boolean, nullable=False),
    Column("told_at", Moment),
    version_column(),
)
