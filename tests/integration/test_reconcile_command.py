"""`billing reconcile` against a Stripe whose every webhook is lost: what it says, what it repairs, its exit code."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from billing.adapters.sql import migrations
from billing.domain import AlertKind, JobStatus, Money, Order, Payment, RefundCause
from billing.domain.errors import Invalid
from billing.entrypoints.cli.reconciling import moment
from billing.entrypoints.container import Container
from billing.entrypoints.settings import load_settings
from tests.builders import NOW, a_customer, a_hosting, an_order
from tests.integration.commands import heard
from tests.integration.sandbox.harness import Endpoint, Sandbox
from tests.integration.stripe_providers import now

Command = Callable[..., tuple[int, str]]
PAGES = {"success_url": "https://shop.example/thanks"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    endpoint = Endpoint()  # which tells nobody
    sandbox = Sandbox(tmp_path_factory.mktemp("stripe"), endpoint.url)
    yield sandbox
    sandbox.stop()
    endpoint.close()


class Shop:
    """Billing on SQLite, with workers that run when they are told to."""

    def __init__(self, container: Container, sandbox: Sandbox) -> None:
        self.container, self.sandbox = container, sandbox
        self.ledger = container.ledger()
        self.ledger.write("setup", lambda uow: uow.customers.add(a_customer()))

    def pay(self, order_id: str = "ord_1") -> Payment:
        """An order whose customer has paid on Stripe's page."""
        order = an_order(a_hosting(), order_id=order_id, at=now())
        self.ledger.write("setup", lambda uow: uow.orders.add(order))
        payment = self.container.start_payment()(order_id, "stripe", PAGES, "a test")
        self.act(payment, "pay")
        return payment

    def act(self, payment: Payment, act: str, **asked: Any) -> None:
        assert self.sandbox.control("POST", f"/stripe/sessions/{payment.session_ref}/{act}", asked).ok

    def order(self, order_id: str = "ord_1") -> Order:
        return self.ledger.read(lambda uow: uow.orders.get(order_id))

    def work(self) -> None:
        """Everything that is due."""
        while due := [job.id for job in self._queued() if job.is_claimable(now())]:
            for job_id in due:
                self.container.run_job()(job_id)

    def _queued(self) -> Any:
        return self.ledger.read(lambda uow: uow.jobs.page(JobStatus.QUEUED, None, None, 99))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Iterator[Shop]:
    monkeypatch.chdir(tmp_path)
    for name, value in sandbox.settings.items():
        monkeypatch.setenv(name, value)
    migrations.upgrade(f"sqlite:///{tmp_path}/var/billing.sqlite")
    container = Container(settings=load_settings())
    yield Shop(container, sandbox)
    container.engine().dispose()


@pytest.fixture
def command(shop: Shop) -> Command:
    return heard


def rows(said: str) -> Any:
    """What was found, without what was logged beside it."""
    return json.loads(said.splitlines()[0])


def ours(found: list[dict[str, str]], shop: Shop) -> list[dict[str, str]]:
    """What is about this shop's payment, and not about an event."""
    (payment,) = shop.order().payments
    return [row for row in found if payment.id in row["about"]]


def test_a_payment_whose_every_webhook_was_lost_is_completed(shop: Shop, command: Command) -> None:
    payment = shop.pay()
    code, said = command("reconcile", "--since", "1h")
    assert code == 0, said
    for told in (payment.id, "pending, its order pending", "succeeded (4.99 USD)", "repaired", "not in the inbox"):
        assert told in said
    shop.work()
    assert shop.order().status == "completed"
    assert command("reconcile", "--since", "1h")[0] == 0
    code, said = command("reconcile", "--since", "1h", "--json")
    assert (code, rows(said)) == (0, [])


def test_a_dry_run_changes_nothing_and_its_exit_code_says_that_something_differs(shop: Shop, command: Command) -> None:
    shop.pay()
    for _ in range(2):
        code, said = command("reconcile", "--dry-run", "--json")
        found = rows(said)
        assert (code, {row["done"] for row in found}) == (1, {"would be repaired"})
        assert [row["ours"] for row in ours(found, shop)] == ["pending, its order pending"]
        assert any("it would be processed (PaymentSucceeded)" in row["how"] for row in found)
    assert shop.order().status == "pending"
    assert shop.ledger.read(lambda uow: uow.inbox.page(None, None, None, None, 9)) == []


def test_a_refund_in_the_dashboard_is_taken_in(shop: Shop, command: Command) -> None:
    payment = shop.pay()
    command("reconcile")
    shop.work()
    shop.act(payment, "refund", amount=99)
    code, said = command("reconcile", "--json")
    assert code == 0, said
    found = [(row["ours"], row["theirs"]) for row in ours(rows(said), shop)]
    assert found == [("not known", "0.99 USD succeeded")]
    shop.work()
    assert [refund.amount for refund in shop.order().payments[0].refunds] == [Money(99, "USD")]
    assert rows(command("reconcile", "--json")[1]) == []


def test_a_refund_that_stripe_does_not_know_needs_a_person_as_long_as_it_lasts(shop: Shop, command: Command) -> None:
    shop.pay()
    command("reconcile")
    shop.work()
    shop.ledger.write("a test", lambda uow: _pay_back_nowhere(uow.orders.lock("ord_1").payments[0]))
    for _ in range(2):
        code, said = command("reconcile", "--json")
        (row,) = rows(said)
        assert (code, row["done"], row["theirs"]) == (1, "needs a person", "not known")
    alerts = shop.ledger.read(lambda uow: uow.alerts.newest(9))
    assert [alert.kind for alert in alerts] == [AlertKind.BOOKS_DIFFER]


def _pay_back_nowhere(payment: Payment) -> None:
    refund = payment.open_refund("ref_1", Money(99, "USD"), RefundCause.REQUESTED, NOW)
    refund.bind("re_never")
    refund.succeed("told by nobody")


def test_a_stripe_that_does_not_answer_is_said_and_the_exit_code_tells(
    shop: Shop, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.pay()
    monkeypatch.setenv("BILLING_STRIPE_API_BASE", "http://127.0.0.1:9")
    code, said = command("reconcile", "--json")
    assert code == 1
    assert {row["done"] for row in rows(said)} == {"could not be compared"}
    assert shop.order().status == "pending"


def test_events_that_stripe_no_longer_keeps_are_said_to_be_gone(shop: Shop, command: Command) -> None:
    assert "stripe keeps events for 30 days only" in command("reconcile", "--since", "40d", "--dry-run")[1]


@pytest.mark.parametrize("wrong", ["yesterday", "3w", "2999-01-01", "d", "-3d"])
def test_a_beginning_that_can_not_be_read_is_said(command: Command, wrong: str) -> None:
    code, said = command("reconcile", f"--since={wrong}")
    assert code == 1
    assert said.startswith("billing: --since: ")


def test_a_beginning_is_a_span_or_a_date() -> None:
    assert str(moment("3d", NOW)) == "2027-01-28 09:30:00+00:00"
    assert str(moment("12h", NOW)) == "2027-01-30 21:30:00+00:00"
    assert str(moment("2027-01-30", NOW)) == "2027-01-30 00:00:00+00:00"
    assert str(moment("2027-01-30T01:00:00+02:00", NOW)) == "2027-01-30 01:00:00+02:00"
    with pytest.raises(Invalid):
        moment("", NOW)
