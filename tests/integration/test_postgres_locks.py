"""What only row locks show: who waits, who is passed over, and races that an index decides."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from billing.adapters.sql.engine import DatabaseLimits, make_engine
from billing.adapters.sql.ledger import SqlLedger
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain import (
    DomainName,
    NameHeld,
    Registration,
    RenewalOpen,
)
from tests.builders import NOW, a_customer, a_domain, a_renewal, an_attempt, an_order
from tests.contracts.ledger_jobs import REGISTER
from tests.integration.sql_ledgers import Waiting, a_ledger

SHORT = DatabaseLimits(lock_timeout_ms=200, statement_timeout_ms=2_000, connect_timeout_seconds=2)


@pytest.fixture
def engine(postgres_ledger_url: str) -> Iterator[Engine]:
    engine = make_engine(postgres_ledger_url)
    yield engine
    engine.dispose()


@pytest.fixture
def begin(engine: Engine) -> SqlLedger:
    begin = a_ledger(engine)
    with begin("setup") as uow:
        uow.customers.add(a_customer())
        uow.orders.add(an_order())
        uow.jobs.request(REGISTER)
        uow.commit()
    return begin


def test_a_second_locker_waits_and_sees_what_the_first_did(begin: SqlLedger, postgres_ledger_url: str) -> None:
    with begin("first") as uow:
        order = uow.orders.lock("ord_1")

        def look_then_lock(second: UnitOfWork) -> tuple[int, int]:
            order = second.orders.get("ord_1")
            seen = len(order.payments)
            second.orders.lock("ord_1")
            return seen, len(order.payments)

        second = Waiting(begin, look_then_lock)
        second.has_come_to_wait(postgres_ledger_url)
        an_attempt(order)
        uow.commit()
    assert second.end() == (0, 1)


def test_what_is_only_read_is_not_locked(begin: SqlLedger) -> None:
    with begin("first") as uow:
        uow.orders.get("ord_1")
        with begin("second") as other:
            other.orders.lock("ord_1").cancel()
            other.commit()


def test_a_savepoint_that_fails_keeps_the_locks_from_before_it(begin: SqlLedger, postgres_ledger_url: str) -> None:
    with begin("first") as uow:
        uow.orders.lock("ord_1")
        with pytest.raises(ZeroDivisionError), uow.savepoint():
            raise ZeroDivisionError
        second = Waiting(begin, lambda other: other.orders.lock("ord_1").status)
        second.has_come_to_wait(postgres_ledger_url)
        uow.orders.lock("ord_1").cancel()
        uow.commit()
    assert second.end() == "cancelled"


def test_a_stale_write_is_a_concurrent_change(begin: SqlLedger) -> None:
    with pytest.raises(ConcurrentChange), begin("slow") as slow:
        customer = slow.customers.get("cus_1")
        with begin("fast") as fast:
            fast.customers.get("cus_1").change(name="Fast")
            fast.commit()
        customer.change(name="Slow")
        slow.commit()


def test_the_sweep_passes_over_what_others_hold(begin: SqlLedger) -> None:
    with begin("worker") as uow:
        assert uow.jobs.lock_for(REGISTER)
        with begin("sweep") as sweep:
            assert sweep.jobs.to_ring(sweep.now() + timedelta(hours=1), 10) == []
    with begin("sweep") as sweep:
        assert len(sweep.jobs.to_ring(sweep.now() + timedelta(hours=1), 10)) == 1


def test_a_lock_waited_for_too_long_is_a_concurrent_change(begin: SqlLedger, postgres_ledger_url: str) -> None:
    engine = make_engine(postgres_ledger_url, SHORT)
    with begin("first") as uow:
        uow.orders.lock("ord_1")
        with pytest.raises(ConcurrentChange), a_ledger(engine)("second") as other:
            other.orders.lock("ord_1")
    engine.dispose()


def test_units_that_wait_in_a_circle_are_repeated(begin: SqlLedger, postgres_ledger_url: str) -> None:
    with begin("setup") as uow:
        uow.orders.add(an_order(a_domain("other.rw"), order_id="ord_2"))
        uow.commit()
    outcomes: list[object] = []

    def cross(other: UnitOfWork) -> str:
        other.orders.lock("ord_2")
        return other.orders.lock("ord_1").id

    with begin("first") as uow:
        uow.orders.lock("ord_1")
        second = Waiting(begin, cross)
        second.has_come_to_wait(postgres_ledger_url)
        try:
            outcomes.append(uow.orders.lock("ord_2").id)
        except ConcurrentChange as lost:
            outcomes.append(lost)
    outcomes.append(second.end())
    assert [type(outcome) for outcome in outcomes].count(ConcurrentChange) == 1
    assert [type(outcome) for outcome in outcomes].count(str) == 1


def holding(number: int, item_id: str, name: str = "example.rw") -> Registration:
    return Registration(
        id=f"reg_{number}",
        name=DomainName(name),
        customer_id="cus_1",
        item_id=item_id,
        handle=None,
        created_at=NOW,
        expires_at=NOW,
    )


def test_a_name_registered_anew_while_we_waited_is_found(begin: SqlLedger, postgres_ledger_url: str) -> None:
    name = DomainName("example.rw")

    with begin("setup") as uow:
        items = an_order(a_domain("a.rw"), a_domain("b.rw"), order_id="ord_2").items
        uow.orders.add(an_order(a_domain("a.rw"), a_domain("b.rw"), order_id="ord_2"))
        uow.registrations.add(holding(1, items[0].id))
        uow.commit()
    with begin("first") as uow:
        former = uow.registrations.lock_name(name)
        assert former is not None
        second = Waiting(begin, lambda other: other.registrations.lock_name(name).id)  # type: ignore[union-attr]
        second.has_come_to_wait(postgres_ledger_url)
        former.release("registered anew")
        uow.registrations.add(holding(2, items[1].id))
        uow.commit()
    assert second.end() == "reg_2"


# ---------------------------------------------------------------------- races that an index decides


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [(a_domain("race.rw"), NameHeld), (a_renewal("race.rw"), RenewalOpen)],
)
def test_a_name_taken_at_the_same_moment_is_refused_by_name(
    begin: SqlLedger, postgres_ledger_url: str, wanted: object, refusal: type[NameHeld | RenewalOpen]
) -> None:
    with begin("first") as uow:
        uow.orders.add(an_order(wanted, order_id="ord_2"))  # type: ignore[arg-type]
        mixed = an_order(a_domain("free.rw"), wanted, order_id="ord_3")  # type: ignore[arg-type]
        second = Waiting(begin, lambda other: other.orders.add(mixed))
        second.has_come_to_wait(postgres_ledger_url)
        uow.commit()
    outcome = second.end()
    assert isinstance(outcome, refusal)
    assert outcome.name == "race.rw"


def test_a_name_lost_in_a_race_inside_a_savepoint_leaves_the_unit(begin: SqlLedger, postgres_ledger_url: str) -> None:
    with begin("setup") as uow:
        uow.orders.lock("ord_1").expire(NOW + timedelta(days=2))
        uow.commit()

    def revive(other: UnitOfWork) -> tuple[str, str]:
        order = other.orders.lock("ord_1")
        with pytest.raises(NameHeld) as refused, other.savepoint():
            order.revive_item(order.items[0].id)
        return refused.value.name, order.items[0].status

    with begin("first") as uow:
        uow.orders.add(an_order(order_id="ord_2"))
        second = Waiting(begin, revive)
        second.has_come_to_wait(postgres_ledger_url)
        uow.commit()
    assert second.end() == ("example.rw", "cancelled")
