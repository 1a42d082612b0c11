"""Saved methods at a Stripe that answers over sockets: charged off session, kept, chosen and forgotten."""

from collections.abc import Iterator
from typing import Any

import pytest

from billing.domain.facts import MethodStands, PaymentSucceeded
from tests.contracts.gateway_off_session import OffSessionContract
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.contracts.saved_methods import PAGES, SavedMethodsContract
from tests.integration.sandbox.harness import Endpoint, Sandbox
from tests.integration.stripe_off_session import StripeMethodsProvider, StripeOffSessionProvider
from tests.integration.stripe_providers import now


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Endpoint]]:
    endpoint = Endpoint()
    sandbox = Sandbox(tmp_path_factory.mktemp("stripe"), endpoint.url)
    yield sandbox, endpoint
    sandbox.stop()
    endpoint.close()


class TestStripeChargesSavedMethods(OffSessionContract):
    @pytest.fixture
    def provider(self, world: tuple[Sandbox, Endpoint]) -> StripeOffSessionProvider:
        return StripeOffSessionProvider(*world)


class TestStripeMethods(SavedMethodsContract):
    @pytest.fixture
    def provider(self, world: tuple[Sandbox, Endpoint]) -> StripeMethodsProvider:
        return StripeMethodsProvider(*world)

    def test_the_page_itself_tells_of_the_method_that_was_saved_on_it(self, provider: StripeMethodsProvider) -> None:
        wallet = self.a_wallet(provider)
        page = provider.methods.start_setup(wallet, "set_of_a_page", PAGES, soon())
        provider.save(str(page.session_ref))
        (saved,) = provider.methods.attached(wallet, soon())
        body, _ = StripeOffSessionProvider(provider.sandbox, provider.endpoint).told_of_session(str(page.session_ref))
        reading = provider.gateway.interpret(body, soon())
        assert list(reading.facts) == [saved]
        assert reading.installation == "ins_ours"

    def test_what_stripe_bills_by_itself_is_charged_to_the_new_default_too(
        self, provider: StripeMethodsProvider
    ) -> None:
        wallet, api = self.a_wallet(provider), provider.sandbox.api
        one, other = self.save(provider, wallet), self.save(provider, wallet)
        provider.methods.set_default(wallet, one.method_ref, soon())
        monthly: Any = {"currency": "usd", "unit_amount": 499, "recurring": {"interval": "month"}}
        price = api.prices.create(monthly | {"product_data": {"name": "Hosting"}}).id
        billed: Any = {"customer": str(wallet.customer_ref), "items": [{"price": price}]}
        named = api.subscriptions.create(billed | {"default_payment_method": one.method_ref}).id
        unnamed = api.subscriptions.create(billed).id
        for _ in range(2):
            provider.methods.set_default(wallet, other.method_ref, soon())
            charged = [api.subscriptions.retrieve(ref).default_payment_method for ref in (named, unnamed)]
            assert charged == [other.method_ref, None]

    def test_a_payment_of_what_renews_by_itself_saves_its_card_and_tells_of_both(
        self, provider: StripeMethodsProvider
    ) -> None:
        wallet = self.a_wallet(provider)
        order, payment = an_order_to_pay(now(), "stripe")
        payment.options = {**payment.options, "customer_ref": str(wallet.customer_ref)}
        started = provider.gateway.start(order, payment, soon())
        payment.bind(started.session_ref, started.payment_ref)
        stripe = StripeOffSessionProvider(provider.sandbox, provider.endpoint)
        stripe.pay(payment)
        paid, saved = provider.gateway.interpret(stripe.told(payment)[0], soon()).facts
        assert isinstance(paid, PaymentSucceeded)
        assert isinstance(saved, MethodStands)
        assert list(provider.methods.attached(wallet, soon())) == [saved]
        again, charge = an_order_to_pay(now(), "stripe")
        charge.options = {"customer_ref": saved.customer_ref, "method_ref": saved.method_ref}
        (fact,) = provider.gateway.start(again, charge, soon()).facts
        assert isinstance(fact, PaymentSucceeded)
