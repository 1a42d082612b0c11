"""The statements themselves: how many a webhook needs, and that every look-up goes by an index."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from billing.adapters.sql.engine import make_engine
from billing.adapters.sql.ledger import SqlLedger
from billing.application.unit_of_work import UnitOfWork
from billing.domain import (
    DisputeStatus,
    DomainName,
    EventStatus,
    JobKind,
    JobRequest,
    JobStatus,
    OrderStatus,
    RefundStatus,
    SubscriptionStatus,
)
from tests.builders import NOW
from tests.contracts.ledger_jobs import REGISTER, an_event
from tests.contracts.ledger_records import WANTED
from tests.integration.sql_ledgers import a_ledger

NAME = DomainName("example.rw")
LOOK_UPS: dict[str, Callable[[UnitOfWork], object]] = {
    "order": lambda uow: uow.orders.page(None, None, "ord_9", 1),
    "order of payment": lambda uow: uow.orders.of_payment("pay_1"),
    "order of item": lambda uow: uow.orders.of_item("itm_1"),
    "payment of references": lambda uow: uow.orders.of_refs("stripe", frozenset({"cs_1", "pi_1"})),
    "orders": lambda uow: uow.orders.page(None, None, None, 20),
    "orders of customer": lambda uow: uow.orders.page("cus_1", None, "ord_9", 20),
    "orders of status": lambda uow: uow.orders.page(None, OrderStatus.PAID, "ord_9", 20),
    "orders of customer and status": lambda uow: uow.orders.page("cus_1", OrderStatus.PAID, "ord_9", 20),
    "order of refund": lambda uow: uow.orders.of_refund("ref_1"),
    "refunds": lambda uow: uow.orders.refunds(None, None, 20),
    "pending refunds": lambda uow: uow.orders.refunds(RefundStatus.PENDING, "ref_9", 20),
    "order of dispute": lambda uow: uow.orders.of_dispute("dsp_1"),
    "disputes": lambda uow: uow.orders.disputes(None, None, 20),
    "open disputes": lambda uow: uow.orders.disputes(DisputeStatus.NEEDS_RESPONSE, "dsp_9", 20),
    "attempts made": lambda uow: uow.orders.attempts_made(NOW, NOW, "pay_1", 20),
    "refunds made": lambda uow: uow.orders.refunds_made(NOW, NOW, "ref_1", 20),
    "wallets made": lambda uow: uow.wallets.made(NOW, NOW, "wal_1", 20),
    "periods ended": lambda uow: uow.subscriptions.periods_ended(NOW, NOW, "sub_1", 20),
    "known notifications": lambda uow: uow.inbox.known("stripe", ["evt_1", "evt_2"]),
    "overdue orders": lambda uow: uow.orders.overdue(NOW, 20),
    "subscription of references": lambda uow: uow.subscriptions.of_refs("stripe", frozenset({"sub_1", "cus_1"})),
    "subscriptions to look at": lambda uow: uow.subscriptions.to_look_at(NOW, 1),
    "subscriptions": lambda uow: uow.subscriptions.page(None, "sub_9", 1),
    "subscriptions of status": lambda uow: uow.subscriptions.page(SubscriptionStatus.PAST_DUE, "sub_9", 20),
    "subscriptions needing attention": lambda uow: uow.subscriptions.page(None, None, 20, needing_attention=True),
    "invoice of reference": lambda uow: uow.invoices.of_ref("stripe", "in_1"),
    "invoice of order": lambda uow: uow.invoices.of_order("ord_1"),
    "invoices of subscription": lambda uow: uow.invoices.of_subscription("sub_1"),
    "holding": lambda uow: uow.registrations.of_name(NAME),
    "locked holding": lambda uow: uow.registrations.lock_name(NAME),
    "unpaid renewal": lambda uow: uow.registrations.has_unpaid_renewal(NAME),
    "renewal under delivery": lambda uow: uow.registrations.is_being_renewed(NAME),
    "names that expire": lambda uow: uow.registrations.expiring(NOW, None, 20),
    "further names that expire": lambda uow: uow.registrations.expiring(NOW, (NOW, "reg_1"), 20),
    "renewal of registration": lambda uow: uow.renewals.of("reg_1", NOW),
    "renewal of order": lambda uow: uow.renewals.of_order("ord_1"),
    "round": lambda uow: uow.rounds.get("names"),
    "cards that expire": lambda uow: uow.wallets.expiring(2027, 2, "mth_1", 20),
    "method": lambda uow: uow.wallets.of_method("mth_1"),
    "hosting that renews": lambda uow: uow.subscriptions.renews_for("cus_1"),
    "names that renew": lambda uow: uow.registrations.renews_for("cus_1"),
    "notification": lambda uow: uow.inbox.find("stripe", "evt_1"),
    "order of number": lambda uow: uow.orders.of_number("7K3M-9QX2-HB"),
    "notifications": lambda uow: uow.inbox.page(None, None, None, "evt_9", 20),
    "failed notifications": lambda uow: uow.inbox.page(EventStatus.FAILED, None, None, "evt_9", 20),
    "failed notifications of a type": lambda uow: uow.inbox.page(EventStatus.FAILED, "stripe", "x", None, 20),
    "bodies to prune": lambda uow: uow.inbox.prune_bodies(NOW, 20),
    "job of occasion": lambda uow: uow.jobs.lock_for(REGISTER),
    "jobs to ring": lambda uow: uow.jobs.to_ring(NOW, 20),
    "jobs of subjects": lambda uow: uow.jobs.of_subjects(["itm_1", "pay_1"]),
    "jobs": lambda uow: uow.jobs.page(None, None, None, 20),
    "jobs of kind": lambda uow: uow.jobs.page(None, JobKind.CHECK_PAYMENT, "job_9", 20),
    "dead jobs": lambda uow: uow.jobs.page(JobStatus.DEAD, None, "job_9", 20),
    "dead jobs of kind": lambda uow: uow.jobs.page(JobStatus.DEAD, JobKind.CHECK_PAYMENT, "job_9", 20),
    "finished jobs of kind": lambda uow: uow.jobs.page(JobStatus.SUCCEEDED, JobKind.CHECK_PAYMENT, None, 20),
    "numbers of jobs": lambda uow: uow.jobs.counts(),
    "caller": lambda uow: uow.api_keys.by_digest("d"),
    "remembered answer": lambda uow: [uow.answers.claim(WANTED, NOW) for _ in range(2)],
    "old answers": lambda uow: uow.answers.prune(NOW, 20),
    "moves of somebody": lambda uow: uow.history.made_by("process_event job_1"),
    "history": lambda uow: uow.history.of(["ord_1", "itm_1"]),
}
SORTED_IN_MEMORY = {
    "jobs of subjects",
    "history",
    "moves of somebody",
    "payment of references",
    "subscription of references",
    "numbers of jobs",
    "dead jobs of kind",
}
"""Few rows by their nature."""


class Statements:
    """What is sent to a database, with its parameters."""

    def __init__(self, engine: Engine) -> None:
        self.sent: list[tuple[str, Any]] = []
        event.listen(engine, "before_cursor_execute", self._sent)
        event.listen(engine, "commit", lambda connection: self.sent.append(("COMMIT", ())))

    def _sent(self, _connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        self.sent.append((statement, parameters))


@pytest.fixture
def engine(ledger_url: str) -> Iterator[Engine]:
    engine = make_engine(ledger_url)
    yield engine
    engine.dispose()


@pytest.fixture
def begin(engine: Engine) -> SqlLedger:
    return a_ledger(engine)


def plan_of(uow: Any, statement: str, parameters: Any) -> list[str]:
    """How the database would go about it; PostgreSQL scans a table, or sorts, only where it has no other way."""
    connection = uow._work.connection
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[-1] for row in plan]
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    connection.exec_driver_sql("SET LOCAL enable_sort = off")
    return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]


@pytest.mark.parametrize("name", LOOK_UPS)
def test_a_look_up_goes_by_an_index(engine: Engine, begin: SqlLedger, name: str) -> None:
    statements = Statements(engine)
    with begin("test") as uow:
        statements.sent.clear()
        LOOK_UPS[name](uow)
        sent = [one for one in statements.sent if one[0].startswith(("SELECT", "UPDATE", "DELETE"))]
        assert sent
        for statement, parameters in sent:
            for step in plan_of(uow, statement, parameters):
                assert "Seq Scan" not in step, (statement, step)
                assert not step.startswith("SCAN") or " USING " in step or step == "SCAN CONSTANT ROW", (
                    statement,
                    step,
                )
                sorts = step.startswith("USE TEMP B-TREE") or "Sort" in step
                assert name in SORTED_IN_MEMORY or not sorts, (statement, step)


def test_a_webhook_takes_one_insert_for_its_event_and_one_for_its_job(engine: Engine, begin: SqlLedger) -> None:
    with begin("warm") as uow:
        uow.commit()
    statements = Statements(engine)
    with begin("webhook") as uow:
        uow.now()
        uow.inbox.add_if_new(an_event())
        uow.jobs.request(JobRequest(JobKind.PROCESS_EVENT, "evt_1"))
        uow.commit()
    words = [statement.split(" (")[0] for statement, _ in statements.sent if not statement.startswith("PRAGMA")]
    beginning = "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "SELECT clock_timestamp(); BEGIN"
    assert words == [beginning, "INSERT INTO inbox_events", "INSERT INTO jobs", "COMMIT"]


def test_a_job_remembers_the_logging_context_it_was_written_in(engine: Engine) -> None:
    begin = a_ledger(engine, context=lambda: {"request_id": "req_1"})
    with begin("test") as uow:
        uow.jobs.request(REGISTER)
        uow.commit()
    with begin("reader", reading=True) as uow:
        assert uow.jobs.get("job_000001").context == {"request_id": "req_1"}


def test_a_job_that_a_savepoint_undid_is_not_rung_for(begin: SqlLedger) -> None:
    with begin("test") as uow:
        uow.jobs.request(REGISTER)
        with pytest.raises(ZeroDivisionError), uow.savepoint():
            uow.jobs.request(JobRequest(JobKind.CHECK_PAYMENT, "pay_1"))
            raise ZeroDivisionError
        assert list(uow.bells) == ["job_000001"]
