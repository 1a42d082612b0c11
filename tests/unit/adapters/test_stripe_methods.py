"""Accounts and saved methods at Stripe: what is asked where there are many, and where an answer was lost."""

from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import responses

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeMethods
from billing.application.outcomes import OutcomeUnknown
from tests.builders import a_customer, a_wallet
from tests.contracts.payment_gateway import soon

API = "https://api.stripe.com/v1"


@pytest.fixture
def methods() -> StripeMethods:
    return StripeMethods(api_key="sk_test_example", installation=lambda: "ins_ours", telemetry=MemoryTelemetry())


def listed(*data: dict[str, Any], has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(data), "has_more": has_more, "url": "/v1/things"}


def keys(api: responses.RequestsMock) -> list[str]:
    return [call.request.headers["Idempotency-Key"] for call in api.calls if call.request.method == "POST"]


def test_an_account_is_found_behind_others_of_the_same_address(
    api: responses.RequestsMock, methods: StripeMethods
) -> None:
    customer = a_customer()
    ours = {"installation": "ins_ours", "customer_id": customer.id}
    api.get(f"{API}/customers", json=listed({"id": "cus_0", "object": "customer", "metadata": {}}, has_more=True))
    api.get(f"{API}/customers", json=listed({"id": "cus_1", "object": "customer", "metadata": ours}))
    assert methods.open_account(customer, soon()) == "cus_1"
    pages = [call.request.params for call in api.calls]  # type: ignore[attr-defined]
    assert [page.get("starting_after") for page in pages] == [None, "cus_0"]


def test_an_account_is_opened_again_under_its_key_for_as_long_as_it_is_asked_for_alike(
    api: responses.RequestsMock, methods: StripeMethods
) -> None:
    customer = a_customer()
    api.get(f"{API}/customers", json=listed())
    api.post(f"{API}/customers", body=requests.ReadTimeout())
    api.post(f"{API}/customers", json={"id": "cus_1", "object": "customer"})
    with pytest.raises(OutcomeUnknown):
        methods.open_account(customer, soon())
    methods.open_account(customer, soon())
    customer.email = "another@example.rw"
    methods.open_account(customer, soon())
    lost, repeated, changed = keys(api)
    assert lost == repeated != changed
    assert changed.startswith(f"customer:{customer.id}:")


def test_every_subscription_that_names_a_method_is_charged_to_the_new_one(
    api: responses.RequestsMock, methods: StripeMethods
) -> None:
    def billed(ref: str, method: str | None) -> dict[str, Any]:
        return {"id": ref, "object": "subscription", "default_payment_method": method}

    api.post(f"{API}/customers/cus_1", json={"id": "cus_1", "object": "customer"})
    api.get(f"{API}/subscriptions", json=listed(billed("sub_1", None), billed("sub_2", "pm_1"), has_more=True))
    api.get(f"{API}/subscriptions", json=listed(billed("sub_3", "pm_0")))
    api.post(f"{API}/subscriptions/sub_3", json=billed("sub_3", "pm_1"))
    methods.set_default(a_wallet(customer_ref="cus_1"), "pm_1", soon())
    assert parse_qs(str(api.calls[-1].request.body)) == {"default_payment_method": ["pm_1"]}
