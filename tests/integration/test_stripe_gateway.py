"""The Stripe adapter against a Stripe that answers over sockets and signs what it sends."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import stripe

from billing.adapters.stripe_gateway import StripeGateway
from billing.application.ports import Deadline, OutcomeUnknown, RetryLater
from billing.domain.facts import PaymentDeclined, PaymentExpired, PaymentFailed, PaymentPending, PaymentSucceeded
from billing.domain.payment import Payment
from tests.contracts.payment_gateway import PaymentGatewayContract, Provider, an_order_to_pay, soon
from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually

UNREAD = {"object": "event", "id": "evt_unread", "type": "customer.created", "livemode": False}


def now() -> datetime:
    return datetime.now(UTC)


class StripeProvider(Provider):
    def __init__(self, sandbox: Sandbox, endpoint: Endpoint) -> None:
        self.sandbox, self.endpoint = sandbox, endpoint
        self.installation = "ins_ours"
        self.gateway = self.gateway_of(self.installation)
        self.stranger = self.gateway_of("ins_other")

    def gateway_of(self, installation: str, **other: Any) -> StripeGateway:
        settings = self.sandbox.settings
        defaults = {
            "api_key": settings["BILLING_STRIPE_API_KEY"],
            "webhook_secrets": [settings["BILLING_STRIPE_WEBHOOK_SECRETS"]],
            "api_base": settings["BILLING_STRIPE_API_BASE"],
        }
        return StripeGateway(**(defaults | other), installation=lambda: installation, now=now)

    def now(self) -> datetime:
        return now()

    def pay(self, payment: Payment) -> None:
        self.act(payment, "pay")

    def decline(self, payment: Payment) -> None:
        self.act(payment, "decline")

    def expire(self, payment: Payment) -> None:
        self.act(payment, "expire")

    def act(self, payment: Payment, act: str) -> None:
        assert self.sandbox.control("POST", f"/stripe/sessions/{payment.session_ref}/{act}").ok

    def lose_next_answer(self) -> None:
        self.sandbox.fault("stripe.checkout_sessions.create", "lose_answer")

    def refuse_next(self) -> None:
        self.sandbox.fault("stripe.checkout_sessions.create", "refuse", code=400)

    def count_attempts(self, payment: Payment) -> int:
        sessions = self.sandbox.state()["sessions"]
        return sum(session["metadata"].get("payment_id") == payment.id for session in sessions)

    def told(self, payment: Payment) -> tuple[bytes, Mapping[str, str]]:
        return self.told_of(payment, "checkout.session.completed")

    def told_of(self, payment: Payment, type: str) -> tuple[bytes, Mapping[str, str]]:
        def look() -> tuple[bytes, Mapping[str, str]] | None:
            for body, signature in list(self.endpoint.received):
                event = json.loads(body)
                if event["type"] == type and event["data"]["object"]["metadata"].get("payment_id") == payment.id:
                    return body, {"Stripe-Signature": signature}
            return None

        found = eventually(look)
        assert found
        return found

    def unread(self) -> bytes:
        return json.dumps(UNREAD | {"data": {"object": {"id": "cus_1", "object": "customer"}}}).encode()

    def sign(self, body: bytes, at: datetime) -> Mapping[str, str]:
        secret = self.sandbox.settings["BILLING_STRIPE_WEBHOOK_SECRETS"]
        text = body.decode(errors="replace")
        sign = stripe.WebhookSignature.generate_signature_header
        return {"Stripe-Signature": sign(text, secret, int(at.timestamp()))}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeProvider]:
    endpoint = Endpoint()
    sandbox = Sandbox(tmp_path_factory.mktemp("stripe"), endpoint.url)
    yield StripeProvider(sandbox, endpoint)
    sandbox.stop()
    endpoint.close()


class TestStripeGateway(PaymentGatewayContract):
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
        with pytest.raises(RetryLater, match="API key"):
            gateway.start(order, payment, soon())


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
            webhook_secrets=["whsec_example"],
            api_base=base,
            installation=lambda: "ins_ours",
            now=now,
        )
        _, payment = an_order_to_pay(now(), "stripe")
        payment.bind("cs_test_1", None)
        for _ in range(5):
            assert isinstance(gateway.check(payment, soon())[0], PaymentPending)
        server.shutdown()
    assert len(connections) == 1
