"""The inbox in trouble and in a person's hands: what shows, what is replayed, what is kept."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from dependency_injector import providers

from billing.adapters.memory.gateway import MemoryGateway
from billing.application.outcomes import Deadline, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Reading
from billing.domain import Conflict, EventStatus, InboxEvent, Invalid, Job, JobKind, JobStatus, NotFound
from tests.builders import a_domain
from tests.twins import BY, Twins


class Fetching(MemoryGateway):
    """A provider that must be asked before a notification is understood, and fails on order."""

    failures: Sequence[Exception] = ()

    def interpret(self, body: bytes, deadline: Deadline) -> Reading:
        """Its failures first, then what its parent says."""
        if self.failures:
            failure, *self.failures = self.failures
            raise failure
        return super().interpret(body, deadline)


@pytest.fixture
def provider(shop: Twins) -> Fetching:
    provider = Fetching(installation=lambda: shop.begin.store.installation, now=shop.clock)
    shop.gateway = provider
    shop.container.gateways.override(providers.Object({provider.name: provider}))
    return provider


@pytest.fixture
def told(shop: Twins, provider: Fetching) -> bytes:
    """An order was paid, and this is how its provider tells."""
    return shop.pay(shop.start(shop.order(a_domain())))


def the_event(shop: Twins) -> InboxEvent:
    (event,) = shop.ledger.read(lambda uow: uow.inbox.page(None, None, None, None, 9))
    return event


def its_job(shop: Twins) -> Job:
    (job,) = shop.jobs(JobKind.PROCESS_EVENT)
    return job


def stands(shop: Twins) -> tuple[EventStatus, str | None, int]:
    event = the_event(shop)
    return event.status, event.why, event.attempts


def later(shop: Twins, **by: float) -> None:
    shop.pass_time(timedelta(**by))
    shop.sweep_and_work()


def alarms(shop: Twins) -> list[str]:
    return [name for name, _ in shop.telemetry.alarms]


# ---------------------------------------------------------------------- what shows while it fails


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (RetryLater("no connection"), "no connection"),
        (OutcomeUnknown("no answer"), "outcome unknown: no answer"),
        (NotYet("the circuit is open", timedelta(minutes=1)), "the circuit is open"),
        (KeyError("data"), "bug: KeyError('data')"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_try_that_came_to_nothing_shows_on_the_notification(
    shop: Twins, provider: Fetching, told: bytes, failure: Exception, why: str
) -> None:
    provider.failures = [failure, failure]
    shop.hear(told)
    shop.work()
    assert stands(shop) == (EventStatus.RECEIVED, why, 1)
    later(shop, hours=1)
    assert stands(shop) == (EventStatus.RECEIVED, why, 2)
    later(shop, hours=1)
    assert stands(shop) == (EventStatus.PROCESSED, "PaymentSucceeded", 2)


def test_a_lost_worker_shows_on_the_notification(shop: Twins, provider: Fetching, told: bytes) -> None:
    class Killed(BaseException):
        """What SIGKILL looks like from inside."""

    provider.failures = [Killed()]  # type: ignore[list-item]
    shop.hear(told)
    with pytest.raises(Killed):
        shop.work()
    later(shop, minutes=2)
    assert stands(shop) == (EventStatus.PROCESSED, "PaymentSucceeded", 1)


def test_when_the_provider_is_back_it_is_processed_without_being_sent_again(
    shop: Twins, provider: Fetching, told: bytes
) -> None:
    provider.failures = [RetryLater("no connection")] * 11
    shop.hear(told)
    for _ in range(12):
        later(shop, hours=1)
    assert stands(shop) == (EventStatus.PROCESSED, "PaymentSucceeded", 11)
    assert alarms(shop) == []


def test_after_its_last_try_it_is_failed_its_job_dead_and_a_person_told(
    shop: Twins, provider: Fetching, told: bytes
) -> None:
    provider.failures = [RetryLater("no connection")] * 12
    shop.hear(told)
    for _ in range(20):
        later(shop, hours=1)
    assert stands(shop) == (EventStatus.FAILED, "no connection", 12)
    assert (its_job(shop).status, alarms(shop)) == (JobStatus.DEAD, ["job_dead", "event_failed"])


def test_what_its_provider_refuses_to_tell_is_failed_at_once(shop: Twins, provider: Fetching, told: bytes) -> None:
    provider.failures = [Refused("no such intent")]
    shop.hear(told)
    shop.work()
    assert stands(shop) == (EventStatus.FAILED, "no such intent", 1)
    assert its_job(shop).status is JobStatus.CANCELLED


def test_an_unmatched_one_counts_its_tries_and_stays_unmatched_when_its_job_is_dead(shop: Twins) -> None:
    other = Twins()
    shop.hear(other.pay(other.start(other.order(a_domain()))))
    shop.work()
    assert (the_event(shop).status, the_event(shop).attempts) == (EventStatus.UNMATCHED, 1)
    for hours in (1, 80):
        later(shop, hours=hours)
    status, why, attempts = stands(shop)
    assert (status, attempts, its_job(shop).status) == (EventStatus.UNMATCHED, 3, JobStatus.DEAD)
    assert "waited too long" in (why or "")


# ---------------------------------------------------------------------- replays


def a_failed_event(shop: Twins, provider: Fetching, told: bytes) -> InboxEvent:
    provider.failures = [NeedsPerson("a riddle")]
    shop.hear(told)
    shop.work()
    assert the_event(shop).status is EventStatus.FAILED
    return the_event(shop)


@pytest.mark.parametrize("ours", [True, False])
def test_a_failed_one_is_replayed_by_either_id_through_its_own_job(
    shop: Twins, provider: Fetching, told: bytes, ours: bool
) -> None:
    event = a_failed_event(shop, provider, told)
    ref = event.id if ours else event.event_id
    for _ in range(2):
        replayed, reopened = shop.container.replay_event()(ref, BY)
        assert (replayed.status, replayed.why, reopened) == (EventStatus.RECEIVED, f"replayed by {BY}", True)
    shop.work()
    assert stands(shop) == (EventStatus.PROCESSED, "PaymentSucceeded", 1)
    assert len(shop.jobs(JobKind.REGISTER_DOMAIN)) == 1


def test_a_replay_needs_no_signing_secret(shop: Twins, provider: Fetching, told: bytes) -> None:
    event = a_failed_event(shop, provider, told)
    provider._secret = b"another by now"
    shop.container.replay_event()(event.id, BY)
    shop.work()
    assert the_event(shop).status is EventStatus.PROCESSED


def test_what_is_processed_is_final(shop: Twins, provider: Fetching, told: bytes) -> None:
    shop.hear(told)
    shop.work()
    before, jobs = the_event(shop), shop.jobs()
    for _ in range(2):
        event, reopened = shop.container.replay_event()(before.id, BY)
        assert (event.status, reopened) == (EventStatus.PROCESSED, False)
    assert (the_event(shop).version, [job.version for job in shop.jobs()]) == (
        before.version,
        [job.version for job in jobs],
    )
    assert list(shop.queue.drain()) == []


def test_an_ignored_one_may_be_replayed_after_a_fix(shop: Twins, provider: Fetching, told: bytes) -> None:
    installation, shop.begin.store.installation = shop.begin.store.installation, "ins_wrong"
    order = shop.ledger.read(lambda uow: uow.orders.page(None, None, None, 1))[0]
    ref = order.payments[0].session_ref
    shop.ledger.write(BY, lambda uow: setattr(uow.orders.lock(order.id).payments[0], "session_ref", None))
    shop.hear(told)
    shop.work()
    assert stands(shop) == (EventStatus.IGNORED, "about nothing of ours", 0)

    shop.begin.store.installation = installation
    shop.ledger.write(BY, lambda uow: setattr(uow.orders.lock(order.id).payments[0], "session_ref", ref))
    shop.container.replay_event()(the_event(shop).id, BY)
    shop.work()
    assert the_event(shop).status is EventStatus.PROCESSED
    assert shop.read(order).is_paid


def test_while_its_job_runs_it_is_in_that_jobs_hands(shop: Twins, provider: Fetching, told: bytes) -> None:
    shop.hear(told)
    shop.ledger.write(BY, lambda uow: uow.jobs.lock(its_job(shop).id).claim(uow.now(), timedelta(minutes=1)))  # type: ignore[union-attr]
    event = the_event(shop)
    for use in (
        lambda: shop.container.replay_event()(event.id, BY),
        lambda: shop.container.preview_event()(event.id, BY),
        lambda: shop.container.dismiss_event()(event.id, "enough", BY),
    ):
        with pytest.raises(Conflict, match="running right now"):
            use()
    assert the_event(shop).status is EventStatus.RECEIVED


def test_retrying_its_job_is_the_same_as_a_replay(shop: Twins, provider: Fetching, told: bytes) -> None:
    a_failed_event(shop, provider, told)
    shop.container.retry_job()(its_job(shop).id, BY)
    assert the_event(shop).status is EventStatus.RECEIVED
    shop.work()
    assert the_event(shop).status is EventStatus.PROCESSED


def test_one_that_nobody_sent_is_not_found_and_one_sent_by_two_is_asked_about(
    shop: Twins, provider: Fetching, told: bytes
) -> None:
    event = a_failed_event(shop, provider, told)
    with pytest.raises(NotFound, match="no event evt_unknown"):
        shop.container.replay_event()("evt_unknown", BY)
    second = Fetching(installation=lambda: shop.begin.store.installation, now=shop.clock, name="second")
    shop.container.gateways.override(providers.Object({"memory": provider, "second": second}))
    shop.container.find_event.reset()
    shop.container.replay_event.reset()
    shop.container.receive_webhook.reset()
    shop.container.receive_webhook()("second", told, second.sign(told))
    with pytest.raises(Invalid, match=r"several providers sent .* of memory, .* of second"):
        shop.container.replay_event()(event.event_id, BY)
    assert shop.container.replay_event()(event.id, BY)[1]


# ---------------------------------------------------------------------- dry runs


def test_a_preview_says_what_would_change_and_changes_nothing(shop: Twins, provider: Fetching, told: bytes) -> None:
    event = a_failed_event(shop, provider, told)
    shop.telemetry.events.clear()
    shop.telemetry.alarms.clear()
    before = {key: (row.stamp, str(row.value)) for key, row in shop.begin.store.rows.items()}
    for _ in range(2):
        preview = shop.container.preview_event()(event.id, BY)
        assert (preview.becomes, preview.why) == (EventStatus.PROCESSED, "PaymentSucceeded")
        assert {(move.entity, move.after) for move in preview.moves} == {
            ("order", "paid"),
            ("item", "due"),
            ("payment", "succeeded"),
        }
        assert [job.kind for job in preview.jobs] == [JobKind.REGISTER_DOMAIN, JobKind.SEND_MAIL]
    assert {key: (row.stamp, str(row.value)) for key, row in shop.begin.store.rows.items()} == before
    assert (list(shop.queue.drain()), shop.telemetry.events, shop.telemetry.alarms) == ([], [], [])


def test_a_preview_of_what_would_alarm_alarms_nobody(shop: Twins, provider: Fetching) -> None:
    payment = shop.start(shop.order(a_domain()))
    event = a_failed_event(shop, provider, provider.pay(payment.id, payment.amount.times(2)))
    shop.telemetry.alarms.clear()
    preview = shop.container.preview_event()(event.id, BY)
    assert ("payment", "requires_attention") in {(move.entity, move.after) for move in preview.moves}
    assert alarms(shop) == []
    shop.container.replay_event()(event.id, BY)
    shop.work()
    assert alarms(shop) == ["payment_needs_attention"]


def test_a_preview_of_what_would_fail_again_says_why(shop: Twins, provider: Fetching, told: bytes) -> None:
    event = a_failed_event(shop, provider, told)
    for failure, why in ((Refused("no such intent"), "no such intent"), (KeyError("data"), "bug: KeyError('data')")):
        provider.failures = [failure]
        preview = shop.container.preview_event()(event.id, BY)
        assert (preview.becomes, preview.why, preview.moves, preview.jobs) == (EventStatus.FAILED, why, (), ())
    provider.failures = [RetryLater("no connection")]
    with pytest.raises(RetryLater, match="no connection"):
        shop.container.preview_event()(event.id, BY)
    assert stands(shop) == (EventStatus.FAILED, "a riddle", 1)


def test_a_preview_of_a_processed_one_changes_nothing_and_asks_nobody(
    shop: Twins, provider: Fetching, told: bytes
) -> None:
    shop.hear(told)
    shop.work()
    provider.failures = [RetryLater("nobody should ask")]
    preview = shop.container.preview_event()(the_event(shop).id, BY)
    assert (preview.becomes, preview.moves, preview.jobs) == (EventStatus.PROCESSED, (), ())


def test_a_preview_of_what_is_not_ours_says_so(shop: Twins) -> None:
    other = Twins()
    other.begin.store.installation = "ins_other"
    shop.hear(other.pay(other.start(other.order(a_domain()))))
    preview = shop.container.preview_event()(the_event(shop).id, BY)
    assert (preview.becomes, preview.why) == (EventStatus.IGNORED, "about nothing of ours")
    assert the_event(shop).status is EventStatus.RECEIVED


# ---------------------------------------------------------------------- settled by a person, and forgotten


def test_a_failed_one_is_dismissed_with_its_job_and_may_be_replayed_still(
    shop: Twins, provider: Fetching, told: bytes
) -> None:
    event = a_failed_event(shop, provider, told)
    for _ in range(2):
        dismissed = shop.container.dismiss_event()(event.id, "a test of theirs", BY)
        assert (dismissed.status, dismissed.why) == (EventStatus.IGNORED, f"dismissed by {BY}: a test of theirs")
    assert its_job(shop).status is JobStatus.CANCELLED
    shop.container.replay_event()(event.id, BY)
    shop.work()
    assert the_event(shop).status is EventStatus.PROCESSED


def test_a_processed_one_is_not_dismissed(shop: Twins, provider: Fetching, told: bytes) -> None:
    shop.hear(told)
    shop.work()
    assert shop.container.dismiss_event()(the_event(shop).id, "why not", BY).status is EventStatus.PROCESSED


def test_a_settled_body_is_forgotten_after_its_days_and_a_repeat_is_still_known(
    shop: Twins, provider: Fetching, told: bytes
) -> None:
    shop.hear(told)
    shop.work()
    later(shop, days=89)
    assert the_event(shop).body == told
    later(shop, days=2)
    assert the_event(shop).body is None
    assert ("inbox_bodies_pruned", {"bodies": 1, "seconds": None}) in shop.telemetry.events
    before = stands(shop)
    shop.hear(told)
    later(shop, hours=1)
    assert stands(shop) == before
    assert len(shop.jobs(JobKind.PROCESS_EVENT)) == 1


def test_a_failed_one_keeps_its_body_until_somebody_settled_it(shop: Twins, provider: Fetching, told: bytes) -> None:
    event = a_failed_event(shop, provider, told)
    later(shop, days=400)
    assert the_event(shop).body == told
    shop.container.dismiss_event()(event.id, "too late", BY)
    later(shop, hours=1)
    assert the_event(shop).body is None
    for use in (shop.container.replay_event(), shop.container.preview_event()):
        with pytest.raises(Conflict, match="its body was pruned"):
            use(event.id, BY)
    assert the_event(shop).status is EventStatus.IGNORED


def test_what_can_not_be_read_any_more_is_failed_and_not_silently_done(
    shop: Twins, provider: Fetching, told: bytes
) -> None:
    shop.hear(told)
    shop.ledger.write(BY, lambda uow: setattr(uow.inbox.lock(the_event(shop).id), "body", None))
    shop.work()
    assert stands(shop) == (EventStatus.FAILED, "its body was pruned", 1)
