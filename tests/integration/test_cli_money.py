"""Commands about money, as an operator types them."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from billing.adapters.memory.queue import MemoryQueue
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.sql.engine import make_engine
from billing.application.ledger import Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.domain import DisputeStands, DisputeStatus, JobKind, Money, RefundCause
from billing.domain.disputing import take_dispute
from tests.builders import NOW, a_customer, a_domain, a_hosting, an_attempt, an_order
from tests.integration.commands import refused, told, typed
from tests.integration.sql_ledgers import a_ledger


@dataclass(frozen=True)
class Desk:
    """An operator's terminal, beside the ledger that it looks into."""

    ledger: Ledger
    type = staticmethod(typed)
    told = staticmethod(told)
    refused = staticmethod(refused)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, sqlite_ledger_url: str, tmp_path: Path) -> Desk:
    monkeypatch.chdir(tmp_path)  # where no .env is
    monkeypatch.setenv("BILLING_DATABASE_URL", sqlite_ledger_url)
    monkeypatch.setenv("BILLING_QUEUE_URL", f"sqlite:///{tmp_path}/queue.sqlite")
    return Desk(Ledger(a_ledger(make_engine(sqlite_ledger_url)), MemoryQueue(), MemoryTelemetry()))


def paid(desk: Desk, received: int = 1999) -> list[str]:
    """The items of the paid order."""
    order = an_order(a_domain(), a_hosting())

    def buy(uow: UnitOfWork) -> None:
        uow.customers.add(a_customer())
        order.record_success(an_attempt(order, "pay_1", "stripe"), Money(received, "USD"), NOW)
        uow.orders.add(order)

    desk.ledger.write("setup", buy)
    return [item.id for item in order.items]


def test_a_sum_is_asked_for_listed_and_shown(desk: Desk) -> None:
    paid(desk)
    made = desk.told("refunds", "create", "pay_1", "--amount", "300", "USD", "--reason", "late")
    assert (made["amount"], made["status"], made["item_ids"]) == ("3.00 USD", "pending", [])
    assert desk.told("refunds", "list", "--status", "pending") == [made]
    assert desk.told("refunds", "list", "--status", "failed") == []
    shown = desk.told("refunds", "show", made["id"])
    assert (shown["reason"], shown["cause"], shown["job_status"]) == ("late", "requested", "queued")
    for words in (("list",), ("show", made["id"])):
        table = desk.type("refunds", *words)
        assert (table.code, "3.00 USD" in table.text, "late" in table.text) == (0, True, True)
    assert [job.kind for job in desk.ledger.read(lambda uow: uow.jobs.of_subjects([made["id"]]))] == [
        JobKind.REFUND_PAYMENT
    ]


def test_items_are_asked_for_at_their_price(desk: Desk) -> None:
    domain, hosting = paid(desk)
    made = desk.told("refunds", "create", "pay_1", "--item", domain, "--item", hosting, "--reason", "late")
    assert (made["amount"], made["item_ids"]) == ("19.99 USD", [domain, hosting])


def test_what_makes_no_sense_is_a_sentence(desk: Desk) -> None:
    paid(desk)
    create = ("refunds", "create", "pay_1", "--reason", "late")
    assert "19.99 USD" in desk.refused(*create, "--amount", "2000", "USD")
    for reason in ("", " ", "two\nlines"):
        assert desk.refused("refunds", "create", "pay_1", "--reason", reason).startswith("reason: ")
    assert "in USD" in desk.refused(*create, "--amount", "300", "RWF")
    assert "no payment pay_2" in desk.refused("refunds", "create", "pay_2", "--reason", "late")
    assert "no refund ref_0" in desk.refused("refunds", "show", "ref_0")
    assert "no refund ref_0" in desk.refused("refunds", "settle", "ref_0", "--as", "failed", "--why", "seen")
    assert desk.told("refunds", "list") == []


@pytest.mark.parametrize("words", [("pay_1",), ("pay_1", "--amount", "1", "USD", "--item", "itm_1", "--reason", "x")])
def test_a_refund_that_is_not_well_asked_for_is_a_usage_error(desk: Desk, words: tuple[str, ...]) -> None:
    """Without a reason above all: it would be all the money."""
    paid(desk)
    done = desk.type("refunds", "create", *words)
    assert (done.code, "Usage:" in done.text) == (2, True)
    assert desk.told("refunds", "list") == []


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_a_refund_is_settled_by_hand_and_again(desk: Desk, outcome: str) -> None:
    paid(desk)
    made = desk.told("refunds", "create", "pay_1", "--amount", "300", "USD", "--reason", "late")
    for _ in range(2):
        settled = desk.told("refunds", "settle", made["id"], "--as", outcome, "--why", "seen")
        assert (settled["status"], settled["why"].endswith("by a person: seen")) == (outcome, True)
    assert desk.told("refunds", "show", made["id"])["job_status"] == "cancelled"
    story = desk.told("orders", "show", "ord_1")
    assert [(one["amount"], one["status"]) for one in story["refunds"]] == [("3.00 USD", outcome)]
    assert any(move["by"].startswith("operator") and move["to"] == outcome for move in story["history"])


def test_a_refund_to_be_paid_by_hand_says_how_much_and_to_whom_until_it_is_paid(desk: Desk) -> None:
    order = an_order(a_domain())
    payer = {"phone": "+250788000123", "name": "Aline U."}

    def buy(uow: UnitOfWork) -> None:
        uow.customers.add(a_customer())
        payment = order.open_attempt("pay_1", "kpay", payer, NOW, order.expires_at)
        payment.bind(None, "T77")
        order.record_success(payment, order.total, NOW)
        refund = payment.open_refund("ref_1", Money(300, "USD"), RefundCause.REQUESTED, NOW, reason="late")
        refund.leave_to_hand("pay 3.00 USD back to +25***23")
        order.derive_status()
        uow.orders.add(order)

    desk.ledger.write("setup", buy)
    for _ in range(2):
        (shown,) = desk.told("orders", "show", "ord_1")["refunds"]
        assert (shown["amount"], shown["pay_to"]) == ("3.00 USD", "+250788000123, Aline U., T77")
        assert shown["why"].startswith("requires_manual_refund: ")
    assert "+250788000123" in desk.type("orders", "show", "ord_1").out
    assert desk.told("refunds", "show", "ref_1")["pay_to"] == "+250788000123, Aline U., T77"
    assert "+250788000123" not in desk.type("refunds", "list").out
    desk.told("refunds", "settle", "ref_1", "--as", "succeeded", "--why", "receipt 5")
    story = desk.told("orders", "show", "ord_1")
    assert (story["status"], story["refunds"][0]["pay_to"]) == ("paid", None)


def test_another_sum_is_resolved(desk: Desk) -> None:
    paid(desk, 1900)
    assert "resolve it first" in desk.refused("refunds", "create", "pay_1", "--reason", "late")
    resolved = desk.told("payments", "resolve", "pay_1", "refund")
    assert (resolved["status"], resolved["surplus"]) == ("succeeded", True)
    (refund,) = desk.told("refunds", "list")
    assert (refund["amount"], refund["cause"]) == ("19.00 USD", "surplus")
    assert "nothing to resolve" in desk.refused("payments", "resolve", "pay_1", "accept")


def test_another_sum_is_accepted_and_the_order_delivered(desk: Desk) -> None:
    domain, _ = paid(desk, 1900)
    assert "pay_1 is succeeded, 19.00 USD received" in desk.type("payments", "resolve", "pay_1", "accept").text
    assert [job.kind for job in desk.ledger.read(lambda uow: uow.jobs.of_subjects([domain]))] == [
        JobKind.REGISTER_DOMAIN
    ]


def test_a_dispute_is_listed_and_shown_and_bars_refunds(desk: Desk) -> None:
    paid(desk)
    told = DisputeStands(
        dispute_ref="dp_1",
        amount=Money(1999, "USD"),
        status=DisputeStatus.NEEDS_RESPONSE,
        reason="fraudulent",
        withdrawn=Money(1999, "USD"),
        reinstated=Money(0, "USD"),
        respond_by=NOW,
        why="needs_response at Stripe",
    )

    def take(uow: UnitOfWork) -> None:
        order = uow.orders.lock("ord_1")
        take_dispute(order, order.payments[0], "dsp_1", told, NOW)

    desk.ledger.write("test", take)
    (listed,) = desk.told("disputes", "list", "--status", "needs_response")
    assert (listed["id"], listed["provider_id"], listed["withdrawn"]) == ("dsp_1", "dp_1", "19.99 USD")
    assert desk.told("disputes", "list", "--status", "won") == []
    assert desk.told("disputes", "show", "dsp_1") == {**listed, "order": "N-ord_1", "order_id": "ord_1", "jobs": []}
    for words in (("disputes", "list"), ("disputes", "show", "dsp_1"), ("orders", "show", "ord_1")):
        table = desk.type(*words)
        assert (table.code, "fraudulent" in table.text) == (0, True), table.text
    assert "it is disputed" in desk.refused("refunds", "create", "pay_1", "--reason", "late")
    assert "no dispute dsp_2" in desk.refused("disputes", "show", "dsp_2")
