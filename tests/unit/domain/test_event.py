"""A notification's states."""

import pytest

from billing.domain import EventStatus, InboxEvent
from tests.builders import NOW
from tests.contracts.ledger_jobs import an_event


def an_event_that_is(status: EventStatus) -> InboxEvent:
    event = an_event()
    event.status, event.why = status, "before"
    return event


@pytest.mark.parametrize("status", [EventStatus.PROCESSED, EventStatus.IGNORED])
def test_what_is_settled_is_not_moved_by_a_late_try(status: EventStatus) -> None:
    event = an_event_that_is(status)
    event.fail("late")
    event.put_off("late")
    event.leave_unmatched("late")
    event.ignore("late", NOW)
    event.process("late", NOW)
    assert (event.status, event.why, event.attempts, event.processed_at) == (status, "before", 0, None)


@pytest.mark.parametrize("status", sorted(set(EventStatus) - {EventStatus.PROCESSED}))
def test_all_but_a_processed_one_can_be_opened_again(status: EventStatus) -> None:
    event = an_event_that_is(status)
    event.processed_at = NOW
    for _ in range(2):
        assert event.reopen("once more")
        assert (event.status, event.why, event.processed_at) == (EventStatus.RECEIVED, "once more", None)


def test_a_processed_one_is_final() -> None:
    event = an_event_that_is(EventStatus.PROCESSED)
    assert not event.reopen("once more")
    assert (event.status, event.why) == (EventStatus.PROCESSED, "before")


def test_every_try_that_came_to_nothing_counts_once() -> None:
    event = an_event()
    event.put_off("first")
    event.leave_unmatched("second")
    event.put_off("second")
    event.fail("third")
    assert (event.status, event.why, event.attempts) == (EventStatus.FAILED, "third", 3)
