"""The yardstick: a client that nobody here wrote, Stripe's own command line, plays against sandbox and billing."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from billing.adapters.stripe_gateway.events import READS
from tests.integration.whole.installation import Installation, a_domain, eventually
from tests.integration.whole.stripe_cli import StripeCli, fetched

TRIGGERS = (
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "invoice.paid",
    "invoice.payment_failed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "charge.refunded",
    "charge.dispute.created",
    "setup_intent.succeeded",
    "payment_method.attached",
)


@pytest.fixture(scope="module")
def program() -> Path:
    return fetched()


@pytest.fixture
def cli(program: Path, on_sqlite: Installation, tmp_path: Path) -> StripeCli:
    """Stripe's command line, and billing at work."""
    on_sqlite.serve()
    on_sqlite.work()
    world = on_sqlite.settings
    return StripeCli(program, tmp_path, world["BILLING_STRIPE_API_BASE"], world["BILLING_STRIPE_API_KEY"])


def inbox(installation: Installation) -> list[Any]:
    """What billing has received, once it was told everything and is done with all of it."""
    installation.all_told()

    def look() -> Any:
        events = json.loads(installation.command("events", "list", "--limit", "500", "--json"))
        return events if all(event["status"] not in ("received", "unmatched") for event in events) else None

    return list(eventually(look))


def as_of(installation: Installation, order: Any) -> list[str]:
    """Options that give a trigger's intent the sum and the metadata of the order's payment, which is started."""
    installation.start(order)
    session = installation.control("GET", "/state")["stripe"]["sessions"][-1]
    metadata = [f"payment_intent:metadata[{name}]={value}" for name, value in session["metadata"].items()]
    sum_asked = f"payment_intent:amount={session['amount_total']}"
    return ["--override", sum_asked, *(word for added in metadata for word in ("--add", added))]


def test_every_trigger_plays_and_billing_receives_what_follows(on_sqlite: Installation, cli: StripeCli) -> None:
    for trigger in TRIGGERS:
        before = len(on_sqlite.control("GET", "/state")["stripe"]["events"])
        cli.trigger(trigger)
        followed = [event["type"] for event in on_sqlite.all_told()[before:]]
        assert trigger in followed

    received = inbox(on_sqlite)

    # None of it is ours: what we read is kept and left alone, the rest is not kept at all.
    readable = Counter(event["type"] for event in on_sqlite.all_told() if event["type"] in READS)
    assert Counter(event["type"] for event in received) == readable
    assert {event["status"] for event in received} == {"ignored"}
    assert {event["attempts"] for event in on_sqlite.all_told()} == {1}


def test_what_bears_our_metadata_is_read(on_sqlite: Installation, cli: StripeCli) -> None:
    declined, paid = (on_sqlite.order(a_domain(name)) for name in ("declined.rw", "paid.rw"))

    cli.trigger("payment_intent.payment_failed", *as_of(on_sqlite, declined))
    cli.trigger("payment_intent.succeeded", *as_of(on_sqlite, paid))

    assert on_sqlite.until(paid, "completed")
    assert on_sqlite.registry("paid.rw")["creates"] == 1
    assert {event["type"]: event["status"] for event in inbox(on_sqlite)} == {
        "payment_intent.payment_failed": "processed",
        "payment_intent.succeeded": "processed",
    }
    assert on_sqlite.get(f"/v1/orders/{declined['id']}")["status"] == "pending"  # its page is still open
