"""Units are repeated where another was faster, a bounded number of times, and counted."""

from datetime import timedelta

import pytest
from dependency_injector import providers

from billing.application.ledger import Ledger
from billing.application.records import RememberedAnswer
from billing.application.telling.alerts import raise_alert
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.application.work.housekeeping import KeepHouse
from billing.domain import AlertKind, Invalid, ItemStatus, JobKind, JobRequest, MailKind
from tests.builders import NOW, a_domain
from tests.twins import BY, Twins


def test_a_unit_that_lost_is_repeated_and_counted(shop: Twins) -> None:
    tries: list[int] = []

    def lose_twice(uow: UnitOfWork) -> str:
        tries.append(1)
        if len(tries) < 3:
            raise ConcurrentChange("another was faster")
        return "done"

    assert shop.ledger.write(BY, lose_twice) == "done"
    assert [name for name, _ in shop.telemetry.events].count("unit_repeated") == 2


def test_a_unit_that_always_loses_gives_up(shop: Twins) -> None:
    tries: list[int] = []

    def always_lose(uow: UnitOfWork) -> None:
        tries.append(1)
        raise ConcurrentChange("another was faster")

    with pytest.raises(ConcurrentChange):
        Ledger(shop.begin, shop.queue, shop.telemetry, tries_max=3).write(BY, always_lose)
    assert len(tries) == 3


def test_nothing_is_rung_for_what_was_not_committed(shop: Twins) -> None:
    def fail(uow: UnitOfWork) -> None:
        uow.jobs.request(JobRequest(JobKind.CHECK_PAYMENT, "pay_1"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shop.ledger.write(BY, fail)
    assert shop.queue.rung == []
    assert shop.jobs() == []


def test_trouble_with_one_order_keeps_no_bell_from_ringing(shop: Twins) -> None:
    order = shop.order(a_domain())
    shop.work()
    shop.ledger.write(BY, lambda uow: uow.jobs.request(JobRequest(JobKind.CHECK_PAYMENT, "pay_1")))
    shop.queue.rung.clear()
    shop.pass_time(timedelta(hours=25))

    def broken() -> object:
        raise Invalid("BILLING_CLOCK_OFFSET_FILE", "is no number of seconds")

    shop.container.business_clock.override(providers.Object(broken))
    assert shop.container.keep_house()() == 1
    assert "housekeeping_failed" in [name for name, _ in shop.telemetry.events]
    assert shop.statuses(order)[0] == "pending"


def test_an_order_that_can_not_be_closed_keeps_no_other_open_and_no_operator_from_being_told(
    shop: Twins,
) -> None:
    orders = [shop.order(a_domain(f"{name}.rw")) for name in "abc"]
    shop.work()
    shop.ledger.write(BY, lambda uow: setattr(uow.orders.lock(orders[1].id).items[0], "status", ItemStatus.FULFILLED))
    shop.ledger.write(BY, lambda uow: raise_alert(uow, AlertKind.NOT_DELIVERED, "itm_1", "lost"))
    shop.pass_time(timedelta(hours=25))
    shop.sweep_and_work()
    assert [shop.statuses(order)[0] for order in orders] == ["expired", "pending", "expired"]
    assert "order_not_expired" in [name for name, _ in shop.telemetry.alarms]
    assert len(shop.mailed(MailKind.OPERATOR_ALERTS)) == 1


def test_a_defect_in_one_step_of_keeping_house_keeps_no_other_from_being_taken(shop: Twins) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    taken: list[str] = []
    KeepHouse(shop.container.sweep(), [broken, lambda: taken.append("next")], shop.telemetry)()
    assert taken == ["next"]
    assert [name for name, _ in shop.telemetry.alarms] == ["housekeeping_bug"]


def test_keeping_house_expires_rings_and_forgets(shop: Twins) -> None:
    order = shop.order(a_domain())
    shop.work()
    answer = RememberedAnswer(scope="s", key="k", fingerprint="f", created_at=NOW, lease_until=NOW)
    shop.ledger.write(BY, lambda uow: uow.answers.claim(answer, NOW))
    shop.ledger.write(BY, lambda uow: uow.jobs.request(JobRequest(JobKind.CHECK_PAYMENT, "pay_1")))
    shop.queue.rung.clear()
    shop.pass_time(timedelta(hours=25))
    assert shop.container.keep_house()() == 1
    assert len(shop.queue.rung) == 1
    assert shop.statuses(order)[0] == "expired"
    assert "RememberedAnswer" not in str(shop.begin.store.rows)
