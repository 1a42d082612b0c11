"""A delivery that was given up and took effect all the same: it is delivered, and not paid back as well."""

from datetime import timedelta

import pytest

from billing.application.outcomes import NeedsPerson, OutcomeUnknown, RetryLater
from billing.domain import AlertKind, Conflict, DomainName, Job, JobKind, JobStatus, Order
from tests.builders import a_domain, a_hosting, a_registrant, a_renewal
from tests.fragile import FragileTwins
from tests.twins import BY, Twins
from tests.unit.application.refunding import ask, paid_back, usd

NAME = DomainName("example.rw")


def dead(shop: Twins, kind: JobKind, *, once_done: bool) -> Order:
    """A paid order whose one delivery at the registry died of a puzzle, before or after its effect."""
    if kind is JobKind.RENEW_DOMAIN:
        shop.buy(a_domain("example.rw"))
    call = "renew" if kind is JobKind.RENEW_DOMAIN else "register"
    shop.registrar.fail_with(NeedsPerson("a puzzle"), call, once_done=once_done)
    order = shop.buy(a_renewal("example.rw") if kind is JobKind.RENEW_DOMAIN else a_domain("example.rw"), a_hosting())
    assert shop.statuses(order) == ["requires_attention", "in_progress", "fulfilled"]
    return order


def the_job(shop: Twins, kind: JobKind) -> Job:
    return shop.jobs(kind)[-1]


KINDS = pytest.mark.parametrize("kind", [JobKind.REGISTER_DOMAIN, JobKind.RENEW_DOMAIN])


@KINDS
@pytest.mark.parametrize("whole", [True, False])
def test_what_the_registry_has_done_is_delivered_and_not_paid_back(shop: Twins, kind: JobKind, whole: bool) -> None:
    order = dead(shop, kind, once_done=True)
    for _ in range(2):
        with pytest.raises(Conflict, match="retry its job instead"):
            ask(shop, order.payments[0], None, *([] if whole else [order.items[0].id]))
    shop.container.retry_job()(the_job(shop, kind).id, BY)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]
    assert paid_back(shop, order) == []
    assert (shop.registrar.creates["example.rw"], shop.registrar.renews["example.rw"]) == (
        1,
        1 if kind is JobKind.RENEW_DOMAIN else 0,
    )


@KINDS
def test_what_it_has_not_done_goes_back(shop: Twins, kind: JobKind) -> None:
    order = dead(shop, kind, once_done=False)
    ask(shop, order.payments[0], None, order.items[0].id)
    shop.work()
    assert shop.statuses(order) == ["partially_completed", "refunded", "fulfilled"]


def test_a_name_that_somebody_else_has_by_now_goes_back(shop: Twins) -> None:
    order = dead(shop, JobKind.REGISTER_DOMAIN, once_done=False)
    shop.registrar.register(NAME, 1, a_registrant(), (), "BSOMEBODYELSE123", shop.soon())
    ask(shop, order.payments[0], None, order.items[0].id)
    shop.work()
    assert shop.statuses(order) == ["partially_completed", "refunded", "fulfilled"]


def test_an_extension_that_is_not_the_one_that_was_paid_does_not_count(shop: Twins) -> None:
    shop.buy(a_domain("example.rw"))
    shop.registrar.fail_with(RetryLater("cut"), "renew")
    order = shop.buy(a_renewal("example.rw", years=5))
    shop.registrar.extend(NAME, years=1)
    shop.pass_time(timedelta(hours=1))
    shop.sweep_and_work()
    assert shop.statuses(order) == ["requires_attention", "in_progress"]
    ask(shop, order.payments[0])
    shop.work()
    assert shop.statuses(order) == ["refunded", "refunded"]


@KINDS
def test_while_the_registry_does_not_say_nothing_goes_back(shop: Twins, kind: JobKind) -> None:
    order = dead(shop, kind, once_done=True)
    shop.registrar.set_reachable(False)
    with pytest.raises(RetryLater):
        ask(shop, order.payments[0])
    assert shop.read(order).payments[0].refunds == []


def test_a_sum_that_calls_nothing_off_asks_nobody(shop: Twins) -> None:
    order = dead(shop, JobKind.REGISTER_DOMAIN, once_done=True)
    shop.registrar.set_reachable(False)
    ask(shop, order.payments[0], usd(100))
    shop.work()
    assert paid_back(shop, order) == [(usd(100), "refund.succeeded")]


def test_a_delivery_that_was_called_off_too_early_is_taken_up_again(shop: Twins) -> None:
    shop.registrar.fail_with(OutcomeUnknown("the answer was lost"), "register", once_done=True)
    order = shop.buy(a_domain("example.rw"))
    job = the_job(shop, JobKind.REGISTER_DOMAIN)
    shop.container.cancel_job()(job.id, BY)
    with pytest.raises(Conflict, match="retry its job instead"):
        ask(shop, order.payments[0])
    shop.container.retry_job()(job.id, BY)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_taken_up_again_what_was_refused_and_paid_back_stays_so(shop: Twins) -> None:
    shop.registrar.refuse("taken", "register")
    order = shop.buy(a_domain("example.rw"))
    shop.work()
    assert shop.statuses(order) == ["refunded", "refunded"]
    shop.container.retry_job()(the_job(shop, JobKind.REGISTER_DOMAIN).id, BY)
    shop.work()
    assert the_job(shop, JobKind.REGISTER_DOMAIN).status is JobStatus.SUCCEEDED
    assert (shop.statuses(order), shop.registrar.creates) == (["refunded", "refunded"], {})


def test_what_is_given_up_while_the_registry_is_asked_is_asked_about_anew() -> None:
    shop = FragileTwins()
    shop.registrar.fail_with(NeedsPerson("a puzzle"), "register")
    shop.registrar.fail_with(OutcomeUnknown("lost"), "register")
    order = shop.buy(a_domain("a.rw"), a_domain("b.rw"))
    waiting = next(job for job in shop.jobs(JobKind.REGISTER_DOMAIN) if job.status is JobStatus.QUEUED)
    shop.registrar.after["info"] = lambda: shop.container.cancel_job()(waiting.id, BY)
    with pytest.raises(Conflict, match="ask again"):
        ask(shop, order.payments[0])
    assert shop.read(order).payments[0].refunds == []
    ask(shop, order.payments[0])
    shop.work()
    assert shop.statuses(order) == ["refunded"] * 3


def test_what_is_paid_back_at_the_desk_asks_nobody_and_a_person_is_told_of_the_doubt(shop: Twins) -> None:
    order = dead(shop, JobKind.REGISTER_DOMAIN, once_done=True)
    shop.hear(shop.gateway.refund_at_the_desk(order.payments[0].id))
    shop.work()
    (told,) = [alert for alert in shop.alerts() if alert.kind is AlertKind.REFUND_MADE_ELSEWHERE]
    assert "example.rw, registration, 1 y was given up and may be delivered all the same" in told.why
    assert shop.statuses(order)[1] == "refunded"
