"""The set-up at Stripe, over a socket; and what the endpoint that it makes then tells."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeApi, StripeSetup
from billing.adapters.stripe_gateway.events import READS
from billing.application.books.setting_up import Did, SetUpProvider
from tests.contracts.gateway_refunds import GatewayRefundsContract
from tests.contracts.payment_gateway import soon
from tests.contracts.provider_setup import Account, ProviderSetupContract
from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually
from tests.integration.stripe_providers import StripeProvider

_numbers = count(1)
steps = GatewayRefundsContract()


class StripeAccount(Account):
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        key, base = sandbox.settings["BILLING_STRIPE_API_KEY"], sandbox.settings["BILLING_STRIPE_API_BASE"]
        self.setup: StripeSetup = StripeSetup(StripeApi(key, base, MemoryTelemetry()), False, lambda: "ins_ours")

    def new_url(self) -> str:
        return f"http://127.0.0.1:9/{next(_numbers)}"

    def spoil(self, ref: str) -> None:
        spoilt: Any = {"enabled_events": ["customer.created"], "disabled": True}
        self.sandbox.api.webhook_endpoints.update(ref, spoilt)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory, endpoint: Endpoint) -> Iterator[StripeAccount]:
    sandbox = Sandbox(tmp_path_factory.mktemp("stripe"), endpoint.url)
    yield StripeAccount(sandbox)
    sandbox.stop()


class TestStripeSetup(ProviderSetupContract):
    def test_our_installation_is_named_on_it(self, account: StripeAccount) -> None:
        made = account.setup.make_endpoint(account.new_url(), soon())
        held = account.sandbox.api.webhook_endpoints.retrieve(made.ref)
        assert (held.metadata.to_dict(), held.description) == ({"installation": "ins_ours"}, "billing")

    def test_one_of_an_older_version_is_replaced_and_still_tells(self, account: StripeAccount) -> None:
        url = account.new_url()
        older: Any = {"url": url, "enabled_events": ["*"], "api_version": "2020-08-27"}
        old = account.sandbox.api.webhook_endpoints.create(older)
        done = [SetUpProvider({"stripe": account.setup})("stripe", url, soon) for _ in range(2)]
        assert [one.did for one in done] == [Did.MADE, Did.UNCHANGED]
        assert [[superseded.ref for superseded in one.superseded] for one in done] == [[old.id]] * 2
        assert account.sandbox.api.webhook_endpoints.retrieve(old.id).status == "enabled"


def test_the_endpoint_tells_exactly_what_is_read_and_is_believed(account: StripeAccount) -> None:
    listener = Endpoint()
    made = account.setup.make_endpoint(listener.url, soon())
    assert made.secret
    provider = StripeProvider(account.sandbox, listener)
    provider.gateway = provider.gateway_of("ins_ours", webhook_secrets=[made.secret])
    payment = steps.paid(provider)
    eventually(lambda: {"checkout.session.completed", "payment_intent.succeeded"} <= set(listener.types()))
    assert set(listener.types()) <= set(READS)
    for body, signature in list(listener.received):
        assert provider.gateway.verify(body, {"Stripe-Signature": signature}).api_version == account.setup.version
    assert payment.id.encode() in listener.received[0][0]
    listener.close()


def test_a_thin_event_is_verified_and_not_read(account: StripeAccount, endpoint: Endpoint) -> None:
    provider = StripeProvider(account.sandbox, endpoint)
    sent = account.sandbox.control("POST", "/stripe/events/thin", {"type": "v1.billing.meter.no_meter_found"})
    assert sent.ok, sent.text
    thin = "v2.core.event"
    (told,) = eventually(lambda: [one for one in list(endpoint.received) if json.loads(one[0])["object"] == thin])
    envelope = provider.gateway.verify(told[0], {"Stripe-Signature": told[1]})
    assert (envelope.type, envelope.readable) == ("v1.billing.meter.no_meter_found", False)
