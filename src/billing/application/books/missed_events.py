"""Events that were missed: fetched from their provider's feed, they enter by the door of the notifications."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import ClassVar

from billing.application.books.reconciliation import Difference, Done, Page, Scope
from billing.application.inbox.intake import ProcessEvent
from billing.application.inbox.letterbox import Letterbox
from billing.application.ledger import Ledger
from billing.application.outcomes import AccountRefused, NeedsPerson, Refused
from billing.application.ports import Ids, Reading
from billing.application.provider_ports import EventFeed, FeedEvent
from billing.application.records import Arrival
from billing.application.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class MissedEvents:
    """What a provider could not deliver, and what our inbox does not know although it was delivered.

    The jobs of the inbox read what is found; what is in it already is passed over, whatever became of it.
    """

    lag: ClassVar[timedelta] = timedelta(minutes=10)
    feed: EventFeed
    letterbox: Letterbox
    process: ProcessEvent
    ledger: Ledger
    ids: Ids
    context: Callable[[], Mapping[str, str]]

    def page(self, scope: Scope, after: str | None) -> Page:
        """Those that are not in the inbox, of one page of the feed."""
        found = self.feed.page(scope.since, scope.until, after, scope.deadline())
        ids = {event.event_id for event in found.events}
        known = self.ledger.read(lambda uow: uow.inbox.known(self.feed.gateway, ids))
        missed = {event.event_id: event for event in found.events if event.event_id not in known}
        return Page(list(missed.values()), len(found.events), found.after)

    def compare(self, scope: Scope, subject: FeedEvent) -> Iterator[Difference]:
        """Stored with its job; nothing where its notification has come meanwhile."""
        arrival = self._arrival(scope, subject)
        if scope.dry_run:
            done, how = Done.WOULD_BE_REPAIRED, self._try_out(scope, arrival)
        elif self.letterbox.drop(arrival):
            done, how = Done.REPAIRED, "stored; its job is due"
        else:
            return
        theirs = f"{subject.type} of {subject.created_at:%Y-%m-%d %H:%M:%S} UTC"
        about = f"{self.feed.gateway} event {subject.event_id}"
        yield Difference(about=about, ours="not in the inbox", theirs=theirs, done=done, how=how)

    def _try_out(self, scope: Scope, arrival: Arrival) -> str:
        """What its job would make of it, as things stand."""
        event = arrival.event(scope.until)

        def try_out(uow: UnitOfWork, reading: Reading) -> str:
            uow.inbox.add_if_new(event)
            self.process.take(uow, event.id, reading)
            tried = uow.inbox.get(event.id)
            return f"it would be {tried.status} ({tried.why})"

        try:
            reading = self.process.interpret(event, scope.deadline())
            return self.ledger.rehearse(scope.by, partial(try_out, reading=reading))
        except AccountRefused:
            raise
        except (Refused, NeedsPerson) as refusal:
            return f"its job would fail: {refusal.why}"

    def _arrival(self, scope: Scope, missed: FeedEvent) -> Arrival:
        return Arrival(
            id=self.ids("evt"),
            gateway=self.feed.gateway,
            event_id=missed.event_id,
            type=missed.type,
            api_version=missed.api_version,
            verdict=f"fetched from the feed by {scope.by}",
            body=missed.body,
            context=self.context(),
        )
