"""A provider that refuses our account: nobody can pay there, nothing that has begun is lost, and a person is told."""

from datetime import timedelta

import pytest
from dependency_injector import providers

from billing.adapters.memory.gateway import MemoryGateway
from billing.application.guarding.breakers import Unreachable
from billing.application.guarding.guarded import GuardedHintingGateway, GuardedSignedGateway
from billing.application.outcomes import AccountRefused, Deadline, OutcomeUnknown
from billing.application.ports import Reading
from billing.application.unit_of_work import UnitOfWork
from billing.domain import AlertKind, BreakerState, JobKind, JobStatus, MailKind, PaymentStatus
from tests.builders import a_domain, a_hosting
from tests.twins import POLLS, TwoWays

REFUSED = AccountRefused("602: 10.1.2.3 is not whitelisted")
ALL = 1000


@pytest.fixture
def shop() -> TwoWays:
    """A shop with both ways to pay, each behind its breaker."""
    shop = TwoWays()
    guard = shop.container.guard
    guarded = {
        "memory": GuardedSignedGateway(shop.gateway, guard("gateway memory")),
        "kpay": GuardedHintingGateway(shop.push, guard("gateway kpay")),
    }
    shop.container.gateways.override(providers.Object(guarded))
    return shop


def told(shop: TwoWays) -> list[tuple[AlertKind, str]]:
    """What a person was told, and of whom."""
    return [(alert.kind, alert.subject) for alert in shop.alerts()]


def standing(shop: TwoWays, name: str) -> BreakerState:
    """Of its circuit breaker."""

    def look(uow: UnitOfWork) -> BreakerState:
        breaker = uow.breakers.get(name)
        return breaker.state(uow.now()) if breaker else BreakerState.CLOSED

    return shop.ledger.read(look)


def test_the_attempt_is_over_at_once_and_the_customer_pays_at_the_other_gateway(shop: TwoWays) -> None:
    shop.push.fail_with(REFUSED, times=ALL)
    order = shop.order(a_domain())
    with pytest.raises(AccountRefused):
        shop.start_push(order)
    (failed,) = shop.read(order).payments
    assert failed.status is PaymentStatus.FAILED
    assert "10.1.2.3" not in (failed.why or "")
    shop.hear(shop.pay(shop.start(order)))
    shop.work()
    shop.wait(2 * POLLS[-1])
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.push.calls == [("start", failed.id)]  # what was not taken is not asked about
    assert shop.check_of(failed) is JobStatus.SUCCEEDED
    assert shop.mailed(MailKind.PAYMENT_FAILED) == []  # whoever started it was told


def test_a_person_is_told_once_a_day_of_which_provider_and_why(shop: TwoWays) -> None:
    shop.push.fail_with(REFUSED, times=ALL)
    for name in ("a.rw", "b.rw", "c.rw"):
        with pytest.raises(AccountRefused):
            shop.start_push(shop.order(a_domain(name)))
        shop.pass_time(timedelta(minutes=20))
    assert told(shop) == [(AlertKind.ACCOUNT_REFUSED, "gateway kpay")]
    assert "602" in shop.alerts()[0].why
    shop.pass_time(timedelta(days=1))
    with pytest.raises(AccountRefused):
        shop.start_push(shop.order(a_domain("d.rw")))
    assert len(shop.alerts()) == 2


def test_one_refusal_opens_its_circuit_and_nobody_is_sent_there_until_it_takes_us_again(shop: TwoWays) -> None:
    shop.push.fail_with(REFUSED)
    with pytest.raises(AccountRefused):
        shop.start_push(shop.order(a_domain("first.rw")))
    assert standing(shop, "gateway kpay") is BreakerState.OPEN
    order = shop.order(a_domain())
    with pytest.raises(Unreachable):
        shop.start_push(order)
    assert shop.read(order).payments == []
    assert shop.start(shop.order(a_hosting())).is_open
    shop.pass_time(timedelta(minutes=2))
    assert shop.start_push(order).is_open
    assert standing(shop, "gateway kpay") is BreakerState.CLOSED


def test_as_long_as_it_refuses_us_one_call_at_a_time_tries(shop: TwoWays) -> None:
    shop.push.fail_with(REFUSED, times=2)
    with pytest.raises(AccountRefused):
        shop.start_push(shop.order(a_domain("first.rw")))
    order = shop.order(a_domain())
    shop.pass_time(timedelta(minutes=2))
    with pytest.raises(AccountRefused):
        shop.start_push(order)
    for _ in range(2):
        with pytest.raises(Unreachable):
            shop.start_push(order)
    assert len(shop.push.calls) == 2


def test_a_notification_that_can_not_be_read_for_it_opens_it_too(shop: TwoWays) -> None:
    class Fetching(MemoryGateway):
        def interpret(self, body: bytes, deadline: Deadline) -> Reading:
            raise REFUSED

    fetching = Fetching(installation=lambda: "ins_1", now=shop.clock)
    gateway = GuardedSignedGateway(fetching, shop.container.guard("gateway memory"))
    with pytest.raises(AccountRefused):
        gateway.interpret(b"{}", shop.soon())
    assert standing(shop, "gateway memory") is BreakerState.OPEN
    assert told(shop) == [(AlertKind.ACCOUNT_REFUSED, "gateway memory")]


def test_what_has_begun_waits_loses_nothing_and_is_found_when_it_takes_us_again(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.push.approve(payment.id)
    shop.push.fail_with(REFUSED, "check", times=ALL)
    for _ in range(20):
        shop.wait(600)
    (job,) = shop.jobs(JobKind.CHECK_PAYMENT)
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 0)
    assert (AlertKind.ACCOUNT_REFUSED, "gateway kpay") in told(shop)
    assert AlertKind.JOB_DEAD not in dict(told(shop))
    shop.push.mend()
    for _ in range(3):
        shop.wait(3600)
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_one_whose_first_answer_was_lost_may_be_paid_and_is_not_failed_for_it(shop: TwoWays) -> None:
    shop.push.lose_answer()
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.push.fail_with(REFUSED, "start_again", times=3)
    shop.wait(60)
    assert shop.attempt(order).is_open
    shop.push.mend()
    shop.push.approve(payment.id)
    for _ in range(3):
        shop.wait(3600)
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_page_that_nobody_has_is_over_when_its_provider_refuses_us(shop: TwoWays) -> None:
    shop.gateway.fail_with(OutcomeUnknown("no answer"))
    shop.gateway.fail_with(REFUSED, times=ALL)
    order = shop.order(a_domain())
    payment = shop.start(order)
    assert payment.is_open
    shop.wait(60)
    shop.wait(60)
    assert shop.attempt(order).status is PaymentStatus.FAILED
    assert len(shop.mailed(MailKind.PAYMENT_FAILED)) == 1
    assert shop.check_of(payment) is JobStatus.SUCCEEDED
    assert shop.start_push(order).is_open
