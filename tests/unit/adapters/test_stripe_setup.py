"""What is asked of Stripe for a webhook endpoint, and what its refusals say about our key."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
import responses

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeApi, StripeSetup
from billing.adapters.stripe_gateway.events import READS
from billing.adapters.stripe_gateway.setup import PERMISSIONS
from billing.application.outcomes import AccountRefused, Refused
from tests.contracts.payment_gateway import soon

BASE = "https://api.stripe.com/v1"
URL = "https://billing.example/webhooks/stripe"
READS_OF = {
    "Checkout Sessions": "checkout/sessions",
    "PaymentIntents": "payment_intents",
    "Charges and Refunds": "refunds",
    "Disputes": "disputes",
    "Customers": "customers",
    "PaymentMethods": "payment_methods",
    "SetupIntents": "setup_intents",
    "Customer portal": "billing_portal/configurations",
    "Products": "products",
    "Prices": "prices",
    "Subscriptions": "subscriptions",
    "Invoices": "invoices",
    "Events": "events",
    "Webhook Endpoints": "webhook_endpoints",
}


@pytest.fixture
def telemetry() -> MemoryTelemetry:
    return MemoryTelemetry()


@pytest.fixture
def setup(telemetry: MemoryTelemetry) -> StripeSetup:
    return StripeSetup(StripeApi("rk_test_example", None, telemetry), False, lambda: "ins_ours")


def an_endpoint(**changed: Any) -> dict[str, Any]:
    return {
        "id": "we_1",
        "object": "webhook_endpoint",
        "api_version": StripeSetup.version,
        "application": None,
        "created": 1793610000,
        "description": "billing",
        "enabled_events": sorted(READS),
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": URL,
        **changed,
    }


def a_list(*data: Any) -> dict[str, Any]:
    return {"object": "list", "data": list(data), "has_more": False, "url": "/v1/any"}


def denied(permission: str) -> dict[str, Any]:
    message = (
        "The provided key 'rk_test_*' does not have the required permissions for this endpoint on account 'acct_1'. "
        f"Having the '{permission}' permission would allow this request to continue."
    )
    return {"error": {"type": "invalid_request_error", "message": message}}


def sent(api: responses.RequestsMock) -> dict[str, Any]:
    body = api.calls[-1].request.body
    fields = parse_qsl(body.decode() if isinstance(body, bytes) else str(body))
    events = [value for name, value in fields if name.startswith("enabled_events[")]
    return {name: value for name, value in fields if not name.startswith("enabled_events[")} | {"events": events}


def test_a_new_endpoint_asks_for_what_is_read_in_the_version_that_is_pinned(
    api: responses.RequestsMock, setup: StripeSetup, telemetry: MemoryTelemetry
) -> None:
    api.post(f"{BASE}/webhook_endpoints", json=an_endpoint(secret="whsec_made_for_this_test"))
    made = setup.make_endpoint(URL, soon())
    assert (made.ref, made.types, made.version, made.is_enabled) == ("we_1", frozenset(READS), setup.version, True)
    assert sent(api) == {
        "url": URL,
        "events": sorted(READS),
        "api_version": "2026-10-28.endive",
        "description": "billing",
        "metadata[installation]": "ins_ours",
    }
    assert made.secret == "whsec_made_for_this_test"
    assert "whsec" not in repr(made) + json.dumps([fields for _, fields in telemetry.events])


def test_a_correction_says_all_that_can_be_changed(api: responses.RequestsMock, setup: StripeSetup) -> None:
    api.post(f"{BASE}/webhook_endpoints/we_1", json=an_endpoint())
    assert setup.correct_endpoint("we_1", soon()).secret is None
    assert sent(api) == {"events": sorted(READS), "disabled": "false"}


def test_endpoints_are_told_with_what_they_send(api: responses.RequestsMock, setup: StripeSetup) -> None:
    api.get(
        f"{BASE}/webhook_endpoints", json=a_list(an_endpoint(status="disabled", enabled_events=["*"], api_version=None))
    )
    (one,) = setup.endpoints(soon())
    assert (one.types, one.version, one.is_enabled, one.secret) == (frozenset({"*"}), None, False, None)


def test_an_address_that_stripe_does_not_take_is_refused(api: responses.RequestsMock, setup: StripeSetup) -> None:
    error = {"error": {"type": "invalid_request_error", "message": "Invalid URL: URL must be publicly accessible"}}
    api.post(f"{BASE}/webhook_endpoints", status=400, json=error)
    with pytest.raises(Refused, match="publicly accessible"):
        setup.make_endpoint("http://127.0.0.1:8000/webhooks/stripe", soon())


# ---------------------------------------------------------------------- checks


def test_every_permission_is_tried_by_a_read(setup: StripeSetup) -> None:
    assert list(PERMISSIONS) == list(READS_OF)
    assert set(PERMISSIONS) < set(setup.checks)


@pytest.mark.parametrize("name", PERMISSIONS)
def test_a_permission_that_our_key_lacks_is_named(api: responses.RequestsMock, setup: StripeSetup, name: str) -> None:
    api.get(f"{BASE}/{READS_OF[name]}", status=403, json=denied("rak_thing_read"))
    problem = setup.problem(name, soon())
    assert problem is not None
    assert problem.startswith(f"our key lacks {name}: {PERMISSIONS[name].access}, ")
    assert problem.endswith("(Stripe names rak_thing_read)")


@pytest.mark.parametrize("name", PERMISSIONS)
def test_what_our_key_may_is_no_problem(api: responses.RequestsMock, setup: StripeSetup, name: str) -> None:
    api.get(f"{BASE}/{READS_OF[name]}", json=a_list())
    assert setup.problem(name, soon()) is None
    assert api.calls[0].request.params == {"limit": "1"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("charges", "words"), [(True, None), (False, "account acct_1 can't take payments yet")])
def test_an_account_that_is_not_activated_is_said(
    api: responses.RequestsMock, setup: StripeSetup, charges: bool, words: str | None
) -> None:
    api.get(f"{BASE}/account", json={"id": "acct_1", "object": "account", "charges_enabled": charges})
    assert (setup.problem("the account", soon()) or "").startswith(words or "")
    assert bool(setup.problem("the account", soon())) is (words is not None)


def test_an_account_that_a_restricted_key_may_not_see_is_no_problem(
    api: responses.RequestsMock, setup: StripeSetup
) -> None:
    api.get(f"{BASE}/account", status=403, json=denied("rak_accounts_kyc_basic_read"))
    assert setup.problem("the account", soon()) is None


@pytest.mark.parametrize(("livemode", "is_wrong"), [(False, False), (True, True)])
def test_data_of_the_other_mode_is_said(
    api: responses.RequestsMock, setup: StripeSetup, livemode: bool, is_wrong: bool
) -> None:
    event = {"id": "evt_1", "object": "event", "livemode": livemode, "data": {"object": {}}}
    api.get(f"{BASE}/events", json=a_list(event))
    assert (setup.problem("the mode", soon()) is not None) is is_wrong


def test_an_account_in_which_nothing_has_happened_tells_no_mode(
    api: responses.RequestsMock, setup: StripeSetup
) -> None:
    api.get(f"{BASE}/events", json=a_list())
    assert setup.problem("the mode", soon()) is None


def test_a_key_that_stripe_does_not_know_is_no_missing_permission(
    api: responses.RequestsMock, setup: StripeSetup
) -> None:
    api.get(f"{BASE}/events", status=401, json={"error": {"message": "Invalid API Key provided: rk_test_***"}})
    with pytest.raises(AccountRefused, match="API key"):
        setup.problem("Events", soon())
