"""The inbox on real wires: read when the provider is back, tried out without a trace, known when its body is gone."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from billing.application.ledger import Ledger
from billing.domain import InboxEvent
from billing.entrypoints.container import Container
from billing.entrypoints.settings import load_settings
from tests.integration.whole.installation import Installation, a_domain, eventually

AWAY = [{"point": f"stripe.{call}", "kind": "close", "times": None} for call in ("payment_intents", "refunds")]
REFUNDED = "refund.created"


@contextmanager
def the_ledger_of(installation: Installation) -> Iterator[Ledger]:
    """Looked at from here: to start a command for every look takes long."""
    container = Container(settings=load_settings(installation.folder / ".env"))
    yield container.ledger()
    container.engine().dispose()


def inbox(ledger: Ledger, type: str | None = None) -> Sequence[InboxEvent]:
    return ledger.read(lambda uow: uow.inbox.page(None, None, type, None, 99))


def refund_by_hand(installation: Installation) -> None:
    """As in Stripe's dashboard: what it then tells bears none of our metadata, so its intent has to be fetched."""
    (session,) = installation.control("GET", "/state")["stripe"]["sessions"]
    installation.control("POST", f"/stripe/sessions/{session['id']}/refund", {})


def deliveries(installation: Installation) -> dict[str, int]:
    """How often each event was delivered."""
    events = installation.control("GET", "/state")["stripe"]["events"]
    return {event["id"]: event["attempts"] for event in events}


def entities(moves: Sequence[Mapping[str, str]]) -> list[str]:
    return [move["what"].split()[0] for move in moves]


def test_what_could_not_be_read_while_the_provider_was_away_is_read_when_it_is_back_without_a_redelivery(
    installation: Installation,
) -> None:
    installation.serve()
    installation.work()
    order = installation.until(installation.buy(a_domain("example.rw")), "completed")
    installation.control("PUT", "/faults", {"faults": AWAY})
    refund_by_hand(installation)
    with the_ledger_of(installation) as ledger:
        failing = eventually(lambda: next((e for e in inbox(ledger, REFUNDED) if e.attempts), None))
        assert failing.status == "received"
        assert failing.why
        installation.all_told()
        installation.stop("worker")

        installation.control("PUT", "/faults", {"faults": []})
        before = installation.get(f"/v1/orders/{order['id']}")
        versions = {event.id: event.version for event in inbox(ledger)}
        (tried,) = json.loads(installation.command("events", "replay", "--dry-run", failing.event_id, "--json"))
        assert tried["outcome"] == "would be processed"
        assert "refund" in entities(tried["moves"])
        assert installation.get(f"/v1/orders/{order['id']}") == before
        assert {event.id: event.version for event in inbox(ledger)} == versions

        installation.work()
        eventually(lambda: {event.status.value for event in inbox(ledger)} == {"processed"})
        jobs = ledger.read(lambda uow: uow.jobs.of_subjects([event.id for event in inbox(ledger)]))
        moved = ledger.read(lambda uow: [move for job in jobs for move in uow.history.made_by(job.signature)])
    assert [move.entity for move in moved].count("refund") == 1  # several tell of it, one of them first
    assert set(deliveries(installation).values()) == {1}


def test_a_redelivery_is_known_when_the_body_is_long_forgotten(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    on_sqlite.work()
    order = on_sqlite.until(on_sqlite.buy(a_domain("example.rw")), "completed")
    on_sqlite.all_told()
    with the_ledger_of(on_sqlite) as ledger:
        eventually(lambda: all(event.is_settled for event in inbox(ledger)))
        known = inbox(ledger)
        with sqlite3.connect(str(on_sqlite.settings["BILLING_DATABASE_URL"])[len("sqlite:///") :], timeout=10) as file:
            file.execute("UPDATE inbox_events SET received_at = datetime('now', '-91 days')")
        eventually(lambda: not any(event.body for event in inbox(ledger)))

        rows = {event.id: event.version for event in inbox(ledger)}
        for event in known:
            on_sqlite.control("POST", f"/stripe/events/{event.event_id}/resend")
        eventually(lambda: all(deliveries(on_sqlite)[event.event_id] == 2 for event in known))
        on_sqlite.all_told()
        assert {event.id: event.version for event in inbox(ledger)} == rows
    assert on_sqlite.get(f"/v1/orders/{order['id']}")["status"] == "completed"
    assert on_sqlite.registry("example.rw")["creates"] == 1
    assert "unchanged (it was processed" in on_sqlite.command("events", "replay", known[0].id)
