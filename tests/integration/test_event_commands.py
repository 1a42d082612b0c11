"""`billing events`, `billing keys` and `billing orders`: what they say, what they hide, and with which exit code."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from billing.adapters.sql import migrations
from billing.application.ledger import Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.domain import EventStatus, InboxEvent, JobKind, JobRequest
from billing.entrypoints.container import Container
from billing.entrypoints.settings import load_settings
from tests.builders import NOW, a_customer, a_domain, an_attempt, an_order
from tests.integration.commands import heard, told

Command = Callable[..., tuple[int, str]]
FIXTURES = Path(__file__).parents[1] / "fixtures/stripe"
SESSION, DECLINE = "checkout.session.completed", "payment_intent.payment_failed"


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """On SQLite, with an order whose payment Stripe told of; that notification failed, another was processed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BILLING_STRIPE_API_KEY", "sk_test_nobody")
    monkeypatch.setenv("BILLING_STRIPE_WEBHOOK_SECRETS", "whsec_nobody")
    migrations.upgrade(f"sqlite:///{tmp_path}/var/billing.sqlite")
    container = Container(settings=load_settings())
    ledger: Ledger = container.ledger()
    ledger.write("setup", _an_order_with_an_attempt)
    _told(ledger, "evt_1", SESSION, EventStatus.FAILED)
    _told(ledger, "evt_2", DECLINE, EventStatus.PROCESSED)
    yield ledger
    container.engine().dispose()


def _an_order_with_an_attempt(uow: UnitOfWork) -> None:
    uow.customers.add(a_customer())
    order = an_order(a_domain("example.rw"))
    order.number = "7K3M-9QX2-HB"
    order.items[0].price = type(order.total)(1800, "USD")
    an_attempt(order, "pay_1", "stripe").bind("cs_test_a1NewNewNewNew01", None)
    uow.orders.add(order)


def _told(ledger: Ledger, row_id: str, type: str, status: EventStatus) -> None:
    body = (FIXTURES / f"2026-10-28.endive.{type}.json").read_bytes()
    event = InboxEvent(
        id=row_id, gateway="stripe", event_id=json.loads(body)["id"], type=type, api_version=None, verdict="signed",
        body=body, received_at=NOW, status=status, why="quoted aline@example.rw", attempts=3,
    )  # fmt: skip
    wanted = JobRequest(JobKind.PROCESS_EVENT, row_id)

    def store(uow: UnitOfWork) -> None:
        uow.inbox.add_if_new(event)
        uow.jobs.request(wanted)
        job = uow.jobs.lock_for(wanted)
        assert job is not None
        (job.die("a riddle of aline@example.rw", uow.now()) if status is EventStatus.FAILED else job.succeed(uow.now()))

    ledger.write("setup", store)


@pytest.fixture
def command(ledger: Ledger) -> Command:
    return heard


def statuses(ledger: Ledger) -> dict[str, str]:
    found = ledger.read(lambda uow: uow.inbox.page(None, None, None, None, 9))
    return {event.id: event.status.value for event in found}


def test_events_are_listed_by_status_and_type_newest_first(command: Command) -> None:
    assert [row["id"] for row in told("events", "list")] == ["evt_2", "evt_1"]
    (failed,) = told("events", "list", "--status", "failed", "--type", SESSION, "--gateway", "stripe")
    assert (failed["id"], failed["attempts"], failed["why"]) == ("evt_1", 3, "quoted a***@example.rw")
    assert told("events", "list", "--before", "evt_1") == []
    code, said = command("events", "list", "--limit", "1")
    assert code == 0
    assert "evt_2" in said
    assert "evt_1" not in said


@pytest.mark.parametrize("ref", ["evt_1", "evt_New0000000000008"])
def test_an_event_is_shown_by_either_id_without_what_is_nobodys_business(command: Command, ref: str) -> None:
    code, said = command("events", "show", ref)
    assert code == 0
    for words in ("evt_1", "failed", "a riddle", "cs_test_a1NewNewNewNew01", "a***@example.rw", "pi_New0000000000001"):
        assert words in said
    for hidden in ("aline@", "Uwase"):
        assert hidden not in said
    as_json = told("events", "show", ref)
    assert as_json["jobs"][0]["status"] == "dead"
    assert "Uwase" not in json.dumps(as_json)


def test_what_an_event_moved_is_shown_with_it(ledger: Ledger) -> None:
    (job,) = ledger.read(lambda uow: uow.jobs.of_subjects(["evt_2"]))
    ledger.write(job.signature, lambda uow: uow.orders.lock("ord_1").payment("pay_1").fail("no: aline@example.rw"))
    moves = told("events", "show", "evt_2")["moves"]
    assert [(one["what"], one["to"], one["why"]) for one in moves] == [
        ("payment pay_1", "failed", "no: a***@example.rw")
    ]


def test_a_dry_run_says_what_would_change_and_changes_nothing(command: Command, ledger: Ledger) -> None:
    installation = ledger.read(lambda uow: uow.installation())
    body = (FIXTURES / f"2026-10-28.endive.{SESSION}.json").read_bytes().replace(b"ins_ours", installation.encode())
    ledger.write("setup", lambda uow: setattr(uow.inbox.lock("evt_1"), "body", body))
    before = ledger.read(lambda uow: (uow.orders.get("ord_1").version, uow.inbox.get("evt_1").version))
    code, said = command("events", "replay", "--dry-run", "evt_1", "evt_2")
    assert code == 0, said
    for words in ("evt_1: would be processed (PaymentSucceeded)", "order ord_1", "pending", "paid", "register_domain",
                  "evt_2: unchanged (it was processed"):  # fmt: skip
        assert words in said
    assert ledger.read(lambda uow: (uow.orders.get("ord_1").version, uow.inbox.get("evt_1").version)) == before
    assert [job.kind for job in ledger.read(lambda uow: uow.jobs.page(None, None, None, 9))] == ["process_event"] * 2

    code, said = command("events", "replay", "evt_1")
    assert (code, said) == (0, "evt_1: replayed (its job is due now)\n")
    code, said = command("events", "replay", "evt_2")
    assert (code, said) == (0, "evt_2: unchanged (it was processed: quoted a***@example.rw)\n")
    assert statuses(ledger)["evt_1"] == "received"


def test_many_are_replayed_by_their_status(ledger: Ledger) -> None:
    _told(ledger, "evt_3", "payment_intent.succeeded", EventStatus.FAILED)
    results = told("events", "replay", "--status", "failed")
    assert [(result["id"], result["outcome"]) for result in results] == [("evt_1", "replayed"), ("evt_3", "replayed")]
    assert statuses(ledger) == {"evt_1": "received", "evt_2": "processed", "evt_3": "received"}
    assert told("events", "replay", "--status", "failed") == []


def test_what_can_not_be_replayed_is_said_and_the_exit_code_tells(command: Command, ledger: Ledger) -> None:
    ledger.write("setup", lambda uow: setattr(uow.inbox.lock("evt_1"), "body", None))
    code, said = command("events", "replay", "evt_1", "evt_unknown", "evt_2")
    assert code == 1
    assert "its body was pruned" in said
    assert "no event evt_unknown" in said
    assert "3 events, 2 refused" in said
    for wrong in ((), ("evt_1", "--status", "failed")):
        code, said = command("events", "replay", *wrong)
        assert (code, said) == (1, "billing: EVENT: name some, or a --status, not both\n")


def test_an_event_is_dismissed_with_a_reason(command: Command, ledger: Ledger) -> None:
    code, said = command("events", "dismiss", "evt_1", "--why", "a test of theirs")
    assert code == 0
    assert "evt_1: ignored (dismissed by operator" in said
    assert statuses(ledger)["evt_1"] == "ignored"


# ---------------------------------------------------------------------- keys and orders


def test_keys_are_listed_and_revoked(command: Command) -> None:
    made = told("keys", "create", "--role", "storefront", "shop")
    (listed,) = told("keys", "list")
    assert (listed["id"], listed["name"], listed["revoked_at"]) == (made["id"], "shop", None)
    assert made["key"] not in json.dumps(listed)
    revoked = [told("keys", "revoke", made["id"]) for _ in range(2)]
    assert revoked[0] == revoked[1]
    assert revoked[0]["revoked_at"]
    code, said = command("keys", "revoke", "key_unknown")
    assert (code, said) == (1, "billing: no key key_unknown\n")


@pytest.mark.parametrize("ref", ["ord_1", "7K3M-9QX2-HB", "7k3m-9qx2-hb"])
def test_an_order_is_shown_by_its_id_or_number(ledger: Ledger, ref: str) -> None:
    assert told("orders", "show", ref)["id"] == "ord_1"


def test_orders_are_listed_by_status(ledger: Ledger) -> None:
    second = an_order(a_domain("other.rw"), order_id="ord_2")
    second.expire(NOW + timedelta(days=2))
    ledger.write("setup", lambda uow: uow.orders.add(second))
    assert [row["id"] for row in told("orders", "list")] == ["ord_2", "ord_1"]
    assert [row["id"] for row in told("orders", "list", "--status", "expired")] == ["ord_2"]
    assert [row["id"] for row in told("orders", "list", "--before", "ord_2")] == ["ord_1"]
    assert told("orders", "list", "--customer", "cus_9") == []
