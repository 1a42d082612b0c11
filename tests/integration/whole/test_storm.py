"""Every event type twice, reversed, eight at a time: one payment, one set of jobs, one registration."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from itertools import count
from typing import Any

import pytest
import requests
import stripe

from tests.integration.whole.installation import Installation, a_domain, a_hosting, eventually

SUCCESSES = {"checkout.session.completed", "checkout.session.async_payment_succeeded", "payment_intent.succeeded"}
OTHERS = {
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
}


@pytest.mark.parametrize("reverse", [False, True], ids=["forwards", "backwards"])
def test_every_event_type_twice_and_eight_at_a_time_moves_the_order_once(
    installation: Installation, reverse: bool
) -> None:
    """Seen elsewhere: a method of the provider's library was gone, and every webhook ended in 500."""
    installation.serve()
    installation.control("PUT", "/webhooks", {"url": "http://127.0.0.1:9/nobody"})
    order = installation.order(a_domain("example.rw"), a_hosting())
    payment = installation.start(order)
    _decline(payment)
    installation.pay(payment)

    events = sorted(_every_type(installation, payment), key=lambda event: event["type"], reverse=reverse)
    assert {event["type"] for event in events} == SUCCESSES | OTHERS
    installation.work()
    with ThreadPoolExecutor(8) as eight:
        answers = list(eight.map(lambda event: _deliver(installation, event), [*events, *events] * 2))
    assert Counter(answers) == {200: 4 * len(events)}

    done = installation.until(order, "completed")
    jobs = eventually(lambda: _all_over(installation))
    kinds = Counter(job["kind"] for job in jobs)
    assert kinds["process_event"] == len(events)
    assert (kinds["register_domain"], kinds["activate_subscription"]) == (1, 1)
    assert {job["status"] for job in jobs} == {"succeeded"}
    (one,) = done["payments"]
    paid = installation.get(f"/v1/payments/{one['id']}")
    assert (paid["status"], paid["surplus"]) == ("succeeded", False)
    assert installation.registry("example.rw")["creates"] == 1
    assert installation.get(f"/v1/orders/{order['id']}")["status"] == "completed"


def test_what_is_not_genuine_is_refused_and_nothing_of_it_is_kept(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    secret = on_sqlite.settings["BILLING_STRIPE_WEBHOOK_SECRETS"]
    body = json.dumps({"object": "event"})
    signed = stripe.WebhookSignature.generate_signature_header(body, secret)
    stale = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=1_700_000_000)
    future = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=4_000_000_000)
    for header in ("", "t=1,v1=00", stale, future, signed):
        answer = _post(on_sqlite, body.encode(), header)
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    too_long = b" " * (1024 * 1024 + 1)
    assert _post(on_sqlite, too_long, signed).status_code == 413
    assert json.loads(on_sqlite.command("jobs", "list", "--json")) == []
    metrics = requests.get(f"{on_sqlite.url}/metrics", timeout=10).text
    assert 'billing_webhooks_forged_total{gateway="stripe"} 5.0' in metrics


def test_an_event_about_somebody_elses_payment_is_stored_answered_and_ignored(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    on_sqlite.work()
    client = _stripe(on_sqlite)
    price = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "a book"}}
    session = client.v1.checkout.sessions.create({
        "mode": "payment", "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": "http://other.test/", "cancel_url": "http://other.test/",
    })  # fmt: skip
    on_sqlite.control("POST", f"/stripe/sessions/{session.id}/pay")
    on_sqlite.all_told()
    assert len(_read_by_billing(on_sqlite)) == 2
    for event_id in _read_by_billing(on_sqlite):
        shown = eventually(lambda event_id=event_id: _settled(on_sqlite, event_id))
        assert shown["status"] == "ignored"


# ---------------------------------------------------------------------- within


def _every_type(installation: Installation, payment: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The provider's own events, and those it did not need to send, made of the same objects."""
    told = {event["type"]: event for event in _events(installation) if event["type"] in SUCCESSES | OTHERS}
    numbers = count(1)
    changes: dict[str, tuple[str, dict[str, Any]]] = {
        "checkout.session.async_payment_succeeded": ("checkout.session.completed", {}),
        "checkout.session.async_payment_failed": ("checkout.session.completed", {"payment_status": "unpaid"}),
        "checkout.session.expired": (
            "checkout.session.completed",
            {"status": "expired", "payment_status": "unpaid"},
        ),
        "payment_intent.canceled": ("payment_intent.succeeded", {"status": "canceled", "amount_received": 0}),
    }
    yield from told.values()
    for type, (like, change) in changes.items():
        event = deepcopy(told[like])
        event["id"], event["type"] = f"evt_made{next(numbers):04}", type
        event["data"]["object"].update(change)
        yield event


def _stripe(installation: Installation) -> stripe.StripeClient:
    world = installation.settings
    return stripe.StripeClient(
        world["BILLING_STRIPE_API_KEY"], base_addresses={"api": world["BILLING_STRIPE_API_BASE"]}
    )


def _events(installation: Installation) -> list[dict[str, Any]]:
    return [event.to_dict() for event in _stripe(installation).v1.events.list({"limit": 100}).data]


def _decline(payment: dict[str, Any]) -> None:
    requests.post(payment["redirect_url"], data={"act": "decline"}, allow_redirects=False, timeout=10)


def _deliver(installation: Installation, event: dict[str, Any]) -> int:
    body = json.dumps(event)
    secret = installation.settings["BILLING_STRIPE_WEBHOOK_SECRETS"]
    header = stripe.WebhookSignature.generate_signature_header(body, secret)
    return _post(installation, body.encode(), header).status_code


def _post(installation: Installation, body: bytes, header: str) -> requests.Response:
    headers = {"Stripe-Signature": header, "Content-Type": "application/json"}
    return requests.post(f"{installation.url}/webhooks/stripe", data=body, headers=headers, timeout=30)


def _all_over(installation: Installation) -> list[dict[str, Any]] | None:
    jobs: list[dict[str, Any]] = json.loads(installation.command("jobs", "list", "--json", "--limit", "1000"))
    others = [job for job in jobs if job["kind"] != "check_payment"]
    return others if all(job["status"] not in ("queued", "running") for job in others) else None


def _read_by_billing(installation: Installation) -> list[str]:
    events = installation.control("GET", "/state")["stripe"]["events"]
    return [event["id"] for event in events if event["type"] in SUCCESSES and event["delivered"]]


def _settled(installation: Installation, event_id: str) -> dict[str, Any] | None:
    shown: dict[str, Any] = json.loads(installation.command("events", "show", event_id, "--json"))
    return shown if shown["status"] != "received" else None
