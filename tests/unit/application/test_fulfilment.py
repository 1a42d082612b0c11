"""Delivery: its own effect is found again, nobody else's is claimed, and what can't be delivered is told."""

from datetime import datetime, timedelta

import pytest

from billing.application.outcomes import NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.unit_of_work import UnitOfWork
from billing.domain import (
    Conflict,
    Customer,
    DomainName,
    DomainRegistration,
    DomainRenewal,
    Job,
    JobKind,
    JobStatus,
    Order,
    Purchase,
    Registration,
    SubscriptionStatus,
)
from billing.domain.job import OPEN
from tests.builders import a_domain, a_hosting, a_registrant, a_renewal, more_of
from tests.twins import BY, Twins

HOUR = timedelta(hours=1)
NAME = DomainName("example.rw")


def job_of(shop: Twins, kind: JobKind) -> Job:
    return [job for job in shop.jobs() if job.kind is kind][-1]


def let_pass(shop: Twins, hours: int = 12) -> None:
    for _ in range(hours):
        shop.pass_time(HOUR)
        shop.sweep_and_work()


def expiry(shop: Twins) -> datetime:
    info = shop.registrar.info(NAME, shop.soon())
    assert info is not None
    return info.expires_at


def test_a_name_registered_for_another_customer_of_ours_is_never_called_ours(shop: Twins) -> None:
    order = shop.order(a_domain("example.rw"))
    shop.registrar.register(NAME, 1, a_registrant(), (), "BSOMEBODYELSE123", shop.soon())
    shop.hear(shop.pay(shop.start(order)))
    shop.work()
    assert shop.statuses(order) == ["refunded", "refunded"]
    assert "taken" in (shop.read(order).items[0].why or "")
    assert shop.ledger.read(lambda uow: uow.registrations.of_name(NAME)) is None
    assert job_of(shop, JobKind.REGISTER_DOMAIN).status is JobStatus.CANCELLED


def test_a_name_that_its_registry_does_not_show_to_us_is_paid_back(shop: Twins) -> None:
    order = shop.order(a_domain("example.rw"))
    told = shop.pay(shop.start(order))
    shop.registrar.occupy(NAME)
    shop.registrar.hide_others()
    shop.registrar.lose_answer("info")  # so that a repeat asks first
    shop.hear(told)
    let_pass(shop, 2)
    assert shop.statuses(order) == ["refunded", "refunded"]
    assert "taken" in (shop.read(order).items[0].why or "")


def test_a_renewal_of_a_name_that_its_registry_no_longer_shows_to_us_is_refused(shop: Twins) -> None:
    with_a_name(shop)
    order = shop.order(a_renewal("example.rw"))
    told = shop.pay(shop.start(order))
    shop.registrar.occupy(NAME)
    shop.registrar.hide_others()
    shop.hear(told)
    shop.work()
    assert shop.statuses(order) == ["refunded", "refunded"]
    assert shop.registrar.renews == {}


def test_an_answer_lost_after_the_effect_is_one_registration(shop: Twins) -> None:
    shop.registrar.lose_answer("register")
    order = shop.buy(a_domain("example.rw"))
    assert shop.statuses(order)[0] == "processing"
    let_pass(shop)
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.registrar.creates == {"example.rw": 1}


@pytest.mark.parametrize("refusal", ["policy", "prohibited"])
def test_a_refusal_after_an_answer_was_lost_finds_the_name_held_for_this_item(shop: Twins, refusal: str) -> None:
    """A registration that succeeded must not be compensated, whatever a repeat is told."""
    shop.registrar.lose_answer("register")
    shop.registrar.refuse(refusal, "register")
    order = shop.buy(a_domain("example.rw"))
    let_pass(shop)
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.registrar.creates == {"example.rw": 1}
    assert [call for call, _ in shop.registrar.calls].count("register") == 1


def test_a_refusal_in_the_very_answer_that_hid_the_effect_finds_it_too(shop: Twins) -> None:
    shop.registrar.fail_with(Refused("no"), "register", once_done=True)
    order = shop.buy(a_domain("example.rw"))
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_registry_that_is_away_costs_attempts_and_then_a_person_is_told(shop: Twins) -> None:
    shop.registrar.fail_with(RetryLater("unreachable"), "register", times=100)
    order = shop.buy(a_domain("example.rw"))
    let_pass(shop, 48)
    job = job_of(shop, JobKind.REGISTER_DOMAIN)
    assert (job.status, job.attempts) == (JobStatus.DEAD, 12)
    assert shop.statuses(order) == ["requires_attention", "in_progress"]
    assert "unreachable" in (shop.read(order).why or "")


@pytest.mark.parametrize("bought", [a_domain("example.rw"), a_renewal("example.rw")])
def test_a_paid_name_whose_registrar_was_taken_out_of_the_settings_waits_for_a_person(
    shop: Twins, bought: DomainRegistration | DomainRenewal
) -> None:
    """Nobody asked the registry, so nothing is refused and nothing is paid back."""
    if isinstance(bought, DomainRenewal):
        with_a_name(shop)
    order = shop.order(bought)
    told = shop.pay(shop.start(order))
    served = shop.container.registrars().by_suffix
    registrar = served.pop("rw")
    shop.hear(told)
    shop.work()
    assert shop.statuses(order) == ["requires_attention", "in_progress"]
    assert "no registrar serves example.rw" in (shop.read(order).why or "")
    served["rw"] = registrar
    (dead,) = (job for job in shop.jobs() if job.status is JobStatus.DEAD)
    shop.container.retry_job()(dead.id, BY)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_one_command_revives_the_job_and_the_order(shop: Twins) -> None:
    shop.registrar.fail_with(RetryLater("unreachable"), "register", times=12)
    order = shop.buy(a_domain("example.rw"))
    let_pass(shop, 48)
    shop.container.retry_job()(job_of(shop, JobKind.REGISTER_DOMAIN).id, BY)
    assert shop.statuses(order)[0] == "processing"
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    with pytest.raises(Conflict, match="succeeded"):
        shop.container.retry_job()(job_of(shop, JobKind.REGISTER_DOMAIN).id, BY)


def test_a_registrar_out_of_funds_waits_and_costs_no_attempt(shop: Twins) -> None:
    shop.registrar.fail_with(NotYet("out of funds", timedelta(minutes=15)), "register", times=5)
    order = shop.buy(a_domain("example.rw"))
    assert job_of(shop, JobKind.REGISTER_DOMAIN).attempts == 0
    let_pass(shop)
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_worker_that_slept_through_its_lease_can_record_nothing(shop: Twins) -> None:
    order = shop.order(a_domain("example.rw"))
    shop.hear(shop.pay(shop.start(order)))
    for job_id in list(shop.queue.drain()):
        shop.run(job_id)
        break
    job = job_of(shop, JobKind.REGISTER_DOMAIN)
    shop.registrar.after_effect = lambda: _another_worker_takes_over(shop, job.id)
    shop.run(job.id)
    assert ("job_claim_lost") in [name for name, _ in shop.telemetry.events]
    assert shop.registrar.creates == {"example.rw": 1}
    assert shop.statuses(order) == ["completed", "fulfilled"]


def _another_worker_takes_over(shop: Twins, job_id: str) -> None:
    shop.pass_time(timedelta(seconds=61))
    shop.run(job_id)


def test_a_lost_worker_costs_an_attempt_and_the_job_goes_on(shop: Twins) -> None:
    order = shop.order(a_domain("example.rw"))
    shop.hear(shop.pay(shop.start(order)))
    shop.run(next(shop.queue.drain()))
    job = job_of(shop, JobKind.REGISTER_DOMAIN)

    class Killed(BaseException):
        """What SIGKILL looks like from inside: nothing runs any more."""

    def die() -> None:
        raise Killed

    shop.registrar.after_effect = die
    with pytest.raises(Killed):
        shop.run(job.id)
    shop.pass_time(timedelta(seconds=61))
    shop.sweep_and_work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.registrar.creates == {"example.rw": 1}


# ---------------------------------------------------------------------- renewals


def with_a_name(shop: Twins, name: str = "example.rw") -> Order:
    return shop.buy(a_domain(name))


def test_a_renewal_extends_once_by_the_years_paid(shop: Twins) -> None:
    with_a_name(shop)
    before = expiry(shop)
    order = shop.buy(a_renewal("example.rw", years=2))
    assert order.status == "completed"
    assert expiry(shop) == before.replace(year=before.year + 2)
    assert shop.registrar.renews == {"example.rw": 1}


@pytest.mark.parametrize("fault", [OutcomeUnknown("cut"), RetryLater("cut")])
@pytest.mark.parametrize("once_done", [True, False])
def test_a_renewal_whose_answer_was_lost_never_adds_years_twice(
    shop: Twins, fault: OutcomeUnknown | RetryLater, once_done: bool
) -> None:
    """Seen elsewhere: after a lost answer the years were added again."""
    with_a_name(shop)
    shop.registrar.fail_with(fault, "renew", once_done=once_done)
    order = shop.buy(a_renewal("example.rw"))
    let_pass(shop)
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.registrar.renews == {"example.rw": 1}


def test_an_extension_by_somebody_else_is_left_to_a_person(shop: Twins) -> None:
    with_a_name(shop)
    shop.registrar.fail_with(RetryLater("cut"), "renew")
    order = shop.buy(a_renewal("example.rw", years=5))
    shop.registrar.extend(NAME, years=1)
    let_pass(shop)
    assert shop.statuses(order) == ["requires_attention", "in_progress"]
    assert "not by us" in (shop.read(order).why or "")
    assert shop.registrar.renews == {}


def test_a_second_renewal_waits_while_the_first_may_be_talking_to_the_registry(shop: Twins) -> None:
    with_a_name(shop)
    second = shop.order(a_renewal("example.rw"))
    second_paid = shop.pay(shop.start(second))
    holder = shop.ledger.write(BY, lambda uow: _take_slot(uow))
    shop.hear(second_paid)
    shop.work()
    job = job_of(shop, JobKind.RENEW_DOMAIN)
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 0)
    assert shop.registrar.renews == {}
    with pytest.raises(Conflict, match="another renewal"):
        shop.order(a_renewal("example.rw"))
    shop.ledger.write(BY, lambda uow: _held(uow).free_slot(holder))
    let_pass(shop, 1)
    assert shop.statuses(second) == ["completed", "fulfilled"]


def _held(uow: UnitOfWork) -> Registration:
    held = uow.registrations.lock_name(NAME)
    assert held is not None
    return held


def _take_slot(uow: UnitOfWork) -> str:
    assert _held(uow).take_slot("itm_first")
    return "itm_first"


def test_a_registration_that_is_yet_to_be_granted_waits(shop: Twins) -> None:
    order = shop.order(a_domain("example.rw"))
    shop.hear(shop.pay(shop.start(order)))
    shop.registrar.after_effect = lambda: shop.registrar.hold(NAME)
    shop.registrar.lose_answer("register")
    shop.work()
    shop.registrar.hold(NAME)
    let_pass(shop, 3)
    assert shop.statuses(order) == ["processing", "in_progress"]
    shop.registrar.grant(NAME)
    let_pass(shop, 1)
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_registration_that_is_denied_is_paid_back_and_not_asked_for_again(shop: Twins) -> None:
    order = shop.order(a_domain("example.rw"))
    shop.hear(shop.pay(shop.start(order)))
    shop.registrar.after_effect = lambda: shop.registrar.hold(NAME)
    shop.registrar.lose_answer("register")
    shop.work()
    shop.registrar.hold(NAME)
    let_pass(shop, 2)
    assert shop.statuses(order) == ["processing", "in_progress"]
    shop.registrar.release(NAME)
    let_pass(shop, 2)
    assert shop.statuses(order) == ["refunded", "refunded"]
    assert "did not grant" in (shop.read(order).items[0].why or "")
    assert shop.registrar.creates == {"example.rw": 1}


def test_a_name_that_lapsed_and_was_sold_anew_has_one_active_holding(shop: Twins) -> None:
    with_a_name(shop)
    shop.registrar.release(NAME)
    order = shop.buy(a_domain("example.rw"))
    assert order.status == "completed"
    held = shop.ledger.read(lambda uow: uow.registrations.of_name(NAME))
    assert held is not None
    assert held.item_id == order.items[0].id


def test_a_renewal_never_extends_the_name_of_the_customer_who_has_it_by_then(shop: Twins) -> None:
    with_a_name(shop)
    late = shop.order(a_renewal("example.rw"))
    told = shop.pay(shop.start(late))
    shop.registrar.release(NAME)
    other = Customer.open(id="cus_2", name="Eric", email="eric@example.rw", created_at=shop.now)
    shop.ledger.write(BY, lambda uow: uow.customers.add(other))
    shop.buy(a_domain("example.rw"), customer_id="cus_2")
    shop.hear(told)
    shop.work()
    assert shop.statuses(late) == ["refunded", "refunded"]
    assert shop.registrar.renews == {}


def test_a_renewal_never_extends_a_name_that_the_registry_shows_under_another_handle(shop: Twins) -> None:
    with_a_name(shop)
    late = shop.order(a_renewal("example.rw"))
    shop.registrar.release(NAME)
    shop.registrar.register(NAME, 1, a_registrant(), (), "BSOMEBODYELSE123", shop.soon())
    shop.hear(shop.pay(shop.start(late)))
    shop.work()
    assert shop.statuses(late) == ["refunded", "refunded"]
    assert shop.registrar.renews == {}


def test_two_paid_renewals_give_two_extensions(shop: Twins) -> None:
    with_a_name(shop)
    before = expiry(shop)
    first = shop.order(a_renewal("example.rw"))
    paid_first = shop.pay(shop.start(first))
    shop.hear(paid_first)
    shop.run(next(shop.queue.drain()))
    second = shop.order(a_renewal("example.rw"))
    shop.hear(shop.pay(shop.start(second)))
    shop.work()
    let_pass(shop)
    assert shop.statuses(first)[0] == shop.statuses(second)[0] == "completed"
    assert expiry(shop) == before.replace(year=before.year + 2)


def test_a_second_renewal_is_refused_while_the_first_is_unpaid(shop: Twins) -> None:
    with_a_name(shop)
    shop.order(a_renewal("example.rw"))
    with pytest.raises(Conflict, match="another renewal"):
        shop.order(a_renewal("example.rw"))


def test_a_refused_renewal_fails_and_frees_the_slot(shop: Twins) -> None:
    """FOSSBilling PR 673: the shop moved the expiry although the registrar had said no."""
    with_a_name(shop)
    shop.registrar.refuse("prohibited", "renew")
    order = shop.buy(a_renewal("example.rw"))
    assert shop.statuses(order) == ["refunded", "refunded"]
    held = shop.ledger.read(lambda uow: uow.registrations.of_name(NAME))
    assert held is not None
    assert held.expires_at == expiry(shop)
    assert shop.buy(a_renewal("example.rw")).status == "completed"


@pytest.mark.parametrize("kind", [JobKind.REGISTER_DOMAIN, JobKind.RENEW_DOMAIN])
def test_a_registrar_that_is_missing_in_the_settings_is_the_operators_matter(shop: Twins, kind: JobKind) -> None:
    wanted: Purchase = a_domain("example.rw")
    if kind is JobKind.RENEW_DOMAIN:
        with_a_name(shop)
        wanted = a_renewal("example.rw")
    order = shop.order(wanted)
    told = shop.pay(shop.start(order))
    shop.routes.pop("rw")
    shop.hear(told)
    shop.work()
    assert shop.statuses(order) == ["requires_attention", "in_progress"]
    assert shop.read(order).payments[0].refunds == []
    shop.routes["rw"] = shop.registrar
    shop.container.retry_job()(job_of(shop, kind).id, BY)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


# ---------------------------------------------------------------------- hosting


def test_a_renewed_subscription_gets_exactly_the_periods_paid(shop: Twins) -> None:
    first = shop.buy(a_hosting())
    subscription_id = first.items[0].subscription_id
    assert subscription_id is not None
    order = shop.buy(more_of(subscription_id, cycles=3))
    assert order.status == "completed"
    assert shop.ledger.read(lambda uow: uow.subscriptions.get(subscription_id)).periods == 4


def test_a_subscription_that_ended_before_its_renewal_came_is_refused(shop: Twins) -> None:
    subscription_id = shop.buy(a_hosting()).items[0].subscription_id
    assert subscription_id is not None
    order = shop.order(more_of(subscription_id))

    def end(uow: UnitOfWork) -> None:
        uow.subscriptions.lock(subscription_id).status = SubscriptionStatus.ENDED

    shop.ledger.write(BY, end)
    shop.hear(shop.pay(shop.start(order)))
    shop.work()
    assert shop.statuses(order) == ["refunded", "refunded"]


def test_running_a_finished_delivery_again_changes_nothing(shop: Twins) -> None:
    shop.buy(a_hosting(), a_domain())
    before = shop.begin.store.rows.copy()
    for job in shop.jobs():
        if job.status not in OPEN:
            shop.run(job.id)
    assert {key: row.stamp for key, row in shop.begin.store.rows.items() if "Job" not in str(key)} == {
        key: row.stamp for key, row in before.items() if "Job" not in str(key)
    }
