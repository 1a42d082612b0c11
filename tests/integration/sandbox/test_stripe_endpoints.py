"""Webhook endpoints in the sandbox's Stripe: who is told of what, and in the shape of which version."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from tests.integration.sandbox.harness import PAID_EVENTS, Endpoint, Sandbox, an_order, eventually

OLDEST, ACACIA, BASIL, ENDIVE = "2020-08-27", "2025-02-24.acacia", "2025-03-31.basil", "2026-10-28.endive"


@pytest.fixture
def elsewhere() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


def listen(sandbox: Sandbox, endpoint: Endpoint, *types: str, **more: Any) -> stripe.WebhookEndpoint:
    wanted: Any = {"url": endpoint.url, "enabled_events": types or ("*",), **more}
    return sandbox.api.webhook_endpoints.create(wanted)


def told(endpoint: Endpoint, type: str) -> Any:
    """The one event of this type."""
    (event,) = eventually(lambda: [event for event in endpoint.events() if event["type"] == type])
    return event


def test_an_endpoint_gets_what_it_asked_for_signed_with_its_own_secret(
    sandbox: Sandbox, endpoint: Endpoint, elsewhere: Endpoint
) -> None:
    made = listen(sandbox, elsewhere, "customer.created", api_version=BASIL)
    secret = str(made.secret)
    assert secret.startswith("whsec_")
    customer = sandbox.api.customers.create({})
    sandbox.api.customers.update(customer.id, {"name": "A. Customer"})
    told(endpoint, "customer.updated")
    event = told(elsewhere, "customer.created")
    assert event["api_version"] == BASIL
    assert told(endpoint, "customer.created")["api_version"] == ENDIVE
    assert elsewhere.types() == ["customer.created"]
    body, signature = elsewhere.received[0]
    assert stripe.WebhookSignature.verify_header(body.decode(), signature, secret, tolerance=300)
    with pytest.raises(stripe.SignatureVerificationError):
        other = sandbox.settings["BILLING_STRIPE_WEBHOOK_SECRETS"]
        stripe.WebhookSignature.verify_header(body.decode(), signature, other, tolerance=300)


def test_an_endpoint_is_changed_silenced_and_deleted(sandbox: Sandbox, elsewhere: Endpoint) -> None:
    made = listen(sandbox, elsewhere, "customer.created", metadata={"installation": "1"}, description="ours")
    (found,) = sandbox.api.webhook_endpoints.list().data
    assert (found.id, found.metadata["installation"], found.status) == (made.id, "1", "enabled")
    assert "secret" not in found

    changes: Any = {"enabled_events": ["customer.updated"], "description": ""}
    changed = sandbox.api.webhook_endpoints.update(made.id, changes)
    assert (changed.enabled_events, changed.description) == (["customer.updated"], None)
    customer = sandbox.api.customers.create({})
    sandbox.api.customers.update(customer.id, {"name": "A"})
    told(elsewhere, "customer.updated")
    assert sandbox.api.webhook_endpoints.update(made.id, {"disabled": True}).status == "disabled"
    sandbox.api.customers.update(customer.id, {"name": "B"})
    assert sandbox.api.webhook_endpoints.update(made.id, {"disabled": False}).status == "enabled"
    sandbox.api.customers.update(customer.id, {"name": "C"})
    eventually(lambda: len(elsewhere.received) == 2)
    assert [event["data"]["object"]["name"] for event in elsewhere.events()] == ["A", "C"]
    assert sandbox.api.webhook_endpoints.delete(made.id).deleted
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook_endpoint"):
        sandbox.api.webhook_endpoints.retrieve(made.id)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"enabled_events": ["payment.done"]}, "enabled_events[0]"),
        ({"url": "shop.test"}, "url"),
        ({"api_version": "2025-03-31.endive"}, None),
        ({"secret": "x"}, "secret"),
    ],
)
def test_what_an_endpoint_cannot_be_is_refused(
    sandbox: Sandbox, elsewhere: Endpoint, given: dict[str, Any], param: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.api.webhook_endpoints.create({"url": elsewhere.url, "enabled_events": ["*"], **given})
    assert refusal.value.param == param


def waiting_for_one(sandbox: Sandbox) -> list[stripe.Event]:
    """Those that one endpoint has yet to accept: word of the other's answer comes a little after it."""
    undelivered = sandbox.api.events.list({"delivery_success": False}).data
    return [event for event in undelivered if event.pending_webhooks == 1]


def test_an_event_has_arrived_when_it_has_arrived_everywhere(
    sandbox: Sandbox, endpoint: Endpoint, elsewhere: Endpoint
) -> None:
    elsewhere.next_statuses = [500] * 1000
    made = listen(sandbox, elsewhere)
    sandbox.api.customers.create({})
    told(endpoint, "customer.created")
    eventually(lambda: elsewhere.received)
    (event,) = eventually(lambda: waiting_for_one(sandbox))
    assert not sandbox.state()["events"][0]["delivered"]
    assert sandbox.api.events.list({"delivery_success": True}).data == []

    elsewhere.next_statuses = []

    eventually(lambda: sandbox.api.events.list({"delivery_success": True}).data)
    assert sandbox.state()["events"][0]["delivered"]
    before = len(elsewhere.received)
    assert sandbox.control("POST", f"/stripe/events/{event.id}/resend").ok
    eventually(lambda: (len(elsewhere.received), len(endpoint.received)) == (before + 1, 2))
    sandbox.api.webhook_endpoints.delete(made.id)


def test_what_nobody_listens_to_is_not_missed(sandbox: Sandbox, elsewhere: Endpoint) -> None:
    listen(sandbox, elsewhere, "customer.deleted")
    sandbox.api.customers.create({})
    eventually(lambda: sandbox.api.events.list({"delivery_success": True}).data)


def test_the_oldest_accounts_see_charges_in_intents(sandbox: Sandbox, endpoint: Endpoint, elsewhere: Endpoint) -> None:
    listen(sandbox, elsewhere, api_version=OLDEST)
    session = sandbox.api.checkout.sessions.create(an_order())
    sandbox.act(session, "decline")
    sandbox.act(session, "pay")

    intent = told(elsewhere, "payment_intent.succeeded")["data"]["object"]

    charges = intent["charges"]
    assert [charge["status"] for charge in charges["data"]] == ["succeeded", "failed"]
    assert (charges["total_count"], charges["data"][0]["refunds"]["data"]) == (2, [])
    assert "latest_charge" not in intent
    assert (intent["invoice"], intent["capture_method"]) == (None, "automatic")
    failed = told(elsewhere, "payment_intent.payment_failed")["data"]["object"]
    assert [charge["status"] for charge in failed["charges"]["data"]] == ["failed"]
    done = told(elsewhere, "checkout.session.completed")["data"]["object"]
    assert (done["ui_mode"], done["shipping"]) == ("hosted", None)
    newest = told(endpoint, "payment_intent.succeeded")["data"]["object"]
    assert "charges" not in newest
    assert newest["latest_charge"] == charges["data"][0]["id"]
    eventually(lambda: set(elsewhere.types()) >= PAID_EVENTS)

    sandbox.control("POST", f"/stripe/sessions/{session.id}/refund")
    refunded = told(elsewhere, "charge.refunded")["data"]["object"]
    assert [refund["amount"] for refund in refunded["refunds"]["data"]] == [30_000]


@pytest.mark.parametrize(
    ("version", "has_invoice", "ui_mode"),
    [(ACACIA, True, "hosted"), (BASIL, False, "hosted"), ("2026-03-25.dahlia", False, "hosted_page")],
)
def test_each_line_has_its_shape(
    sandbox: Sandbox, elsewhere: Endpoint, version: str, has_invoice: bool, ui_mode: str
) -> None:
    listen(sandbox, elsewhere, api_version=version)
    session = sandbox.api.checkout.sessions.create(an_order())
    sandbox.act(session, "pay")
    event = told(elsewhere, "payment_intent.succeeded")
    assert event["api_version"] == version
    intent = event["data"]["object"]
    assert intent["latest_charge"]
    assert ("charges" in intent, "invoice" in intent) == (False, has_invoice)
    assert told(elsewhere, "checkout.session.completed")["data"]["object"]["ui_mode"] == ui_mode


def test_requests_are_answered_in_their_version_and_events_in_the_accounts(sandbox: Sandbox) -> None:
    wanted: Any = {"amount": 1299, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    old: Any = sandbox.client(stripe_version=OLDEST).v1.payment_intents.create(wanted)
    assert old.charges.data[0].status == "succeeded"
    new: Any = sandbox.api.payment_intents.retrieve(old.id)
    assert "charges" not in new
    (event,) = sandbox.client(stripe_version=OLDEST).v1.events.list({"type": "payment_intent.succeeded"}).data
    assert event.api_version == "2026-03-25.dahlia"
    assert "charges" not in event.data.object


def test_the_version_of_the_control_calls_endpoint_is_set_with_it(sandbox: Sandbox, endpoint: Endpoint) -> None:
    body = {"url": endpoint.url, "api_version": OLDEST}
    assert sandbox.control("PUT", "/webhooks", body).json() == body
    sandbox.api.customers.create({})
    assert told(endpoint, "customer.created")["api_version"] == OLDEST
    assert sandbox.control("PUT", "/webhooks", {"url": endpoint.url, "api_version": "new"}).status_code == 400


def test_a_thin_event_says_only_what_it_is_about(sandbox: Sandbox, endpoint: Endpoint) -> None:
    related = {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"}
    body = {"type": "v1.billing.meter.error_report_triggered", "related": related}
    assert sandbox.control("POST", "/stripe/events/thin", body).ok
    eventually(lambda: endpoint.received)
    payload, signature = endpoint.received[0]
    secret = sandbox.settings["BILLING_STRIPE_WEBHOOK_SECRETS"]
    event: Any = sandbox.client().parse_event_notification(payload, signature, secret)
    assert (event.type, event.related_object.id) == (body["type"], "mtr_1")
    assert json.loads(payload)["object"] == "v2.core.event"
    (thin,) = sandbox.state()["thin_events"]
    assert thin["id"] == event.id
    assert sandbox.api.events.list().data == []


def test_events_are_paged_both_ways_and_by_time_and_type(sandbox: Sandbox) -> None:
    ids = [sandbox.api.customers.create({}).id for _ in range(3)][::-1]

    def seen(**params: Any) -> list[str]:
        return [event.data.object["id"] for event in sandbox.api.events.list(params).data]

    events = sandbox.api.events.list().data
    assert seen(limit=2) == ids[:2]
    assert seen(starting_after=events[0].id) == ids[1:]
    assert seen(ending_before=events[2].id) == ids[:2]
    assert seen(created={"gte": events[0].created + 60}) == []
    assert seen(created={"gte": events[2].created}, types=["customer.created", "charge.failed"]) == ids
    assert seen(type="customer.deleted") == []
    with pytest.raises(stripe.InvalidRequestError, match="exceeded maximum 20"):
        seen(types=["customer.created"] * 21)
