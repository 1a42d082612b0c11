"""What a person does to jobs: each command twice, and never against a worker that is at it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from dependency_injector import providers

from billing.application.outcomes import OutcomeUnknown, RetryLater
from billing.application.work.jobs import Handler, Record, Run
from billing.domain import (
    Conflict,
    EventStatus,
    Job,
    JobKind,
    JobStatus,
    MailStatus,
    NotFound,
    PaymentStatus,
)
from tests.builders import a_domain, a_renewal
from tests.twins import BY, Twins

HOUR = timedelta(hours=1)
CALLED_OFF = f"called off by {BY}"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Twins:
    """Its jobs die of their second failure."""
    monkeypatch.setenv("BILLING_JOB_ATTEMPTS_MAX", "2")
    return Twins()


def job_of(shop: Twins, kind: JobKind) -> Job:
    return shop.jobs(kind)[-1]


def let_pass(shop: Twins, hours: int = 3) -> None:
    for _ in range(hours):
        shop.pass_time(HOUR)
        shop.sweep_and_work()


class Watched(Handler):
    """While it works, a person does something to its job."""

    def __init__(self, act: Callable[[str], object]) -> None:
        self.act = act

    def __call__(self, run: Run) -> Record:
        self.act(run.job_id)
        return lambda uow: None


def retry_all(shop: Twins, kind: JobKind | None = None, error: str | None = None, limit: int = 99) -> list[bool]:
    use_case = shop.container.retry_jobs()
    return list(use_case(use_case.find(kind, error, limit), BY))


def three_dead(shop: Twins) -> None:
    """Two registrations and a renewal, dead of different things that are over by now."""
    shop.buy(a_domain("a.rw"))
    for name in ("b.rw", "c.rw"):
        shop.hear(shop.pay(shop.start(shop.order(a_domain(name)))))
    shop.registrar.set_reachable(False)
    shop.work()
    let_pass(shop)
    shop.registrar.set_reachable(True)
    shop.registrar.fail_with(RetryLater("Too Many commands"), "renew", times=2)
    shop.buy(a_renewal("a.rw"))
    let_pass(shop)


# ---------------------------------------------------------------------- retrying


@pytest.mark.parametrize(
    ("kind", "error", "limit", "revived"),
    [
        (None, "too many", 99, 1),
        (None, "nothing of the kind", 99, 0),
        (JobKind.REGISTER_DOMAIN, None, 99, 2),
        (JobKind.REGISTER_DOMAIN, None, 1, 1),
        (JobKind.REGISTER_DOMAIN, "too many", 99, 0),
    ],
)
def test_the_dead_are_revived_by_kind_and_by_what_they_died_of(
    shop: Twins, kind: JobKind | None, error: str | None, limit: int, revived: int
) -> None:
    three_dead(shop)
    assert sum(job.status is JobStatus.DEAD for job in shop.jobs()) == 3
    assert retry_all(shop, kind, error, limit) == [True] * revived
    shop.work()
    let_pass(shop)
    assert sum(job.status is JobStatus.DEAD for job in shop.jobs()) == 3 - revived


def test_to_revive_them_twice_changes_nothing_and_all_is_delivered_once(shop: Twins) -> None:
    three_dead(shop)
    use_case = shop.container.retry_jobs()
    found = use_case.find(None, None, 99)
    assert list(use_case(found, BY)) == [True] * 3
    assert list(use_case(found, BY)) == [False] * 3
    assert retry_all(shop) == []
    shop.work()
    assert shop.registrar.creates == {"a.rw": 1, "b.rw": 1, "c.rw": 1}
    assert shop.registrar.renews == {"a.rw": 1}


@pytest.mark.parametrize("command", ["retry_job", "cancel_job"])
def test_a_running_job_is_refused_to_everybody(shop: Twins, command: str) -> None:
    refused: list[str] = []

    def try_it(job_id: str) -> None:
        with pytest.raises(Conflict, match="it is running") as refusal:
            getattr(shop.container, command)()(job_id, BY)
        refused.append(str(refusal.value))

    shop.container.handlers.override(
        providers.Object({**shop.container.handlers(), JobKind.PROCESS_EVENT: Watched(try_it)})
    )
    shop.buy(a_domain("a.rw"))
    assert len(refused) == 1
    assert job_of(shop, JobKind.PROCESS_EVENT).status is JobStatus.SUCCEEDED


# ---------------------------------------------------------------------- calling off


def test_a_delivery_that_is_called_off_leaves_its_item_to_a_person(shop: Twins) -> None:
    shop.registrar.fail_with(OutcomeUnknown("the answer was lost"), "register")
    order = shop.buy(a_domain("a.rw"), a_domain("b.rw"))
    waiting = next(job for job in shop.jobs(JobKind.REGISTER_DOMAIN) if job.status is JobStatus.QUEUED)
    for _ in range(2):
        called_off = shop.container.cancel_job()(waiting.id, BY)
        assert (called_off.status, called_off.why) == (
            JobStatus.CANCELLED,
            f"{CALLED_OFF}; before that: outcome unknown: the answer was lost",
        )
    let_pass(shop, 2)
    assert shop.statuses(order) == ["requires_attention", "in_progress", "fulfilled"]
    assert f"its delivery was {CALLED_OFF}" in (shop.read(order).why or "")
    shop.container.retry_job()(waiting.id, BY)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]


def test_a_dead_delivery_can_be_called_off_too(shop: Twins) -> None:
    shop.registrar.fail_with(RetryLater("away"), "register", times=2)
    order = shop.buy(a_domain("a.rw"))
    let_pass(shop)
    shop.container.cancel_job()(job_of(shop, JobKind.REGISTER_DOMAIN).id, BY)
    assert CALLED_OFF in (shop.read(order).why or "")
    assert retry_all(shop) == []


def test_a_renewal_that_is_called_off_holds_its_name_until_its_price_is_paid_back(shop: Twins) -> None:
    """It may be retried, and must then still tell its own effect from that of another renewal."""
    shop.buy(a_domain("a.rw"))
    shop.registrar.fail_with(RetryLater("away"), "renew")
    order = shop.buy(a_renewal("a.rw"))
    shop.container.cancel_job()(job_of(shop, JobKind.RENEW_DOMAIN).id, BY)
    with pytest.raises(Conflict):
        shop.buy(a_renewal("a.rw"))
    (item,), (payment,) = shop.read(order).items, shop.read(order).payments
    shop.container.request_refund()(payment.id, None, (item.id,), "called off", BY)
    shop.work()
    assert shop.statuses(order) == ["refunded", "refunded"]
    assert shop.statuses(shop.buy(a_renewal("a.rw"))) == ["completed", "fulfilled"]
    assert shop.registrar.renews == {"a.rw": 1}


def test_an_item_that_is_settled_is_not_parked_by_calling_off_what_once_was_to_deliver_it(shop: Twins) -> None:
    shop.registrar.fail_with(RetryLater("away"), "register", times=2)
    order = shop.buy(a_domain("a.rw"))
    let_pass(shop)
    shop.ledger.write(BY, lambda uow: uow.orders.lock(order.id).fulfil_item(order.items[0].id, "by hand"))
    shop.container.cancel_job()(job_of(shop, JobKind.REGISTER_DOMAIN).id, BY)
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_notification_whose_reading_is_called_off_is_shown_among_the_failed(shop: Twins) -> None:
    order = shop.order(a_domain("a.rw"))
    shop.hear(shop.pay(shop.start(order)))
    reading = job_of(shop, JobKind.PROCESS_EVENT)
    for _ in range(2):
        shop.container.cancel_job()(reading.id, BY)
    shop.work()
    event = shop.ledger.read(lambda uow: uow.inbox.get(reading.subject))
    assert (event.status, event.why, event.attempts) == (EventStatus.FAILED, CALLED_OFF, 1)
    assert shop.statuses(order) == ["pending", "unpaid"]


def test_an_attempt_that_nobody_will_start_is_over_when_its_check_is_called_off(shop: Twins) -> None:
    shop.gateway.fail_with(RetryLater("away"), "start")
    payment = shop.start(shop.order(a_domain("a.rw")))
    shop.container.cancel_job()(job_of(shop, JobKind.CHECK_PAYMENT).id, BY)
    assert shop.ledger.read(lambda uow: uow.orders.get(payment.order_id)).payments[0].status is PaymentStatus.FAILED


def test_what_is_done_can_not_be_called_off_and_what_is_unknown_is_not_found(shop: Twins) -> None:
    shop.buy(a_domain("a.rw"))
    with pytest.raises(Conflict, match="it is succeeded"):
        shop.container.cancel_job()(job_of(shop, JobKind.REGISTER_DOMAIN).id, BY)
    with pytest.raises(NotFound):
        shop.container.cancel_job()("job_unknown", BY)


def test_a_refund_that_is_called_off_keeps_its_sum_and_asks_for_a_person(shop: Twins) -> None:
    order = shop.buy(a_domain("a.rw"))
    payment = shop.read(order).payments[0]
    shop.container.request_refund()(payment.id, None, [], "asked", BY)
    for _ in range(2):
        shop.container.cancel_job()(job_of(shop, JobKind.REFUND_PAYMENT).id, BY)
    shop.work()
    (refund,) = shop.read(order).payments[0].refunds
    assert (refund.is_pending, refund.attention) == (True, f"its job was {CALLED_OFF}")
    assert shop.statuses(order)[0] == "requires_attention"


def test_a_mail_that_is_called_off_is_not_sent_and_can_be_seen(shop: Twins) -> None:
    shop.notifier.fail_with(RetryLater("the mail server is away"), times=99)
    shop.buy(a_domain("a.rw"))
    sending = next(job for job in shop.jobs(JobKind.SEND_MAIL) if job.status is JobStatus.QUEUED)
    for _ in range(2):
        shop.container.cancel_job()(sending.id, BY)
    mail = shop.ledger.read(lambda uow: uow.mails.get(sending.subject))
    assert mail.status is MailStatus.DEAD
    assert CALLED_OFF in (mail.why or "")
