"""Notifications that only hint: stored with what they wake, a bounded number of each attempt."""

import json
from datetime import timedelta

import pytest

from billing.adapters.memory.hinting import MemoryPush
from billing.adapters.memory.pages import Told
from billing.adapters.memory.queue import MemoryQueue
from billing.application.inbox.hints import CompareHint, HintLimits, ReceiveHint, kept_hints
from billing.application.ledger import Ledger
from billing.application.money.attempts import check_of
from billing.application.ports import Ids
from billing.application.unit_of_work import UnitOfWork
from billing.domain import AlertKind, BillingError, EventStatus, Job, JobStatus, NotFound, Order
from tests.contracts.ledger_case import HandClock, LedgerCase, in_parallel

TOKEN = "a token that nobody guesses"
KEPT_MAX = 3
INTERVAL = timedelta(seconds=5)


class HintCases(LedgerCase):
    """What `ReceiveHint` asks of a ledger."""

    @pytest.fixture
    def push(self, clock: HandClock) -> MemoryPush:
        return MemoryPush(now=clock)

    @pytest.fixture
    def receive(self, ledger: Ledger, push: MemoryPush, order: Order, ids: Ids, clock: HandClock) -> ReceiveHint:
        """With an attempt `pay_1` whose check waits."""

        def begun(uow: UnitOfWork) -> None:
            now = clock()
            uow.orders.lock(order.id).open_attempt("pay_1", push.name, {"hint_token": TOKEN}, now, order.expires_at)
            uow.jobs.request(check_of("pay_1"), due_in=timedelta(hours=1))

        ledger.write("setup", begun)
        return ReceiveHint(ledger, {push.name: push}, HintLimits(KEPT_MAX, INTERVAL), ids)

    def test_a_hint_is_stored_as_settled_and_its_check_is_due_and_rung_for(
        self, ledger: Ledger, push: MemoryPush, receive: ReceiveHint, clock: HandClock
    ) -> None:
        now = clock.advance(minutes=1)
        receive(push.name, TOKEN, push.postback("pay_1", Told.PAID))
        (event,) = ledger.read(lambda uow: uow.inbox.page(None, push.name, None, None, 9))
        assert (event.event_id, event.status, event.processed_at) == ("pay_1:1", EventStatus.PROCESSED, now)
        assert event.body == push.postback("pay_1", Told.PAID)
        assert (_check(ledger).due_at, _check(ledger).status) == (now, JobStatus.QUEUED)
        assert isinstance(ledger.queue, MemoryQueue)
        assert _check(ledger).id in dict(ledger.queue.rung)

    def test_of_many_at_once_as_many_as_may_be_are_kept_and_numbered_from_one(
        self, ledger: Ledger, push: MemoryPush, receive: ReceiveHint
    ) -> None:
        body = push.postback("pay_1")
        answers = in_parallel(8, lambda _: receive(push.name, TOKEN, body))
        assert not [answer for answer in answers if isinstance(answer, BillingError)]
        kept = ledger.read(lambda uow: kept_hints(uow, push.name, "pay_1", 99))
        assert kept == {f"pay_1:{n}" for n in range(1, KEPT_MAX + 1)}

    def test_a_unit_that_fails_stores_nothing_and_wakes_nobody(
        self, ledger: Ledger, push: MemoryPush, receive: ReceiveHint
    ) -> None:
        due = _check(ledger).due_at
        no_row = json.dumps({"refid": "pay_\x00\ud800", "tid": "T1", "said": Told.PAID}).encode()
        for token, body in (("another", push.postback("pay_1")), (TOKEN, push.postback("pay_2")), (TOKEN, no_row)):
            with pytest.raises(NotFound):
                receive(push.name, token, body)
        assert ledger.read(lambda uow: uow.inbox.page(None, push.name, None, None, 9)) == []
        assert _check(ledger).due_at == due

    def test_a_check_that_is_over_is_reopened_and_one_that_runs_runs_once_more(
        self, ledger: Ledger, push: MemoryPush, receive: ReceiveHint, clock: HandClock
    ) -> None:
        def move(uow: UnitOfWork, *, ends: bool) -> None:
            job = uow.jobs.lock_for(check_of("pay_1"))
            assert job is not None
            if ends:
                job.succeed(uow.now())
            else:
                job.claim(uow.now(), timedelta(minutes=1))

        body = push.postback("pay_1")
        clock.advance(hours=1)
        ledger.write("worker", lambda uow: move(uow, ends=False))
        receive(push.name, TOKEN, body)
        assert _check(ledger).status is JobStatus.RUNNING
        ledger.write("worker", lambda uow: move(uow, ends=True))
        assert (_check(ledger).status, _check(ledger).due_at) == (JobStatus.QUEUED, clock() + INTERVAL)
        clock.advance(seconds=5)
        ledger.write("worker", lambda uow: move(uow, ends=False))
        ledger.write("worker", lambda uow: move(uow, ends=True))
        assert _check(ledger).status is JobStatus.SUCCEEDED
        receive(push.name, TOKEN, body)
        assert (_check(ledger).status, _check(ledger).due_at) == (JobStatus.QUEUED, clock() + INTERVAL)

    def test_what_the_latest_claims_is_compared_as_long_as_it_is_kept(
        self, ledger: Ledger, push: MemoryPush, receive: ReceiveHint, order: Order, clock: HandClock
    ) -> None:
        compare = CompareHint(receive.gateways, KEPT_MAX, ledger.telemetry)

        def look(uow: UnitOfWork) -> None:
            found = uow.orders.lock(order.id)
            compare(uow, found, found.payment("pay_1"))

        def alerts() -> list[AlertKind]:
            return [alert.kind for alert in ledger.read(lambda uow: uow.alerts.newest(9))]

        receive(push.name, TOKEN, push.postback("pay_1", Told.PAID))
        receive(push.name, TOKEN, push.postback("pay_1", Told.FAILED))
        ledger.write("check", look)
        assert alerts() == []
        receive(push.name, TOKEN, push.postback("pay_1", Told.PAID))
        assert ledger.write("house", lambda uow: uow.inbox.prune_bodies(clock(), 9)) == 0
        for _ in range(2):
            ledger.write("check", look)
        assert alerts() == [AlertKind.HINT_CONTRADICTED]
        assert ledger.write("house", lambda uow: uow.inbox.prune_bodies(clock.advance(days=90), 9)) == KEPT_MAX
        ledger.write("check", look)
        assert len(alerts()) == 1


def _check(ledger: Ledger) -> Job:
    """The attempt's check as it is now."""
    (job,) = ledger.read(lambda uow: uow.jobs.of_subjects(["pay_1"]))
    return job
