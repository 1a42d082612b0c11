"""Clocks that jump or disagree: a lease looks as if it had run out while its worker is well, and nothing is done twice.

The machine's own clock is the ledger's on SQLite. The fence lets only the last claim record; what two workers call for
one job is protected by what makes every call repeatable: handles, frozen expiries, idempotency keys.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from billing.domain import DomainName, Job, JobKind, JobStatus, Order
from tests.builders import a_domain, a_hosting, a_renewal
from tests.twins import BY, Twins

JUMPS = [timedelta(minutes=10), timedelta(days=1)]


def job_of(shop: Twins, kind: JobKind) -> Job:
    return shop.jobs(kind)[-1]


def paid(shop: Twins, *wanted: object) -> Order:
    """An order whose deliveries are yet to be done."""
    order = shop.order(*wanted)  # type: ignore[arg-type]
    shop.hear(shop.pay(shop.start(order)))
    shop.run(job_of(shop, JobKind.PROCESS_EVENT).id)
    return order


def jump(shop: Twins, by: timedelta) -> None:
    """The wall clock only: what has a deadline goes by the monotonic one."""
    shop.now += by


def overtake(shop: Twins, kind: JobKind, by: timedelta) -> Callable[[], None]:
    """The clock jumps ahead, and another worker takes the job over from the one that is at it."""

    def interruption() -> None:
        jump(shop, by)
        shop.run(job_of(shop, kind).id)

    return interruption


@pytest.mark.parametrize("by", JUMPS)
def test_a_jump_ahead_while_a_name_is_registered_gives_one_registration(shop: Twins, by: timedelta) -> None:
    order = paid(shop, a_domain("a.rw"))
    shop.registrar.after_effect = overtake(shop, JobKind.REGISTER_DOMAIN, by)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.registrar.creates == {"a.rw": 1}
    told = [name for name, _ in shop.telemetry.events]
    assert told.count("job_claim_lost") == 1, "the first worker came too late to record"
    moves = shop.ledger.read(lambda uow: uow.history.of([order.items[0].id]))
    assert [move.after for move in moves] == ["unpaid", "due", "in_progress", "fulfilled"]


@pytest.mark.parametrize("by", JUMPS)
def test_a_jump_ahead_before_the_registry_has_heard_of_it_gives_one_registration(shop: Twins, by: timedelta) -> None:
    """Both workers call `register`: the second finds the handle of this very item."""
    order = paid(shop, a_domain("a.rw"))
    shop.registrar.before_effect = overtake(shop, JobKind.REGISTER_DOMAIN, by)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.registrar.creates == {"a.rw": 1}
    assert [call for call, _ in shop.registrar.calls].count("register") == 2


@pytest.mark.parametrize("by", JUMPS)
def test_a_jump_ahead_while_a_name_is_renewed_adds_its_years_once(shop: Twins, by: timedelta) -> None:
    shop.buy(a_domain("a.rw"))
    order = paid(shop, a_renewal("a.rw", years=2))
    shop.registrar.before_effect = overtake(shop, JobKind.RENEW_DOMAIN, by)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.registrar.renews == {"a.rw": 1}
    held = shop.ledger.read(lambda uow: uow.registrations.of_name(DomainName("a.rw")))
    info = shop.registrar.info(DomainName("a.rw"), shop.soon())
    assert held is not None
    assert info is not None
    assert (held.expires_at, held.renewing_item) == (info.expires_at, None)


def test_a_clock_that_was_put_back_delays_and_loses_nothing(shop: Twins) -> None:
    order = paid(shop, a_domain("a.rw"), a_hosting())
    shop.registrar.before_effect = lambda: jump(shop, -timedelta(hours=1))
    shop.work()
    assert shop.statuses(order)[1] == "fulfilled", "whoever holds the job records it under any clock"
    shop.sweep_and_work()
    shop.pass_time(timedelta(hours=1, minutes=1))
    shop.sweep_and_work()
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]
    assert shop.registrar.creates == {"a.rw": 1}


def test_a_worker_that_is_lost_before_the_clock_is_put_back_is_missed_when_it_has_caught_up(shop: Twins) -> None:
    order = paid(shop, a_domain("a.rw"))
    job = job_of(shop, JobKind.REGISTER_DOMAIN)
    shop.ledger.write(BY, lambda uow: uow.jobs.lock(job.id).claim(uow.now(), timedelta(minutes=1)))  # type: ignore[union-attr]
    jump(shop, -timedelta(minutes=10))
    shop.sweep_and_work()
    assert job_of(shop, JobKind.REGISTER_DOMAIN).status is JobStatus.RUNNING
    shop.pass_time(timedelta(minutes=11))
    shop.sweep_and_work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_workers_whose_clocks_disagree_by_minutes_do_each_thing_once(shop: Twins) -> None:
    """One clock is ten minutes ahead: to its worker every lease of the other has run out."""
    orders = [paid(shop, a_domain(f"name-{n}.rw"), a_hosting()) for n in range(3)]
    skew = timedelta(minutes=10)

    def the_other_looks() -> None:
        jump(shop, skew)
        shop.container.sweep()()
        for job in shop.jobs():
            shop.run(job.id)
        jump(shop, -skew)

    for _ in range(6):
        shop.registrar.before_effect = the_other_looks
        shop.work()
        shop.pass_time(timedelta(minutes=5))
        shop.sweep_and_work()
    assert [shop.statuses(order) for order in orders] == [["completed", "fulfilled", "fulfilled"]] * 3
    assert set(shop.registrar.creates.values()) == {1}
    opened = [order.items[1].subscription_id for order in map(shop.read, orders)]
    assert len(set(opened)) == 3
