"""The inbox of notifications."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from billing.adapters.sql.columns import fixed
from billing.adapters.sql.jobs import SqlJobs
from billing.adapters.sql.take_in import take_in
from billing.adapters.sql.work import Work
from billing.adapters.sql.work_tables import PUT_ASIDE, inbox_events, prunable, put_aside
from billing.application.records import Arrival, process_job
from billing.domain.event import SETTLED, EventStatus, InboxEvent
from billing.domain.job import PRIORITIES, JobKind

_UNREAD = select(inbox_events.c.id).where(
    inbox_events.c.gateway == bindparam("gateway"),
    inbox_events.c.event_id == bindparam("event_id"),
    ~fixed(inbox_events.c.status, *SETTLED),
)


class SqlInbox:
    """Stores with one statement, since that is what a webhook waits for."""

    def __init__(self, work: Work, jobs: SqlJobs) -> None:
        self._work, self._jobs = work, jobs

    def add_if_new(self, event: InboxEvent) -> bool:
        row: dict[str, Any] = {name: getattr(event, name) for name in inbox_events.c.keys()}  # noqa: SIM118
        return self._work.insert_if_new(inbox_events, ("gateway", "event_id"), row)

    def take_in(self, arrivals: Sequence[Arrival]) -> Collection[str]:
        if self._work.at_once is None or self._work.has_begun:
            return {arrival.id for arrival in arrivals if self._take_in(arrival)}
        taken = take_in(self._work.at_once, arrivals, self._jobs.new, self._work.given_now())
        self._jobs.bells.update({one.job_id: PRIORITIES[JobKind.PROCESS_EVENT] for one in taken if one.job_id})
        return {one.id for one in taken if one.is_new}

    def _take_in(self, arrival: Arrival) -> bool:
        if self.add_if_new(arrival.event(self._work.now())):
            return self._jobs.request(arrival.job)
        unread = self._work.connection.scalars(_UNREAD, vars(arrival)).one_or_none()
        if unread is not None:
            self._jobs.ring_for(process_job(unread))
        return False

    def lock(self, row_id: str) -> InboxEvent:
        return self._work.lock(InboxEvent, row_id)

    def get(self, row_id: str) -> InboxEvent:
        return self._work.get(InboxEvent, row_id)

    def find(self, gateway: str, event_id: str) -> InboxEvent | None:
        return self._work.find(InboxEvent, gateway=gateway, event_id=event_id)

    def known(self, gateway: str, event_ids: Collection[str]) -> Collection[str]:
        e = inbox_events.c
        known = select(e.event_id).where(e.gateway == gateway, e.event_id.in_(event_ids))
        return set(self._work.connection.scalars(known))

    def page(
        self, status: EventStatus | None, gateway: str | None, type: str | None, before: str | None, limit: int
    ) -> Sequence[InboxEvent]:
        e = inbox_events.c
        wanted = select(InboxEvent).order_by(e.id.desc()).limit(limit)
        if status is not None:
            wanted = wanted.where(fixed(e.status, status))
        if status in PUT_ASIDE:
            wanted = wanted.where(put_aside)
        if gateway is not None:
            wanted = wanted.where(e.gateway == gateway)
        if type is not None:
            wanted = wanted.where(e.type == type)
        if before is not None:
            wanted = wanted.where(e.id < before)
        return self._work.session.scalars(wanted).all()

    def prune_bodies(self, older_than: datetime, limit: int) -> int:
        e = inbox_events.c
        old = select(e.id).where(prunable, e.received_at < older_than).order_by(e.received_at).limit(limit)
        # The condition stands twice: what was replayed while we waited for its row keeps its body.
        pruned = update(inbox_events).where(prunable, e.id.in_(old)).values(body=None, version=e.version + 1)
        return self._work.connection.execute(pruned).rowcount
