"""Units that meet on PostgreSQL: locks in one order, and what comes in between two statements."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from time import monotonic

import pytest
from sqlalchemy import Engine

from billing.adapters.memory.queue import MemoryQueue
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.sql.engine import make_engine
from billing.adapters.sql.ledger import SqlLedger
from billing.application.deliveries.registrars import RegistrarRoutes
from billing.application.inbox.intake import ProcessEvent
from billing.application.ledger import Ledger
from billing.application.money.paying_back import PayBack, refund_job
from billing.application.money.payments import RecordFact
from billing.application.ports import Reading
from billing.application.shop.checkout import CheckoutLimits, PlaceOrder
from billing.application.telling.alerts import OperatorMail, TellOperator, raise_alert
from billing.application.telling.notifications import Notices, Postbox
from billing.application.unit_of_work import UnitOfWork
from billing.domain import (
    AlertKind,
    DispatchPolicy,
    DomainName,
    Money,
    RefundCause,
    RefundPolicy,
    RefundSucceeded,
    Registration,
)
from tests.builders import NOW, a_catalogue, a_customer, a_domain, a_paid_order, a_renewal, an_order
from tests.contracts.ledger_jobs import an_event
from tests.integration.sql_ledgers import Waiting, a_ledger


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
        uow.commit()
    return begin


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


def test_baskets_that_renew_the_same_names_do_not_wait_in_a_circle(begin: SqlLedger, postgres_ledger_url: str) -> None:
    names = [DomainName("a.rw"), DomainName("b.rw")]
    with begin("setup") as uow:
        order = an_order(a_domain("a.rw"), a_domain("b.rw"), order_id="ord_2")
        uow.orders.add(order)
        for number, name in enumerate(names):
            uow.registrations.add(holding(number, order.items[number].id, str(name)))
        uow.catalogues.add(a_catalogue())
        uow.commit()
    ids = count(1)
    place = PlaceOrder(
        Ledger(begin, MemoryQueue(), MemoryTelemetry(), tries_max=1),
        RegistrarRoutes({}),
        CheckoutLimits(items_max=9, cycles_max=9, order_expiry=timedelta(days=1), call_deadline_seconds=9),
        Notices(Postbox(lambda prefix: prefix, None)),
        lambda: NOW,
        lambda prefix: f"{prefix}_new_{next(ids)}",
        lambda: "NEW",
        monotonic,
    )
    with begin("first") as uow:
        uow.registrations.lock_name(names[0])
        basket = [a_renewal("b.rw"), a_renewal("a.rw")]
        second = Waiting(begin, lambda _: place("cus_1", "USD", None, basket, "second").number)
        second.has_come_to_wait(postgres_ledger_url)
        assert uow.registrations.lock_name(names[1]) is not None
        uow.commit()
    assert second.end() == "NEW"


def test_a_notification_of_several_refunds_does_not_wait_in_a_circle_with_their_jobs(
    begin: SqlLedger, postgres_ledger_url: str
) -> None:
    refunds = ["ref_1", "ref_2"]
    with begin("setup") as uow:
        order = a_paid_order(a_domain("paid.rw"), order_id="ord_2")
        payment = order.payments[0]
        for refund_id in refunds:
            payment.open_refund(refund_id, Money(500, "USD"), RefundCause.REQUESTED, NOW)
            uow.jobs.request(refund_job(refund_id))
        uow.orders.add(order)
        uow.inbox.add_if_new(an_event("evt_1", gateway="memory"))
        uow.commit()
    notices = Notices(Postbox(lambda prefix: prefix, None))
    pay_back = PayBack(RefundPolicy(), notices, lambda prefix: prefix, lambda: NOW)
    record = RecordFact(DispatchPolicy(), pay_back, lambda: NOW, MemoryTelemetry(), notices)
    told = [
        RefundSucceeded(
            payment_id=payment.id,
            session_ref=None,
            payment_ref=None,
            refund_id=one,
            refund_ref=f"re_{one}",
            amount=Money(500, "USD"),
        )
        for one in refunds
    ]
    process = ProcessEvent({}, record, timedelta(minutes=5))

    def take(other: UnitOfWork) -> object:
        return process.take(other, "evt_1", Reading(facts=told, installation=other.installation()))

    with begin("a job of theirs") as uow:
        uow.jobs.lock_for(refund_job("ref_2"))
        second = Waiting(begin, take)
        second.has_come_to_wait(postgres_ledger_url)
        assert uow.orders.lock("ord_2").status == "paid"
        uow.commit()
    assert second.end() is None
    with begin("look") as uow:
        assert [refund.status for refund in uow.orders.get("ord_2").payments[0].refunds] == ["succeeded"] * 2


def test_an_alert_that_comes_while_a_mail_is_written_is_told_by_the_next(begin: SqlLedger) -> None:
    ledger = Ledger(begin, MemoryQueue(), MemoryTelemetry())

    def trouble(subject: str) -> None:
        ledger.write("test", lambda uow: raise_alert(uow, AlertKind.JOB_DEAD, subject, "busy"))

    def new_id(prefix: str) -> str:
        trouble("late")
        return f"{prefix}_1"

    trouble("early")
    desk = OperatorMail(recipient="operator@shop.example", interval=timedelta(minutes=15), listed_max=9)
    assert TellOperator(ledger, Postbox(new_id, "shop.example"), desk)() == 1
    assert ledger.read(lambda uow: uow.mails.get("mail_1").data["count"]) == "1"
    assert [alert.subject for alert in ledger.read(lambda uow: uow.alerts.untold(9))] == ["late"]
