"""How the sandbox's Stripe delivers its events, fails on order, and survives being killed."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.integration.sandbox.harness import PAID_EVENTS, Endpoint, Sandbox, an_order, eventually


def test_an_event_is_delivered_until_it_is_accepted(sandbox: Sandbox, endpoint: Endpoint) -> None:
    endpoint.next_statuses = [500, 503]
    sandbox.api.customers.create({})
    eventually(lambda: len(endpoint.received) == 3)
    (event,) = eventually(lambda: sandbox.api.events.list({"delivery_success": True}).data)
    assert (event.type, event.pending_webhooks) == ("customer.created", 0)
    assert sandbox.state()["events"][0]["attempts"] == 3

    assert sandbox.control("POST", f"/stripe/events/{event.id}/resend").ok
    eventually(lambda: len(endpoint.received) == 4)


def test_a_lost_event_is_found_in_the_list_only(sandbox: Sandbox, endpoint: Endpoint) -> None:
    sandbox.fault("stripe.webhooks.deliver.customer.created", "lose")
    lost = sandbox.api.customers.create({"email": "lost@example.com"})
    told = sandbox.api.customers.create({})
    eventually(lambda: [event["data"]["object"]["id"] for event in endpoint.events()] == [told.id])

    missed = eventually(
        lambda: (
            sandbox.api.events.list({"delivery_success": True}).data
            and sandbox.api.events.list({"delivery_success": False, "types": ["customer.*", "charge.failed"]}).data
        )
    )
    assert [event.data.object["id"] for event in missed] == [lost.id]


def test_a_duplicated_event_comes_twice(sandbox: Sandbox, endpoint: Endpoint) -> None:
    sandbox.fault("stripe.webhooks.deliver", "duplicate")
    sandbox.api.customers.create({})
    eventually(lambda: endpoint.types() == ["customer.created"] * 2)


def test_deliveries_move_to_a_new_address(sandbox: Sandbox, endpoint: Endpoint) -> None:
    endpoint.next_statuses = [500] * 1000
    sandbox.api.customers.create({})
    eventually(lambda: endpoint.received)
    elsewhere = Endpoint()

    assert sandbox.control("PUT", "/webhooks", {"url": elsewhere.url}).ok

    eventually(lambda: elsewhere.types() == ["customer.created"])
    elsewhere.close()


def test_a_lost_answer_is_found_again_under_its_key(sandbox: Sandbox) -> None:
    sandbox.fault("stripe.checkout_sessions.create", "lose_answer")
    options: Any = {"idempotency_key": "checkout:pay_1"}
    with pytest.raises(stripe.APIConnectionError):
        sandbox.api.checkout.sessions.create(an_order(), options)

    session = sandbox.api.checkout.sessions.create(an_order(), options)

    assert [known["id"] for known in sandbox.state()["sessions"]] == [session.id]


@pytest.mark.parametrize("end", ["the client gives up", "the faults are lifted"])
def test_a_hung_request_holds_its_key_no_longer_than_anybody_waits(sandbox: Sandbox, end: str) -> None:
    sandbox.fault("stripe.customers.create", "hang")
    options: Any = {"idempotency_key": "customer:1"}
    patience = stripe.RequestsClient(timeout=0.5 if end == "the client gives up" else 60)
    failed: list[Exception] = []

    def hang() -> None:
        try:
            sandbox.client(http_client=patience).v1.customers.create({}, options)
        except stripe.APIConnectionError as error:
            failed.append(error)

    hung = threading.Thread(target=hang, daemon=True)
    hung.start()
    eventually(lambda: sandbox.control("GET", "/faults").json()["faults"] == [])
    if end == "the faults are lifted":
        with pytest.raises(stripe.APIError, match="in-progress request"):
            sandbox.api.customers.create({}, options)
        assert sandbox.control("PUT", "/faults", {"faults": []}).ok
    hung.join(timeout=10)
    assert failed

    def made() -> stripe.Customer | None:
        try:
            return sandbox.api.customers.create({}, options)
        except stripe.APIError as error:
            assert error.http_status == 409
            return None

    assert eventually(made).id
    assert len(sandbox.state()["customers"]) == 1


def test_a_refused_or_cut_request_has_done_nothing(sandbox: Sandbox) -> None:
    sandbox.fault("stripe.*", "refuse", code=429)
    with pytest.raises(stripe.RateLimitError):
        sandbox.api.customers.create({})
    sandbox.fault("stripe.customers", "close")
    with pytest.raises(stripe.APIConnectionError):
        sandbox.api.customers.create({})
    assert sandbox.state()["customers"] == []


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"point": "stripe.*"},
        {"point": "a", "kind": "explode"},
        {"point": "a", "kind": "slow", "times": 0},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    sandbox.fault("epp.create", "slow", seconds=2.0)
    answer = sandbox.control("PUT", "/faults", {"faults": [fault]})
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert len(sandbox.control("GET", "/faults").json()["faults"]) == 1


def test_a_sandbox_of_the_time_of_one_endpoint_goes_on(tmp_path: Path, endpoint: Endpoint) -> None:
    columns = "id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0"
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as before:
        before.execute(f"CREATE TABLE deliveries ({columns}, begun REAL NOT NULL, due REAL NOT NULL)")
    sandbox = Sandbox(tmp_path, endpoint.url)
    sandbox.api.customers.create({})
    eventually(lambda: endpoint.types() == ["customer.created"])
    sandbox.stop()


def test_nothing_is_forgotten_when_the_process_is_killed(sandbox: Sandbox, endpoint: Endpoint) -> None:
    endpoint.next_statuses = [500] * 1000
    options: Any = {"idempotency_key": "checkout:pay_1"}
    session = sandbox.api.checkout.sessions.create(an_order(), options)
    sandbox.control("POST", "/clock/advance", {"seconds": 60})
    assert sandbox.act(session, "pay").ok
    before = sandbox.settings

    sandbox.kill()
    endpoint.received, endpoint.next_statuses = [], []
    sandbox.start()

    assert sandbox.settings == before
    assert sandbox.control("GET", "/state").json()["clock"]["offset_seconds"] == 60
    assert sandbox.api.checkout.sessions.create(an_order(), options).id == session.id
    eventually(lambda: set(endpoint.types()) == PAID_EVENTS)
