"""Commands about saved payment methods, as an operator types them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.adapters.memory.queue import MemoryQueue
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.sql.engine import make_engine
from billing.application.ledger import Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.domain.wallet import Card
from tests.builders import NOW, a_customer, a_wallet
from tests.integration.sandbox.harness import Endpoint, Sandbox
from tests.integration.sql_ledgers import a_ledger
from tests.integration.test_cli_money import Desk

VISA = Card(brand="visa", last4="4242", exp_month=12, exp_year=2034)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    endpoint = Endpoint()
    sandbox = Sandbox(tmp_path_factory.mktemp("stripe"), endpoint.url)
    yield sandbox
    sandbox.stop()
    endpoint.close()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, sqlite_ledger_url: str, tmp_path: Path, sandbox: Sandbox) -> Desk:
    monkeypatch.chdir(tmp_path)  # where no .env is
    settings = {name: value for name, value in sandbox.settings.items() if name.startswith("BILLING_STRIPE_")}
    settings |= {"BILLING_DATABASE_URL": sqlite_ledger_url, "BILLING_QUEUE_URL": f"sqlite:///{tmp_path}/queue.sqlite"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return Desk(Ledger(a_ledger(make_engine(sqlite_ledger_url)), MemoryQueue(), MemoryTelemetry()))


def test_what_stripe_has_and_nobody_told_of_is_asked_for(desk: Desk, sandbox: Sandbox) -> None:
    account = sandbox.api.customers.create({}).id
    lost = sandbox.api.payment_methods.attach("pm_card_visa", {"customer": account}).id

    def open_wallet(uow: UnitOfWork) -> None:
        uow.customers.add(a_customer())
        wallet = a_wallet(customer_ref=account)
        wallet.keep("mth_1", "pm_gone", NOW, card=VISA)
        uow.wallets.add(wallet)

    desk.ledger.write("setup", open_wallet)
    assert [row["ref"] for row in desk.told("methods", "list", "cus_1")] == ["pm_gone"]
    assert [(row["ref"], row["attached"]) for row in desk.told("methods", "refresh", "cus_1")] == [
        (lost, True),
        ("pm_gone", False),
    ]
    assert desk.told("methods", "refresh", "cus_1") == []
    assert "differences: none" in desk.type("methods", "refresh", "cus_1").text
    rows = {
        row["ref"]: (row["shows"], row["default"], row["detached_at"]) for row in desk.told("methods", "list", "cus_1")
    }
    assert rows[lost] == ("visa ending in 4242", True, None)
    assert rows["pm_gone"][2] is not None


def test_an_account_that_stripe_no_longer_has_is_let_go_of(desk: Desk, sandbox: Sandbox) -> None:
    there = sandbox.api.customers.create({}).id

    def open_wallet(uow: UnitOfWork) -> None:
        uow.customers.add(a_customer())
        wallet = a_wallet(customer_ref=there)
        wallet.keep("mth_1", "pm_gone", NOW, card=VISA)
        uow.wallets.add(wallet)

    unbind = ("customers", "unbind", "cus_1", "--gateway", "stripe")
    desk.ledger.write("setup", open_wallet)
    assert f"stripe still has their account {there}" in desk.refused(*unbind)
    desk.ledger.write("setup", lambda uow: setattr(uow.wallets.lock("wal_1"), "customer_ref", "cus_deleted"))
    for _ in range(2):
        assert (desk.told(*unbind)["account"], desk.type(*unbind).code) == (None, 0)
    (row,) = desk.told("methods", "list", "cus_1")
    assert (row["account"], row["default"]) == (None, False)
    assert row["detached_at"] is not None
    assert desk.type("customers", "unbind", "cus_1").code == 2


def test_nobody_has_saved_nothing(desk: Desk) -> None:
    assert "cus_404" in desk.refused("methods", "list", "cus_404")
