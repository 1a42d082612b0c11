"""What a database refuses is told without what it was asked with."""

from collections.abc import Callable, Iterator
from traceback import format_exception

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from billing.adapters.sql.engine import make_engine
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain import Customer
from tests.builders import a_customer, a_domain, an_order
from tests.integration.sql_ledgers import a_ledger

SECRET = "aline@private.example"


@pytest.fixture
def engine(ledger_url: str) -> Iterator[Engine]:
    engine = make_engine(ledger_url)
    yield engine
    engine.dispose()


def a_nameless(email: str) -> Customer:
    customer = a_customer(email=email)
    customer.name = None  # type: ignore[assignment]
    return customer


@pytest.mark.parametrize(
    "defect",
    [
        lambda uow: uow.customers.add(a_nameless(SECRET)),
        lambda uow: uow.orders.add(an_order(customer_id=SECRET)),
    ],
)
def test_a_defect_is_told_without_its_parameters(engine: Engine, defect: Callable[[UnitOfWork], None]) -> None:
    with pytest.raises(IntegrityError) as refused, a_ledger(engine)("test") as uow:
        defect(uow)
        uow.commit()
    assert "constraint" in str(refused.value)
    assert "INSERT INTO" in str(refused.value)
    assert SECRET not in "".join(format_exception(refused.value)) + repr(refused.value)


def test_a_number_given_twice_is_told_without_the_number(engine: Engine) -> None:
    def add(uow: UnitOfWork, order_id: str) -> None:
        order = an_order(a_domain(f"{order_id[-1]}.rw"), order_id=order_id)
        order.number = SECRET
        uow.orders.add(order)

    begin = a_ledger(engine)
    with begin("test") as uow:
        uow.customers.add(a_customer())
        add(uow, "ord_1")
        uow.commit()
    with pytest.raises(ConcurrentChange) as refused, begin("test") as uow:
        add(uow, "ord_2")
        uow.commit()
    assert SECRET not in "".join(format_exception(refused.value))
