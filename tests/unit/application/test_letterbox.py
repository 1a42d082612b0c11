"""Notifications that come in while others are being stored share a unit, and none suffers for another."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count

import pytest

from billing.adapters.memory.inbox import MemoryInbox
from billing.adapters.memory.ledger import MemoryLedger, MemoryUnitOfWork
from billing.adapters.memory.queue import MemoryQueue
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.inbox.letterbox import Letterbox, ThreadTurn
from billing.application.ledger import Ledger
from billing.application.records import Arrival
from billing.application.unit_of_work import LedgerUnavailable
from billing.domain.event import InboxEvent
from tests.builders import NOW
from tests.contracts.ledger_jobs import an_arrival

BEFORE = "evt_that_came_before"


class TroubledLedger(MemoryLedger):
    """Keeps what came in together, and meets it with `trouble`."""

    def __init__(self) -> None:
        numbers = count()
        super().__init__(ids=lambda prefix: f"{prefix}_{next(numbers)}", now=lambda: NOW)
        self.together: list[list[str]] = []
        self.trouble: Callable[[Sequence[Arrival]], None] = lambda arrivals: None

    def __call__(self, by: str, *, reading: bool = False) -> MemoryUnitOfWork:
        """A unit that tells what it takes in."""
        return _TroubledUnit(self, by)

    def stored(self) -> set[str]:
        """The provider's ids of what is there."""
        events = [row.value for (kind, _), row in self.store.rows.items() if kind is InboxEvent]
        return {event.event_id for event in events} - {BEFORE}


class _TroubledUnit(MemoryUnitOfWork):
    def __enter__(self) -> "_TroubledUnit":
        super().__enter__()
        ledger, take_in = self._ledger, MemoryInbox.take_in

        class Inbox(MemoryInbox):
            def take_in(self, arrivals: Sequence[Arrival]) -> set[str]:
                assert isinstance(ledger, TroubledLedger)
                ledger.together.append([arrival.event_id for arrival in arrivals])
                ledger.trouble(arrivals)
                return set(take_in(self, arrivals))

        self.inbox = Inbox(self._session, self.jobs, self.now)
        return self


class Office:
    """A letterbox in which what is dropped at once has to wait until one that came before is written."""

    def __init__(self, letters_max: int = 100) -> None:
        self.begin, self.queue = TroubledLedger(), MemoryQueue()
        self.letterbox = Letterbox(Ledger(self.begin, self.queue, MemoryTelemetry()), ThreadTurn, letters_max)

    def drop_at_once(self, *arrivals: Arrival) -> list[Future[bool]]:
        """All of them are waiting before the first is written."""
        trouble, may_write, writes = self.begin.trouble, threading.Event(), threading.Event()

        def be_long(_: Sequence[Arrival]) -> None:
            self.begin.trouble = trouble
            writes.set()
            may_write.wait(10)

        self.begin.trouble = be_long
        with ThreadPoolExecutor(len(arrivals) + 1) as requests:
            requests.submit(self.letterbox.drop, an_arrival("evt_before", BEFORE))
            assert writes.wait(10)
            drops = [requests.submit(self.letterbox.drop, arrival) for arrival in arrivals]
            deadline = time.monotonic() + 10
            while len(self.letterbox._waiting) < len(arrivals):
                assert time.monotonic() < deadline, "they never came"
                threading.Event().wait(0.001)
            self.begin.together.clear()
            may_write.set()
        return drops


@pytest.fixture
def office() -> Office:
    return Office()


def several(*event_ids: str) -> list[Arrival]:
    return [an_arrival(f"evt_of_{event_id}", event_id) for event_id in event_ids]


def test_a_lone_notification_waits_for_nobody(office: Office) -> None:
    assert [office.letterbox.drop(an_arrival()) for _ in range(2)] == [True, False]
    assert office.begin.together == [["evt_x"], ["evt_x"]]


def test_what_comes_in_meanwhile_is_stored_in_one_unit_in_one_order(office: Office) -> None:
    assert [drop.result() for drop in office.drop_at_once(*several("c", "a", "b"))] == [True] * 3
    assert office.begin.together == [["a", "b", "c"]]
    assert office.begin.stored() == {"a", "b", "c"}
    assert len(office.queue.rung) == 1 + 3


def test_of_the_same_notification_twice_at_once_one_is_new(office: Office) -> None:
    twice = [an_arrival("evt_1", "x"), an_arrival("evt_2", "x")]
    assert sorted(drop.result() for drop in office.drop_at_once(*twice)) == [False, True]
    assert len(office.begin.together) == 1


def test_one_that_can_not_be_stored_takes_no_other_with_it(office: Office) -> None:
    def refuse_one(arrivals: Sequence[Arrival]) -> None:
        if any(arrival.event_id == "bad" for arrival in arrivals):
            raise ZeroDivisionError("a row that the ledger does not take")

    office.begin.trouble = refuse_one
    first, bad, last = office.drop_at_once(*several("a", "bad", "b"))
    assert (first.result(), last.result()) == (True, True)
    with pytest.raises(ZeroDivisionError):
        bad.result()
    assert office.begin.stored() == {"a", "b"}
    assert sorted(map(len, office.begin.together)) == [1, 1, 1, 3]


def test_a_ledger_that_is_away_is_asked_once_for_all(office: Office) -> None:
    def away(arrivals: Sequence[Arrival]) -> None:
        raise LedgerUnavailable("gone")

    office.begin.trouble = away
    for drop in office.drop_at_once(*several("a", "b", "c")):
        with pytest.raises(LedgerUnavailable, match="gone"):
            drop.result()
    assert len(office.begin.together) == 1
    office.begin.trouble = lambda arrivals: None
    assert [drop.result() for drop in office.drop_at_once(*several("a", "b", "c"))] == [True] * 3


def test_whoever_waited_for_one_that_died_writes_for_itself(office: Office) -> None:
    class Killed(BaseException):
        """No handler of the program sees it."""

    def die_once(arrivals: Sequence[Arrival]) -> None:
        office.begin.trouble = lambda _: None
        raise Killed

    office.begin.trouble = die_once
    drops = office.drop_at_once(*several("a", "b"))
    ended = [drop.exception() for drop in drops]
    assert sorted(type(end).__name__ for end in ended) == ["Killed", "NoneType"]
    assert len(office.begin.stored()) == 1


def test_no_more_are_written_in_one_unit_than_may() -> None:
    office = Office(letters_max=2)
    assert [drop.result() for drop in office.drop_at_once(*several("a", "b", "c"))] == [True] * 3
    assert sorted(map(len, office.begin.together)) == [1, 2]
