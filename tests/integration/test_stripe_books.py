"""Stripe's events and books, asked for over sockets."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeApi, StripeFeed, StripeStatements
from billing.application.outcomes import NeedsPerson
from billing.domain.money import Money
from tests.contracts.books import BooksContract, BooksProvider, steps
from tests.contracts.payment_gateway import soon
from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually
from tests.integration.stripe_providers import StripeProvider, now

EVER = timedelta(days=1)


class StripeBooks(StripeProvider, BooksProvider):
    def __init__(self, sandbox: Sandbox, endpoint: Endpoint) -> None:
        super().__init__(sandbox, endpoint)
        settings = sandbox.settings
        self.api = StripeApi(settings["BILLING_STRIPE_API_KEY"], settings["BILLING_STRIPE_API_BASE"], MemoryTelemetry())
        self.feed, self.statements = StripeFeed(self.api), StripeStatements(self.api)

    def lose_next_page(self) -> None:
        self.sandbox.fault("stripe.events.list", "lose_answer")


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeBooks]:
    endpoint = Endpoint()
    sandbox = Sandbox(tmp_path_factory.mktemp("books"), endpoint.url)
    yield StripeBooks(sandbox, endpoint)
    sandbox.stop()
    endpoint.close()


class TestStripeBooks(BooksContract):
    def test_what_could_not_be_delivered_comes_first(self, provider: StripeBooks) -> None:
        delivered = steps.paid(provider)
        eventually(lambda: all(one["delivered"] for one in provider.sandbox.state()["events"]))
        fault = {"point": "stripe.webhooks.deliver", "kind": "lose"}
        assert provider.sandbox.control("PUT", "/faults", {"faults": [fault]}).ok
        lost = steps.paid(provider)
        assert provider.sandbox.control("PUT", "/faults", {"faults": []}).ok
        first = provider.feed.page(now() - EVER, now() + EVER, None, soon())
        assert self.paid_in(provider, first.events) == {lost.id}
        assert self.paid_in(provider, self.happened(provider)) >= {lost.id, delivered.id}

    def test_more_types_than_one_call_may_ask_for_are_asked_for_in_several(self, provider: StripeBooks) -> None:
        payment = steps.paid(provider)
        types = [f"nothing.{n:02}" for n in range(45)] + ["payment_intent.succeeded", "zz.nothing"]
        feed = StripeFeed(provider.api, types)
        after, calls, found = None, 0, []
        while calls == 0 or after is not None:
            page = feed.page(now() - EVER, now() + EVER, after, soon())
            after, calls, found = page.after, calls + 1, [*found, *page.events]
        assert calls >= 2 * 3
        assert payment.id in self.paid_in(provider, found)
        assert {event.type for event in found} == {"payment_intent.succeeded"}

    def test_a_list_of_more_than_a_page_goes_on_after_what_was_seen(self, provider: StripeBooks) -> None:
        payment = steps.paid(provider)
        payment.received = Money(10**6, "USD")
        for _ in range(60):
            provider.refund_at_the_desk(payment, Money(1, "USD"))
        created = StripeFeed(provider.api, ["refund.created", "charge.refunded"])
        pages, after = [], None
        while not pages or after is not None:
            page = created.page(now() - EVER, now() + EVER, after, soon())
            pages.append(page)
            after = page.after
        told = [event.event_id for page in pages[1:] for event in page.events]
        assert len(told) >= 120
        assert len(set(told)) == len(told)
        assert max(len(page.events) for page in pages) == 100

    def test_money_that_was_never_paid_has_not_come_in(self, provider: StripeBooks) -> None:
        with pytest.raises(NeedsPerson, match="names no payment intent"):
            provider.statements.of(steps.start(provider), soon())
        declined = steps.start(provider)
        provider.decline(declined)
        assert provider.statements.of(declined, soon()).received is None
