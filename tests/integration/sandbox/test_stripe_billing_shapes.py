"""Subscriptions and invoices of the sandbox's Stripe in the shapes of the API's versions."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually
from tests.integration.sandbox.subscribers import DAY_SECONDS, a_customer, a_price, a_subscription

OLD = ("2020-08-27", "2024-06-20", "2025-02-24.acacia")
NEW = ("2025-03-31.basil", "2025-09-30.clover", "2026-03-25.dahlia", "2026-10-28.endive")


@pytest.fixture
def elsewhere() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


def told(sandbox: Sandbox, endpoint: Endpoint, version: str, *types: str) -> list[Any]:
    """What an endpoint of this version is shown by events of these types, one each, of a subscription that is paid."""
    wanted: Any = {"url": endpoint.url, "enabled_events": list(types), "api_version": version}
    sandbox.api.webhook_endpoints.create(wanted)
    customer = a_customer(sandbox)
    sandbox.api.invoice_items.create({"customer": customer.id, "amount": 500, "currency": "usd"})
    a_subscription(sandbox, customer, a_price(sandbox, 1000), metadata={"item_id": "item_1"})
    eventually(lambda: len(endpoint.received) == len(types))
    shown = {event["type"]: event for event in endpoint.events()}
    assert {event["api_version"] for event in shown.values()} == {version}
    return [shown[type]["data"]["object"] for type in types]


@pytest.mark.parametrize("version", OLD)
def test_before_basil_an_invoice_names_its_subscription_intent_and_charge(
    sandbox: Sandbox, elsewhere: Endpoint, version: str
) -> None:
    types = ("invoice.paid", "customer.subscription.created", "payment_intent.succeeded", "charge.succeeded")
    invoice, subscription, intent, charge = told(sandbox, elsewhere, version, *types)

    assert (invoice["subscription"], invoice["paid"]) == (subscription["id"], True)
    assert (invoice["payment_intent"], invoice["charge"]) == (intent["id"], charge["id"])
    assert invoice["subscription_details"] == {"metadata": {"item_id": "item_1"}}
    assert not {"parent", "payments", "confirmation_secret"} & invoice.keys()
    by_hand, cycle = invoice["lines"]["data"]
    assert (by_hand["type"], by_hand["amount"], by_hand["plan"]) == ("invoiceitem", 500, None)
    assert (cycle["type"], cycle["subscription"], cycle["proration"]) == ("subscription", subscription["id"], False)
    assert (cycle["price"]["unit_amount"], cycle["plan"]["interval"]) == (1000, "month")
    assert not {"parent", "pricing"} & cycle.keys()
    (item,) = subscription["items"]["data"]
    assert cycle["subscription_item"] == item["id"]
    assert subscription["current_period_start"] == cycle["period"]["start"]
    assert "current_period_end" not in item
    # The event was told before the invoice was made final; what the intent is for is looked up as it is sent.
    assert (intent["invoice"], charge["invoice"]) == (invoice["id"], invoice["id"])


@pytest.mark.parametrize("version", NEW)
def test_from_basil_on_an_invoice_says_so_in_its_parent(sandbox: Sandbox, elsewhere: Endpoint, version: str) -> None:
    types = ("invoice.paid", "customer.subscription.created", "payment_intent.succeeded")
    invoice, subscription, intent = told(sandbox, elsewhere, version, *types)

    details = invoice["parent"]["subscription_details"]
    assert (details["subscription"], details["metadata"]) == (subscription["id"], {"item_id": "item_1"})
    assert not {"subscription", "payment_intent", "charge", "paid"} & invoice.keys()
    assert "invoice" not in intent
    by_hand, cycle = invoice["lines"]["data"]
    assert by_hand["parent"]["type"] == "invoice_item_details"
    assert cycle["parent"]["subscription_item_details"]["proration"] is False
    assert ("quantity_decimal" in cycle) == (version >= "2026-03-25")
    (item,) = subscription["items"]["data"]
    assert item["current_period_end"] == cycle["period"]["end"]
    assert "current_period_end" not in subscription


def test_a_client_of_an_old_version_is_answered_in_its_shape(sandbox: Sandbox) -> None:
    subscription = a_subscription(sandbox, a_customer(sandbox))
    old: Any = sandbox.client(stripe_version="2024-06-20").v1
    assert old.subscriptions.retrieve(subscription.id).current_period_start == subscription.start_date
    (invoice,) = old.invoices.list({"subscription": subscription.id}).data
    assert (invoice.subscription, invoice.paid) == (subscription.id, True)


@pytest.mark.parametrize(("version", "moved"), [(OLD[0], "current_period_end"), (NEW[0], "items")])
def test_what_was_before_has_the_shape_of_the_version_too(
    sandbox: Sandbox, elsewhere: Endpoint, version: str, moved: str
) -> None:
    wanted: Any = {"url": elsewhere.url, "enabled_events": ["customer.subscription.updated"], "api_version": version}
    sandbox.api.webhook_endpoints.create(wanted)
    subscription = a_subscription(sandbox, a_customer(sandbox))

    sandbox.control("POST", "/clock/advance", {"seconds": 32 * DAY_SECONDS})

    eventually(lambda: elsewhere.received)
    (event,) = elsewhere.events()
    previous = event["data"]["previous_attributes"]
    assert moved in previous
    assert ("items" in previous) != ("current_period_start" in previous)
    assert previous["latest_invoice"] == subscription.latest_invoice
