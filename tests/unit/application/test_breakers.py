"""Circuit breakers: one dead registry holds up only its own jobs, and one call at a time finds out that it is back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Semaphore
from typing import Any, TypeVar

import pytest
from dependency_injector import providers

from billing.adapters.memory.gateway import MemoryGateway
from billing.application.deliveries.registrars import RegistrarRoutes
from billing.application.guarding.breakers import Guard, Unreachable
from billing.application.guarding.guarded import GuardedRegistrar, GuardedSignedGateway
from billing.application.ledger import Ledger
from billing.application.outcomes import Deadline, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Reading
from billing.application.unit_of_work import LedgerUnavailable, UnitOfWork
from billing.domain import AlertKind, Breaker, BreakerState, DomainName, JobKind, JobStatus
from billing.entrypoints.container import Container
from tests.builders import NOW, a_domain, a_hosting
from tests.contracts.ledger_case import in_parallel
from tests.twins import BY, Twins

T = TypeVar("T")

EPP = "registrar epp"
PAUSE = timedelta(seconds=30)
THREADS = 8
NAME = DomainName("example.rw")


class GuardedTwins(Twins):
    """The shop with its breakers around the twins, as the program has them around what is real."""

    def _wire(self) -> Container:
        container = super()._wire()
        guard = container.guard
        registrar = GuardedRegistrar(self.registrar, guard(EPP))
        gateway = GuardedSignedGateway(self.gateway, guard("gateway memory"))
        container.registrars.override(providers.Object(RegistrarRoutes(dict.fromkeys(("rw", "com"), registrar))))
        container.gateways.override(providers.Object({gateway.name: gateway}))
        return container


@pytest.fixture
def shop() -> GuardedTwins:
    return GuardedTwins()


@pytest.fixture
def guard(shop: GuardedTwins) -> Guard:
    guard: Guard = shop.container.guard(EPP)
    return guard


def breaker(shop: Twins, name: str = EPP) -> Breaker:
    found = shop.ledger.read(lambda uow: uow.breakers.get(name))
    return found if found is not None else Breaker(name=name)


def state(shop: Twins) -> BreakerState:
    return breaker(shop).state(shop.now)


def fail_with(error: Exception) -> Callable[[], str]:
    def call() -> str:
        raise error

    return call


def go_wrong(shop: Twins, guard: Guard, times: int = 5, error: Exception | None = None) -> None:
    for _ in range(times):
        with pytest.raises((RetryLater, OutcomeUnknown, Unreachable)):
            guard(shop.soon(), fail_with(error or OutcomeUnknown("no answer")))


def must_not_be_called() -> str:
    raise AssertionError("called")


# ---------------------------------------------------------------------- what counts


@pytest.mark.parametrize("error", [RetryLater("away"), OutcomeUnknown("no answer")])
def test_after_so_many_calls_without_an_answer_nobody_calls(shop: Twins, guard: Guard, error: Exception) -> None:
    go_wrong(shop, guard, 4, error)
    assert state(shop) is BreakerState.CLOSED
    go_wrong(shop, guard, 1, error)
    assert state(shop) is BreakerState.OPEN
    with pytest.raises(Unreachable) as held:
        guard(shop.soon(), must_not_be_called)
    assert PAUSE <= held.value.after <= 2 * PAUSE, "those who wait come back spread out"
    assert str(error) in held.value.why


@pytest.mark.parametrize(
    "answer",
    [
        NotYet("out of funds", timedelta(hours=1)),
        Refused("no"),
        NeedsPerson("a riddle"),
        RetryLater("too many", after_seconds=3),
        RetryLater("command failed", answered=True),
        OutcomeUnknown("too many", after_seconds=3),
        OutcomeUnknown("rejected, and it would not be asked", answered=True),
    ],
)
def test_any_answer_at_all_shows_that_it_is_there(shop: Twins, guard: Guard, answer: Exception) -> None:
    for _ in range(3):
        go_wrong(shop, guard, 4)
        with pytest.raises(type(answer)) as ended:
            guard(shop.soon(), fail_with(answer))
        assert ended.value is answer
        assert breaker(shop).is_sound


def test_a_deadline_that_is_spent_before_the_call_is_nobodys_failure(shop: Twins, guard: Guard) -> None:
    spent = Deadline.after(0, shop.monotonic)
    for _ in range(9):
        with pytest.raises(RetryLater, match="no time left"):
            guard(spent, must_not_be_called)
    assert breaker(shop).is_sound


def test_a_call_that_had_no_time_to_speak_of_says_nothing(shop: Twins, guard: Guard) -> None:
    def run_out() -> str:
        shop.pass_time(timedelta(seconds=0.5))
        raise RetryLater("timed out")

    for _ in range(9):
        with pytest.raises(RetryLater):
            guard(Deadline.after(0.5, shop.monotonic), run_out)
    assert breaker(shop).is_sound
    go_wrong(shop, guard, 5, RetryLater("refused at once"))
    assert state(shop) is BreakerState.OPEN


def test_a_provider_that_is_well_costs_no_write(shop: Twins, guard: Guard) -> None:
    def writes() -> int:
        row = shop.begin.store.rows.get((Breaker, EPP))
        return row.stamp if row else 0

    for _ in range(5):
        assert guard(shop.soon(), lambda: "fine") == "fine"
    assert writes() == 0
    go_wrong(shop, guard, 1)
    assert writes() == 1
    for _ in range(5):
        guard(shop.soon(), lambda: "fine")
    assert writes() == 2


# ---------------------------------------------------------------------- trying again


def test_after_the_pause_exactly_one_of_all_workers_tries(shop: Twins, guard: Guard) -> None:
    go_wrong(shop, guard)
    shop.pass_time(PAUSE)
    held: list[timedelta] = []

    def try_it() -> str:
        for _ in range(3):
            with pytest.raises(Unreachable) as waiting:
                shop.container.guard(EPP)(shop.soon(), must_not_be_called)
            held.append(waiting.value.after)
        return "it is back"

    assert guard(shop.soon(), try_it) == "it is back"
    assert len(held) == 3
    assert state(shop) is BreakerState.CLOSED
    assert guard(shop.soon(), lambda: "and open to all") == "and open to all"


def test_of_workers_that_come_at_the_same_moment_one_tries(shop: Twins, guard: Guard) -> None:
    go_wrong(shop, guard)
    shop.pass_time(PAUSE)
    others_are_held, tried = Semaphore(0), list[str]()

    def try_it() -> str:
        tried.append("once")
        for _ in range(THREADS - 1):
            assert others_are_held.acquire(timeout=20)
        return "it is back"

    def come(_: int) -> str:
        try:
            return shop.container.guard(EPP)(shop.soon(), try_it)
        except Unreachable:
            others_are_held.release()
            raise

    ends = in_parallel(THREADS, come)
    assert [type(end) for end in ends].count(Unreachable) == THREADS - 1
    assert tried == ["once"]
    assert state(shop) is BreakerState.CLOSED


def test_a_worker_that_another_was_faster_than_is_held_back(shop: Twins, guard: Guard) -> None:
    class Overtaken(Ledger):
        """Between this worker's look and its write, another worker takes the try."""

        def write(self, by: str, work: Callable[[UnitOfWork], T]) -> T:
            shop.ledger.write(BY, lambda uow: uow.breakers.lock(EPP).probe(uow.now(), PAUSE))
            return super().write(by, work)

    go_wrong(shop, guard)
    shop.pass_time(PAUSE)
    late = replace(guard, ledger=Overtaken(shop.begin, shop.queue, shop.telemetry))
    with pytest.raises(Unreachable, match="another call tries it"):
        late(shop.soon(), must_not_be_called)


def test_a_try_in_vain_doubles_the_pause_and_costs_its_job_no_attempt(shop: Twins, guard: Guard) -> None:
    go_wrong(shop, guard)
    shop.pass_time(PAUSE)
    with pytest.raises(Unreachable):
        guard(shop.soon(), fail_with(RetryLater("still away")))
    assert breaker(shop).wait(shop.now) == 2 * PAUSE
    assert (breaker(shop).why, breaker(shop).since) == ("still away", NOW)


def test_a_try_whose_outcome_is_unknown_is_told_as_such(shop: Twins, guard: Guard) -> None:
    go_wrong(shop, guard)
    shop.pass_time(PAUSE)
    with pytest.raises(OutcomeUnknown):
        guard(shop.soon(), fail_with(OutcomeUnknown("cut")))
    assert state(shop) is BreakerState.OPEN


def test_a_try_that_ends_in_a_bug_of_ours_lets_the_next_one_try_at_once(shop: Twins, guard: Guard) -> None:
    go_wrong(shop, guard)
    shop.pass_time(PAUSE)
    with pytest.raises(ZeroDivisionError):
        guard(shop.soon(), fail_with(ZeroDivisionError()))
    assert state(shop) is BreakerState.HALF_OPEN
    assert guard(shop.soon(), lambda: "fine") == "fine"


def test_a_worker_that_dies_while_it_tries_is_waited_for_no_longer_than_its_call(shop: Twins, guard: Guard) -> None:
    class Killed(BaseException):
        """What SIGKILL looks like from inside."""

    go_wrong(shop, guard)
    shop.pass_time(PAUSE)
    with pytest.raises(Killed):
        guard(shop.soon(), fail_with(Killed()))  # type: ignore[arg-type]
    with pytest.raises(Unreachable):
        guard(shop.soon(), must_not_be_called)
    shop.pass_time(timedelta(seconds=9) + guard.limits.probe_margin)
    assert guard(shop.soon(), lambda: "fine") == "fine"


# ---------------------------------------------------------------------- without a ledger


class NoLedger:
    """Every unit finds the database away."""

    def __call__(self, by: str, *, reading: bool = False) -> Any:
        raise LedgerUnavailable("away")


def test_without_a_ledger_calls_go_through_and_end_as_they_end(shop: Twins, guard: Guard) -> None:
    go_wrong(shop, guard)
    blind = replace(guard, ledger=Ledger(NoLedger(), shop.queue, shop.telemetry))
    assert blind(shop.soon(), lambda: "fine") == "fine"
    for error in (RetryLater("away"), OutcomeUnknown("cut"), Refused("no"), ZeroDivisionError()):
        with pytest.raises(type(error)) as ended:
            blind(shop.soon(), fail_with(error))
        assert ended.value is error
    blind.require()
    assert "breaker_not_kept" in [name for name, _ in shop.telemetry.events]


# ---------------------------------------------------------------------- the shop


def test_a_dead_registry_holds_up_its_own_jobs_alone_and_they_end_well_when_it_is_back(shop: GuardedTwins) -> None:
    paid = [shop.order(a_domain(f"name-{n}.rw")) for n in range(5)]
    for order in paid:
        shop.hear(shop.pay(shop.start(order)))
    shop.registrar.set_reachable(False)
    shop.work()
    assert state(shop) is BreakerState.OPEN
    hosting = shop.buy(a_hosting())
    assert shop.statuses(hosting) == ["completed", "fulfilled"]
    calls = len(shop.registrar.calls)
    for _ in range(8):  # more than a day of it, and nobody's attempts are gone
        shop.pass_time(timedelta(hours=4))
        shop.sweep_and_work()
    jobs = shop.jobs(JobKind.REGISTER_DOMAIN)
    assert {job.status for job in jobs} == {JobStatus.QUEUED}
    assert max(job.attempts for job in jobs) == 1
    assert len(shop.registrar.calls) == calls, "the twin counts what reached it"
    shop.registrar.set_reachable(True)
    for _ in range(2):
        shop.pass_time(timedelta(hours=1))
        shop.sweep_and_work()
    assert {shop.statuses(order)[0] for order in paid} == {"completed"}
    assert set(shop.registrar.creates.values()) == {1}
    assert state(shop) is BreakerState.CLOSED


def test_a_registry_that_answers_that_it_can_not_costs_attempts_and_is_no_outage(shop: GuardedTwins) -> None:
    shop.registrar.fail_with(RetryLater("EPP 2400", answered=True), "register", times=6)
    shop.buy(a_domain())
    for _ in range(5):
        shop.pass_time(timedelta(hours=1))
        shop.sweep_and_work()
    (job,) = shop.jobs(JobKind.REGISTER_DOMAIN)
    assert (job.attempts, job.status) == (6, JobStatus.QUEUED)
    assert breaker(shop).is_sound


def test_a_payment_can_not_be_started_while_its_gateway_is_away_and_nothing_is_opened(shop: GuardedTwins) -> None:
    order = shop.order(a_domain())
    go_wrong(shop, shop.container.guard("gateway memory"))
    for _ in range(2):
        with pytest.raises(Unreachable):
            shop.start(order)
    assert shop.read(order).payments == []
    assert shop.gateway.calls == []
    shop.pass_time(PAUSE)
    shop.hear(shop.pay(shop.start(order)))
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_what_a_provider_told_is_read_while_it_is_away(shop: GuardedTwins) -> None:
    order = shop.order(a_domain())
    told = shop.pay(shop.start(order))
    go_wrong(shop, shop.container.guard("gateway memory"))
    shop.hear(told)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_notification_that_was_read_by_calling_in_vain_counts(shop: GuardedTwins, guard: Guard) -> None:
    class Fetching(MemoryGateway):
        def interpret(self, body: bytes, deadline: Deadline) -> Reading:
            raise RetryLater("what it is about could not be fetched")

    gateway = GuardedSignedGateway(Fetching(installation=lambda: "ins_1", now=shop.clock), guard)
    for _ in range(4):
        with pytest.raises(RetryLater, match="could not be fetched"):
            gateway.interpret(b"{}", shop.soon())
    for _ in range(2):
        with pytest.raises(Unreachable, match="could not be fetched"):
            gateway.interpret(b"{}", shop.soon())
    assert state(shop) is BreakerState.OPEN


def test_an_outage_does_not_kill_the_reading_of_notifications_that_must_be_fetched() -> None:
    class Fetching(MemoryGateway):
        is_away = False

        def interpret(self, body: bytes, deadline: Deadline) -> Reading:
            if self.is_away:
                raise RetryLater("what it is about could not be fetched")
            return super().interpret(body, deadline)

    class FetchingTwins(GuardedTwins):
        def _wire(self) -> Container:
            self.gateway = Fetching(installation=lambda: self.begin.store.installation, now=self.clock)
            return super()._wire()

    shop = FetchingTwins()
    order = shop.buy(a_domain())
    shop.gateway.is_away = True
    shop.hear(shop.gateway.refund_at_the_desk(order.payments[0].id))
    for _ in range(48):
        shop.pass_time(timedelta(hours=1))
        shop.sweep_and_work()
    assert shop.jobs(JobKind.PROCESS_EVENT)[-1].status is JobStatus.QUEUED
    shop.gateway.is_away = False
    shop.pass_time(timedelta(hours=1))
    shop.sweep_and_work()
    assert shop.read(order).payments[0].refunds[0].status == "succeeded"


def test_availability_is_answered_at_once_while_the_registry_is_away(shop: GuardedTwins) -> None:
    shop.registrar.set_reachable(False)
    ask = shop.container.check_domain()
    for _ in range(5):
        with pytest.raises((RetryLater, Unreachable)):
            ask(NAME, "USD")
    shop.registrar.set_reachable(True)
    with pytest.raises(Unreachable):
        ask(NAME, "USD")
    assert shop.registrar.calls == []


# ---------------------------------------------------------------------- telling


def test_a_person_is_told_once_an_outage_after_it_has_lasted(shop: GuardedTwins, guard: Guard) -> None:
    def told() -> list[object]:
        shop.sweep_and_work()
        return [alert.subject for alert in shop.alerts() if alert.kind is AlertKind.PROVIDER_UNREACHABLE]

    go_wrong(shop, guard)
    assert told() == []
    shop.pass_time(timedelta(minutes=10))
    assert told() == told() == [EPP]
    guard(shop.soon(), lambda: "back")
    go_wrong(shop, guard)
    shop.pass_time(timedelta(minutes=10))
    assert told() == [EPP, EPP]
