"""The inbox: pages, what is kept of it and for how long, and replays that are only tried out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.queue import MemoryQueue
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.inbox.intake import ProcessEvent
from billing.application.inbox.replay import FindEvent, PreviewEvent, ReplayEvent
from billing.application.ledger import Begin, Ledger
from billing.application.money.paying_back import PayBack
from billing.application.money.payments import RecordFact
from billing.application.outcomes import Deadline
from billing.application.ports import Ids
from billing.application.records import process_job
from billing.application.telling.notifications import Notices, Postbox
from billing.application.unit_of_work import UnitOfWork
from billing.domain import (
    DispatchPolicy,
    EventStatus,
    InboxEvent,
    JobKind,
    JobRequest,
    JobStatus,
    Order,
    OrderStatus,
    RefundPolicy,
)
from tests.builders import NOW, an_attempt
from tests.contracts.ledger_case import HandClock, LedgerCase
from tests.contracts.ledger_jobs import an_event

SOON = Deadline.after(9, lambda: 0.0)


def stored(ledger: Ledger, n: int, status: EventStatus = EventStatus.PROCESSED, **details: object) -> str:
    """A notification that came in n days after the first, and stands so."""
    event = an_event(f"evt_{n}", f"theirs_{n}")
    event.status, event.received_at = status, NOW + timedelta(days=n)
    for name, value in details.items():
        setattr(event, name, value)
    ledger.write("setup", lambda uow: uow.inbox.add_if_new(event))
    return event.id


def bodies(ledger: Ledger) -> dict[str, bytes | None]:
    """What is kept of each."""
    return {event.id: event.body for event in ledger.read(lambda uow: uow.inbox.page(None, None, None, None, 99))}


class InboxCases(LedgerCase):
    """Notifications."""

    def test_what_is_known_of_many_is_known_by_the_providers_ids(self, ledger: Ledger) -> None:
        for n in range(3):
            stored(ledger, n)
        stored(ledger, 3, gateway="kpay")

        def known(*event_ids: str) -> set[str]:
            return set(ledger.read(lambda uow: uow.inbox.known("stripe", event_ids)))

        assert known("theirs_0", "theirs_2", "theirs_3", "theirs_9", "evt_1") == {"theirs_0", "theirs_2"}
        assert known() == set()

    def test_pages_tell_notifications_by_status_provider_and_type(self, ledger: Ledger) -> None:
        for n, status in enumerate([*EventStatus, EventStatus.FAILED]):
            stored(ledger, n, status, type="refund.failed" if n % 2 else "charge.succeeded")
        stored(ledger, 6, gateway="kpay")

        def page(
            status: EventStatus | None = None,
            gateway: str | None = None,
            type: str | None = None,
            before: str | None = None,
            limit: int = 9,
        ) -> list[str]:
            found = ledger.read(lambda uow: uow.inbox.page(status, gateway, type, before, limit))
            return [event.id for event in found]

        assert page() == [f"evt_{n}" for n in range(6, -1, -1)]
        assert page(limit=2) == ["evt_6", "evt_5"]
        assert page(before="evt_2") == ["evt_1", "evt_0"]
        assert page(gateway="kpay") == ["evt_6"]
        assert page(type="refund.failed") == ["evt_5", "evt_3", "evt_1"]
        for n, status in enumerate(EventStatus):
            assert f"evt_{n}" in page(status)
        assert page(EventStatus.FAILED) == ["evt_5", "evt_4"]
        assert page(EventStatus.FAILED, before="evt_5", gateway="stripe", type="charge.succeeded") == ["evt_4"]

    # ------------------------------------------------------------------ pruning

    def test_old_bodies_of_settled_ones_are_pruned_oldest_first_a_bounded_number_at_once(self, ledger: Ledger) -> None:
        for n in (2, 0, 1, 3):
            stored(ledger, n, EventStatus.IGNORED if n == 1 else EventStatus.PROCESSED)
        border = NOW + timedelta(days=3)

        def prune(limit: int) -> int:
            return ledger.write("house", lambda uow: uow.inbox.prune_bodies(border, limit))

        assert prune(2) == 2
        assert bodies(ledger) == {"evt_0": None, "evt_1": None, "evt_2": b"{}", "evt_3": b"{}"}
        assert [prune(2), prune(2)] == [1, 0]
        assert bodies(ledger)["evt_3"] == b"{}"

    @pytest.mark.parametrize("status", [EventStatus.RECEIVED, EventStatus.UNMATCHED, EventStatus.FAILED])
    def test_what_is_not_settled_keeps_its_body_however_old(self, ledger: Ledger, status: EventStatus) -> None:
        stored(ledger, 0, status)
        assert ledger.write("house", lambda uow: uow.inbox.prune_bodies(NOW + timedelta(days=999), 9)) == 0
        assert bodies(ledger) == {"evt_0": b"{}"}

    def test_a_notification_is_known_for_ever_with_or_without_its_body(self, ledger: Ledger) -> None:
        stored(ledger, 0, why="told", attempts=2, processed_at=NOW)
        ledger.write("house", lambda uow: uow.inbox.prune_bodies(NOW + timedelta(days=1), 9))
        assert not ledger.write("webhook", lambda uow: uow.inbox.add_if_new(an_event("evt_9", "theirs_0")))
        known = ledger.read(lambda uow: uow.inbox.find("stripe", "theirs_0"))
        assert known is not None
        assert (known.id, known.status, known.why, known.attempts, known.body) == (
            "evt_0",
            "processed",
            "told",
            2,
            None,
        )

    def test_a_body_pruned_is_a_change_of_its_row(self, ledger: Ledger) -> None:
        stored(ledger, 0)
        ledger.write("house", lambda uow: uow.inbox.prune_bodies(NOW + timedelta(days=1), 9))
        assert ledger.read(lambda uow: uow.inbox.get("evt_0")).version == 2

    # ------------------------------------------------------------------ replays

    @pytest.fixture
    def gateway(self, clock: HandClock) -> MemoryGateway:
        return MemoryGateway(installation=lambda: "ins_tests", now=clock)

    @pytest.fixture
    def told(self) -> MemoryTelemetry:
        return MemoryTelemetry()

    @pytest.fixture
    def process(self, gateway: MemoryGateway, told: MemoryTelemetry, ids: Ids, clock: HandClock) -> ProcessEvent:
        notices = Notices(Postbox(ids, None))
        record = RecordFact(DispatchPolicy(), PayBack(RefundPolicy(), notices, ids, clock), clock, told, notices)
        return ProcessEvent({gateway.name: gateway}, record, timedelta(minutes=5))

    @pytest.fixture
    def paid(self, ledger: Ledger, gateway: MemoryGateway, order: Order) -> InboxEvent:
        """Stored, and not yet read: the order was paid."""
        attempt = ledger.write("setup", lambda uow: an_attempt(uow.orders.lock(order.id), "pay_1"))
        started = gateway.start(order, attempt, SOON)
        ledger.write(
            "setup",
            lambda uow: uow.orders.lock(order.id).payment("pay_1").bind(started.session_ref, started.payment_ref),
        )
        event = replace(an_event("evt_1", "theirs_1", gateway.name), body=gateway.pay("pay_1"))

        def store(uow: UnitOfWork) -> None:
            uow.inbox.add_if_new(event)
            uow.jobs.request(process_job(event.id))

        ledger.write("webhook", store)
        return event

    def test_a_preview_tells_all_that_a_replay_would_change_and_keeps_nothing_of_it(
        self, ledger: Ledger, process: ProcessEvent, paid: InboxEvent, order: Order
    ) -> None:
        preview = PreviewEvent(ledger, FindEvent(process.gateways), process, 9, lambda: 0.0)
        rung = MemoryQueue()
        silent = replace(preview, ledger=replace(ledger, queue=rung))
        for _ in range(2):
            seen = silent("theirs_1", "operator")
            assert (seen.becomes, seen.why) == (EventStatus.PROCESSED, "PaymentSucceeded")
            assert {(move.entity, move.before, move.after, move.by) for move in seen.moves} == {
                ("order", "pending", "paid", "operator"),
                ("item", "unpaid", "due", "operator"),
                ("payment", "pending", "succeeded", "operator"),
            }
            assert [(job.kind, job.subject) for job in seen.jobs] == [(JobKind.REGISTER_DOMAIN, order.items[0].id)]
        assert rung.rung == []

        def look(uow: UnitOfWork) -> None:
            assert uow.orders.get(order.id).status is OrderStatus.PENDING
            assert uow.orders.get(order.id).payment("pay_1").payment_ref is None
            event = uow.inbox.get(paid.id)
            assert (event.status, event.why, event.attempts, event.version) == ("received", None, 0, 1)
            (job,) = uow.jobs.page(None, None, None, 9)
            assert (job.kind, job.status, job.claim_no) == (JobKind.PROCESS_EVENT, JobStatus.QUEUED, 0)
            assert uow.history.made_by("operator") == []

        ledger.read(look)

    def test_a_replay_reopens_the_job_that_there_was(
        self, ledger: Ledger, process: ProcessEvent, paid: InboxEvent, clock: HandClock
    ) -> None:
        def give_up(uow: UnitOfWork) -> str:
            job = uow.jobs.lock_for(process_job(paid.id))
            assert job is not None
            uow.inbox.lock(paid.id).ignore("about nothing of ours", uow.now())
            job.claim(uow.now(), timedelta(minutes=1))
            job.succeed(uow.now())
            return job.id

        job_id = ledger.write("test", give_up)
        replay = ReplayEvent(ledger, FindEvent(process.gateways))
        later = clock.advance(days=1)
        for _ in range(2):
            event, reopened = replay(paid.id, "operator")
            assert (event.status, event.why, reopened) == ("received", "replayed by operator", True)
        (job,) = ledger.read(lambda uow: uow.jobs.of_subjects([paid.id]))
        assert (job.id, job.status, job.due_at, job.finished_at, job.claim_no) == (job_id, "queued", later, None, 1)

    # ------------------------------------------------------------------ what a unit has done so far

    def test_a_unit_knows_the_jobs_that_it_wrote(self, begin: Begin, ledger: Ledger) -> None:
        first, second, third = (JobRequest(JobKind.CHECK_PAYMENT, f"pay_{n}") for n in range(3))
        ledger.write("before", lambda uow: uow.jobs.request(first))
        with begin("test") as uow:
            assert uow.jobs.written() == []
            uow.jobs.request(first)
            uow.jobs.request(second, timedelta(hours=1))
            with pytest.raises(ZeroDivisionError), uow.savepoint():
                uow.jobs.request(third)
                raise ZeroDivisionError
            assert [job.subject for job in uow.jobs.written()] == ["pay_1"]
            uow.commit()
        with begin("another") as uow:
            assert uow.jobs.written() == []
