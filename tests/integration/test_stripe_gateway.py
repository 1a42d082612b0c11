"""The Stripe adapter against a Stripe that answers over sockets and signs what it sends."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeGateway
from billing.application.outcomes import AccountRefused, Deadline, NeedsPerson, OutcomeUnknown, Refused, RetryLater
from billing.domain.facts import (
    PaymentDeclined,
    PaymentExpired,
    PaymentFailed,
    PaymentPending,
    PaymentSucceeded,
    RefundFact,
    RefundSucceeded,
)
from billing.domain.money import Money
from tests.contracts.gateway_refunds import a_refund
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.contracts.signed_gateway import SignedGatewayContract
from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually
from tests.integration.stripe_providers import StripeProvider, now


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeProvider]:
    endpoint = Endpoint()
    sandbox = Sandbox(tmp_path_factory.mktemp("stripe"), endpoint.url)
    yield StripeProvider(sandbox, endpoint)
    sandbox.stop()
    endpoint.close()


class TestStripeGateway(SignedGatewayContract):
    def test_stripe_holds_the_lines_the_address_and_our_ids_of_an_order(self, provider: StripeProvider) -> None:
        order, payment = an_order_to_pay(now(), "stripe")
        started = provider.gateway.start(order, payment, soon())
        assert started.session_ref
        held = provider.sandbox.api.checkout.sessions.retrieve(started.session_ref, {"expand": ["line_items"]})
        lines = held.line_items
        assert lines
        assert [(line.description, line.amount_total) for line in lines.data] == [
            ("example.rw, registration, 1 y", 1299),
            ("Hosting starter, monthly", 501),
        ]
        assert held.expires_at == int(payment.expires_at.timestamp())
        assert (held.customer_email, held.client_reference_id) == ("aline@example.rw", order.id)
        ours = {"installation": "ins_ours", "order_id": order.id, "payment_id": payment.id}
        assert held.metadata and held.metadata.to_dict() == ours

    def test_the_intent_of_a_session_bears_our_ids_too(self, provider: StripeProvider) -> None:
        payment = self.start(provider)
        provider.pay(payment)
        body, _ = provider.told_of(payment, "payment_intent.succeeded")
        (fact,) = provider.gateway.interpret(body, soon()).facts
        assert isinstance(fact, PaymentSucceeded)
        assert (fact.payment_id, fact.session_ref, fact.received) == (payment.id, None, payment.amount)

    def test_a_declined_try_is_told_as_declined(self, provider: StripeProvider) -> None:
        payment = self.start(provider)
        provider.decline(payment)
        body, _ = provider.told_of(payment, "payment_intent.payment_failed")
        (fact,) = provider.gateway.interpret(body, soon()).facts
        assert isinstance(fact, PaymentDeclined)
        assert fact.why == "generic_decline: Your card was declined."

    @pytest.mark.parametrize(
        ("end", "told", "fact"),
        [
            ("succeed_async", "checkout.session.async_payment_succeeded", PaymentSucceeded),
            ("fail_async", "checkout.session.async_payment_failed", PaymentFailed),
        ],
    )
    def test_a_delayed_method_is_pending_until_it_is_decided(
        self, provider: StripeProvider, end: str, told: str, fact: type
    ) -> None:
        payment = self.start(provider)
        provider.act(payment, "pay_async")
        assert isinstance(provider.gateway.check(payment, soon())[0], PaymentPending)
        assert isinstance(self.read(provider, payment).facts[0], PaymentPending)
        assert isinstance(provider.gateway.close(payment, soon())[0], PaymentPending)
        provider.act(payment, end)
        assert isinstance(provider.gateway.check(payment, soon())[0], fact)
        body, _ = provider.told_of(payment, told)
        assert isinstance(provider.gateway.interpret(body, soon()).facts[0], fact)

    def test_an_expired_session_is_told_as_expired(self, provider: StripeProvider) -> None:
        payment = self.start(provider)
        provider.expire(payment)
        body, _ = provider.told_of(payment, "checkout.session.expired")
        assert isinstance(provider.gateway.interpret(body, soon()).facts[0], PaymentExpired)

    def test_an_attempt_near_its_orders_end_still_opens_a_page(self, provider: StripeProvider) -> None:
        order, payment = an_order_to_pay(now(), "stripe")
        payment.expires_at = now() + timedelta(minutes=3)
        assert provider.gateway.start(order, payment, soon()).redirect_url

    def test_a_slow_answer_is_given_up_at_the_deadline(self, provider: StripeProvider) -> None:
        payment = self.start(provider)
        provider.sandbox.fault("stripe.checkout_sessions.expire", "slow", seconds=5)
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            provider.gateway.close(payment, Deadline.after(0.4, time.monotonic))
        assert time.monotonic() - began < 2

    def test_a_lost_answer_to_a_question_is_asked_again(self, provider: StripeProvider) -> None:
        payment = self.start(provider)
        provider.sandbox.fault("stripe.checkout_sessions.retrieve", "lose_answer")
        with pytest.raises(RetryLater):
            provider.gateway.check(payment, soon())

    def test_where_nobody_listens_nothing_was_sent(self, provider: StripeProvider) -> None:
        with socket.socket() as bound_and_silent:
            bound_and_silent.bind(("127.0.0.1", 0))
            port = bound_and_silent.getsockname()[1]
            gateway = provider.gateway_of("ins_ours", api_base=f"http://127.0.0.1:{port}")
            order, payment = an_order_to_pay(now(), "stripe")
            with pytest.raises(RetryLater):
                gateway.start(order, payment, soon())

    def test_a_wrong_key_is_no_customers_failure(self, provider: StripeProvider) -> None:
        gateway = provider.gateway_of("ins_ours", api_key="sk_test_wrong")
        order, payment = an_order_to_pay(now(), "stripe")
        with pytest.raises(AccountRefused, match="API key"):
            gateway.start(order, payment, soon())

    def test_a_refusal_is_remembered_under_its_key_so_that_only_a_new_try_pays(self, provider: StripeProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)
        provider.refuse_next_refund()
        for _ in range(2):
            with pytest.raises(Refused, match="Insufficient funds"):
                provider.gateway.refund(payment, refund, soon())
        assert provider.paid_back(payment) == []

    def test_a_refund_bears_our_ids_and_those_made_in_the_dashboard_none(self, provider: StripeProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)
        self.pay_back(provider, payment, refund)
        provider.refund_at_the_desk(payment, Money(1, "USD"))
        ours, theirs = provider.refunds_of(payment)
        assert ours.metadata.to_dict() == {
            "installation": "ins_ours",
            "payment_id": payment.id,
            "refund_id": refund.id,
            "try_no": "1",
        }
        assert theirs.metadata.to_dict() == {}

    def test_a_payment_that_only_knows_its_session_is_paid_back_too(self, provider: StripeProvider) -> None:
        payment = self.paid(provider)
        payment.payment_ref = None
        assert isinstance(self.pay_back(provider, payment, a_refund(payment)), RefundSucceeded)

    def test_all_refunds_of_a_charge_are_told_by_the_event_of_older_accounts(self, provider: StripeProvider) -> None:
        payment = self.paid(provider)
        ours = self.pay_back(provider, payment, a_refund(payment))
        desk = provider.refund_at_the_desk(payment, Money(299, "USD"))

        def look() -> bytes | None:
            for body, _ in list(provider.endpoint.received):
                event = json.loads(body)
                charge = event["data"]["object"]
                if event["type"] == "charge.refunded" and charge["amount_refunded"] == 999:
                    return body
            return None

        found = eventually(look)
        assert found
        facts = provider.gateway.interpret(found, soon()).facts
        told = {fact.refund_ref: (fact.refund_id, fact.amount) for fact in facts if isinstance(fact, RefundFact)}
        assert told == {ours.refund_ref: (ours.refund_id, Money(700, "USD")), desk: (None, Money(299, "USD"))}

    def test_a_disputed_charge_is_not_paid_back(self, provider: StripeProvider) -> None:
        payment = self.paid(provider)
        provider.next_refunds("charge_disputed")
        with pytest.raises(Refused, match="charged back"):
            provider.gateway.refund(payment, a_refund(payment), soon())
        assert provider.paid_back(payment) == []

    def test_where_the_list_of_refunds_goes_on_a_person_looks(self, provider: StripeProvider) -> None:
        payment = self.paid(provider)
        payment.received = Money(10**6, "USD")
        for _ in range(101):
            provider.refund_at_the_desk(payment, Money(1, "USD"))
        with pytest.raises(NeedsPerson, match="more than 100"):
            provider.gateway.refund(payment, a_refund(payment), soon())


def test_connections_are_kept_from_call_to_call() -> None:
    connections: list[object] = []

    class Stripe(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            connections.append(self.client_address)
            super().setup()

        def do_GET(self) -> None:
            body = json.dumps({"id": "cs_test_1", "object": "checkout.session", "status": "open"}).encode()
            self.send_response(200 if self.path.startswith("/v1/checkout/sessions/cs_test_1?") else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Stripe) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}/"
        gateway = StripeGateway(
            api_key="sk_test_example",
            livemode=False,
            webhook_secrets=["whsec_example"],
            api_base=base,
            installation=lambda: "ins_ours",
            now=now,
            telemetry=MemoryTelemetry(),
        )
        _, payment = an_order_to_pay(now(), "stripe")
        payment.bind("cs_test_1", None)
        for _ in range(5):
            assert isinstance(gateway.check(payment, soon())[0], PaymentPending)
        server.shutdown()
    assert len(connections) == 1
