"""What is counted of KPay after a fault: a push too many, money that is only here or only there, and what is owed."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, insert
from sqlalchemy.pool import StaticPool

from billing.adapters.sql.tables import metadata, payments, refunds
from billing.domain.payment import PaymentStatus
from billing.domain.refund import RefundCause, RefundStatus
from faults.phone_reckoning import missing, paid_back, twice
from faults.shop import Purchase
from tests.builders import NOW


@pytest.fixture
def ledger() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def an_attempt(ledger: Connection, payment_id: str, status: PaymentStatus, order_id: str = "ord_1") -> None:
    row = {"id": payment_id, "order_id": order_id, "attempt": int(payment_id[-1]), "gateway": "kpay", "options": {}}
    money = {"amount_minor": 18000, "amount_currency": "RWF", "surplus": False, "version": 1}
    ledger.execute(insert(payments).values(**row, **money, created_at=NOW, expires_at=NOW, status=status))


def a_refund(ledger: Connection, refund_id: str, status: RefundStatus) -> None:
    row = {"id": refund_id, "payment_id": "pay_1", "cause": RefundCause.REQUESTED, "reason": "as asked", "item_ids": []}
    money = {"amount_minor": 18000, "amount_currency": "RWF", "try_no": 1, "version": 1}
    ledger.execute(insert(refunds).values(**row, **money, created_at=NOW, status=status))


def a_payment(refid: str, statusid: str = "03", pushes: int = 1) -> dict[str, Any]:
    return {"refid": refid, "statusid": statusid, "pushes": pushes}


def at_kpay(*there: dict[str, Any]) -> dict[str, Any]:
    return {"kpay": {"payments": list(there)}}


def bought(*, is_paid: bool = True) -> list[Purchase]:
    return [Purchase("ord_1", (), is_paid=is_paid)]


def test_one_push_and_one_payment_is_as_it_should_be(ledger: Connection) -> None:
    an_attempt(ledger, "pay_1", PaymentStatus.SUCCEEDED)
    world = at_kpay(a_payment("pay_1", "01"))
    assert (list(twice(ledger, world, bought())), list(missing(ledger, world))) == ([], [])


def test_two_pushes_of_an_attempt_are_seen(ledger: Connection) -> None:
    an_attempt(ledger, "pay_1", PaymentStatus.PENDING)
    world = at_kpay(a_payment("pay_1"), a_payment("pay_1"))
    assert list(twice(ledger, world, bought())) == ["attempt pay_1 has 2 pushes"]


def test_an_order_that_was_paid_by_two_attempts_is_seen(ledger: Connection) -> None:
    an_attempt(ledger, "pay_1", PaymentStatus.SUCCEEDED)
    an_attempt(ledger, "pay_2", PaymentStatus.SUCCEEDED)
    world = at_kpay(a_payment("pay_1", "01"), a_payment("pay_2", "01"))
    assert list(twice(ledger, world, bought())) == ["order ord_1 was paid 2 times"]


@pytest.mark.parametrize("status", [PaymentStatus.SUCCEEDED, PaymentStatus.REQUIRES_ATTENTION])
@pytest.mark.parametrize("statusid", ["02", "03"])
def test_a_forged_success_that_was_believed_is_seen(ledger: Connection, status: PaymentStatus, statusid: str) -> None:
    an_attempt(ledger, "pay_1", status)
    troubles = list(twice(ledger, at_kpay(a_payment("pay_1", statusid)), bought(is_paid=False)))
    assert troubles == [
        "attempt pay_1 counts as paid, and KPay has no money",
        "order ord_1 counts as paid, and nobody paid it",
    ]


@pytest.mark.parametrize("status", [PaymentStatus.PENDING, PaymentStatus.FAILED, PaymentStatus.EXPIRED])
def test_money_that_is_at_kpay_and_not_here_is_seen(ledger: Connection, status: PaymentStatus) -> None:
    an_attempt(ledger, "pay_1", status)
    expected = ["attempt pay_1 was approved, and does not count as paid"]
    assert list(missing(ledger, at_kpay(a_payment("pay_1", "01")))) == expected


def test_only_what_an_operator_has_settled_was_paid_back(ledger: Connection) -> None:
    an_attempt(ledger, "pay_1", PaymentStatus.SUCCEEDED)
    a_refund(ledger, "ref_1", RefundStatus.PENDING)
    assert paid_back(ledger)["ord_1"] == 0
    a_refund(ledger, "ref_2", RefundStatus.SUCCEEDED)
    assert paid_back(ledger)["ord_1"] == 18000
