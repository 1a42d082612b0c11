"""Products and prices of the sandbox's Stripe, kept by stripe-python as a catalogue is mirrored."""

from decimal import Decimal
from typing import Any

import pytest
import stripe

from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually

KEY = "inst:starter:monthly:usd:499"


def a_price(**more: Any) -> Any:
    """What to create a price with: 4.99 USD a month."""
    return {"currency": "usd", "unit_amount": 499, "recurring": {"interval": "month"}, **more}


def test_a_catalogue_is_mirrored_once_however_often(sandbox: Sandbox, endpoint: Endpoint) -> None:
    product: Any = {"id": "plan_starter", "name": "Starter", "metadata": {"plan": "starter"}}
    for _ in range(2):
        sandbox.api.products.create(product, {"idempotency_key": "product:starter"})
        wanted = a_price(product="plan_starter", lookup_key=KEY)
        price = sandbox.api.prices.create(wanted, {"idempotency_key": f"price:{KEY}"})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.api.products.create(product)
    assert (refusal.value.code, refusal.value.param) == ("resource_already_exists", "id")
    assert [found.id for found in sandbox.api.prices.list({"lookup_keys": [KEY, "another"]}).data] == [price.id]
    assert price.recurring
    assert (price.type, price.recurring.interval, price.unit_amount) == ("recurring", "month", 499)
    assert price.unit_amount_decimal == Decimal(499)
    eventually(lambda: sorted(endpoint.types()) == ["plan.created", "price.created", "product.created"])


def test_a_lookup_key_moves_only_if_that_is_asked(sandbox: Sandbox, endpoint: Endpoint) -> None:
    sandbox.api.products.create({"id": "plan_starter", "name": "Starter"})
    old = sandbox.api.prices.create(a_price(product="plan_starter", lookup_key=KEY))
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        sandbox.api.prices.create(a_price(product="plan_starter", lookup_key=KEY, unit_amount=599))

    new = sandbox.api.prices.create(
        a_price(product="plan_starter", lookup_key=KEY, unit_amount=599, transfer_lookup_key=True)
    )

    assert [found.id for found in sandbox.api.prices.list({"lookup_keys": [KEY]}).data] == [new.id]
    assert sandbox.api.prices.retrieve(old.id).lookup_key is None
    (told,) = eventually(lambda: [event for event in endpoint.events() if event["type"] == "price.updated"])
    assert told["data"]["previous_attributes"] == {"lookup_key": KEY}


def test_lists_go_by_product_and_by_what_is_active(sandbox: Sandbox) -> None:
    for id in ("plan_a", "plan_b"):
        sandbox.api.products.create({"id": id, "name": id})
    monthly = sandbox.api.prices.create(a_price(product="plan_a"))
    yearly = sandbox.api.prices.create(a_price(product="plan_a", recurring={"interval": "year"}, unit_amount=4999))
    sandbox.api.prices.create(a_price(product="plan_b"))

    sandbox.api.prices.update(monthly.id, {"active": False, "metadata": {"why": "dearer now"}})

    found = sandbox.api.prices.list({"product": "plan_a", "active": True}).data
    assert [price.id for price in found] == [yearly.id]
    found = sandbox.api.prices.list({"product": "plan_a", "recurring": {"interval": "month"}}).data
    assert [(price.id, price.metadata["why"]) for price in found] == [(monthly.id, "dearer now")]
    with pytest.raises(stripe.InvalidRequestError, match="user-created prices"):
        sandbox.api.products.delete("plan_b")


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"product": "prod_none"}, "product"),
        ({"product": "plan_a", "product_data": {"name": "B"}}, "product"),
        ({"product": "plan_a", "recurring": {"interval": "fortnight"}}, "recurring[interval]"),
        ({"product": "plan_a", "recurring": {"interval": "year", "interval_count": 4}}, "recurring"),
        ({"product": "plan_a", "tiers_mode": "graduated"}, "tiers_mode"),
    ],
)
def test_what_stripe_would_refuse_is_refused(sandbox: Sandbox, given: dict[str, Any], param: str) -> None:
    sandbox.api.products.create({"id": "plan_a", "name": "A"})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.api.prices.create(a_price(**given))
    assert refusal.value.param == param
