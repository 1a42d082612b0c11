"""Disputes at a Stripe that answers over sockets: the same contract, and what only its wire shows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import pytest
import stripe

from billing.adapters.stripe_gateway.amounts import to_stripe
from billing.application.outcomes import Refused
from billing.domain.dispute import DisputeStatus
from billing.domain.facts import PaymentSucceeded, RefundSucceeded
from billing.domain.money import Money
from billing.domain.payment import Payment
from tests.contracts.gateway_disputes import CLOSED, LOST, WON, DisputeProvider, GatewayDisputesContract
from tests.contracts.gateway_refunds import a_refund
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually
from tests.integration.stripe_providers import StripeProvider, now

ACTS = {WON: "win", LOST: "lose", CLOSED: "lose"}


class SandboxDisputeProvider(DisputeProvider):
    """The sandbox's cardholders and banks, and its API for what is done in the dashboard."""

    def __init__(self, sandbox: Sandbox, endpoint: Endpoint) -> None:
        self.stripe, self.sandbox, self.endpoint = StripeProvider(sandbox, endpoint), sandbox, endpoint
        self.gateway, self.installation = self.stripe.gateway, self.stripe.installation

    def now(self) -> datetime:
        return now()

    def paid(self, currency: str = "USD", *, by_another: bool = False) -> Payment:
        order, payment = an_order_to_pay(now(), "stripe", currency)
        gateway = self.stripe.stranger if by_another else self.gateway
        started = gateway.start(order, payment, soon())
        payment.bind(started.session_ref, started.payment_ref)
        self.stripe.pay(payment)
        (fact,) = gateway.check(payment, soon())
        assert isinstance(fact, PaymentSucceeded)
        payment.bind(fact.session_ref, fact.payment_ref)
        payment.succeed(fact.received)
        return payment

    def open_dispute(self, payment: Payment, amount: Money | None = None, *, is_inquiry: bool = False) -> str:
        asked = {"inquiry": "true" if is_inquiry else "false", "reason": "fraudulent"}
        if amount is not None:
            asked["amount"] = str(to_stripe(amount))
        opened = self.sandbox.control("POST", f"/stripe/payment_intents/{payment.payment_ref}/dispute", asked)
        assert opened.ok, opened.text
        return str(opened.json()["id"])

    def escalate(self, payment: Payment, ref: str) -> None:
        self.act(ref, "escalate")

    def respond(self, payment: Payment, ref: str) -> None:
        self.sandbox.api.disputes.update(ref, {"evidence": {"product_description": "example.rw"}})

    def decide(self, payment: Payment, ref: str, status: DisputeStatus) -> None:
        self.act(ref, ACTS[status])

    def act(self, ref: str, act: str) -> None:
        done = self.sandbox.control("POST", f"/stripe/disputes/{ref}/{act}")
        assert done.ok, done.text

    def told(self, ref: str) -> Sequence[bytes]:
        """All that Stripe lists, once all of it has come."""
        listed = {event.id for event in self.sandbox.api.events.list({"limit": 100}).data if _is_about(event, ref)}

        def look() -> list[bytes]:
            came = {json.loads(body)["id"]: body for body, _ in list(self.endpoint.received)}
            return [came[id] for id in came if id in listed] if listed <= came.keys() else []

        return eventually(look)

    def headers(self, body: bytes) -> Mapping[str, str]:
        signature = next(signature for sent, signature in list(self.endpoint.received) if sent == body)
        return {"Stripe-Signature": signature}


def _is_about(event: stripe.Event, ref: str) -> bool:
    return bool(event.data.object["id"] == ref)


@pytest.fixture(scope="module")
def disputed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxDisputeProvider]:
    endpoint = Endpoint()
    sandbox = Sandbox(tmp_path_factory.mktemp("stripe"), endpoint.url)
    yield SandboxDisputeProvider(sandbox, endpoint)
    sandbox.stop()
    endpoint.close()


class TestStripeDisputesOverTheWire(GatewayDisputesContract):
    """The suite."""


def test_what_is_disputed_is_refused_until_it_is_won(disputed: SandboxDisputeProvider) -> None:
    payment = disputed.paid()
    ref = disputed.open_dispute(payment)
    refund = a_refund(payment)
    with pytest.raises(Refused, match="charge"):
        disputed.gateway.refund(payment, refund, soon())
    disputed.decide(payment, ref, WON)
    refund.try_again("charge_disputed")
    (fact,) = disputed.gateway.refund(payment, refund, soon())
    assert isinstance(fact, RefundSucceeded)
