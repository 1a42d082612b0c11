"""Stripe as the gateway's contract sees it: the sandbox's customers, banks, dashboard and webhooks."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import stripe

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeGateway
from billing.adapters.stripe_gateway.amounts import from_stripe, to_stripe
from billing.domain.facts import (
    RefundFact,
    RefundFailed,
    RefundPending,
    RefundSucceeded,
)
from billing.domain.money import Money
from billing.domain.payment import Payment
from tests.contracts.signed_gateway import SignedProvider
from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually

UNREAD = {"object": "event", "id": "evt_unread", "type": "customer.created", "livemode": False}


def now() -> datetime:
    return datetime.now(UTC)


class StripeProvider(SignedProvider):
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
        return StripeGateway(
            **(defaults | other),
            livemode=False,
            installation=lambda: installation,
            now=now,
            telemetry=MemoryTelemetry(),
        )

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

    def lose_next_refund(self) -> None:
        self.sandbox.fault("stripe.refunds.create", "lose_answer")

    def refuse_next_refund(self) -> None:
        self.next_refunds("insufficient_balance")

    def delay_next_refund(self) -> None:
        self.next_refunds("pending")

    def next_refunds(self, outcome: str) -> None:
        assert self.sandbox.control("PUT", "/stripe/refunds/next", {"outcome": outcome, "times": 1}).ok

    def decide_refund(self, payment: Payment, ref: str, succeeds: bool) -> None:
        assert self.sandbox.control("POST", f"/stripe/refunds/{ref}/{'succeed' if succeeds else 'fail'}").ok

    def refund_at_the_desk(self, payment: Payment, amount: Money) -> str:
        asked = {"amount": to_stripe(amount)}
        made = self.sandbox.control("POST", f"/stripe/sessions/{payment.session_ref}/refund", asked)
        assert made.ok, made.text
        return str(made.json()["id"])

    def refunds_of(self, payment: Payment) -> list[Any]:
        session = self.sandbox.api.checkout.sessions.retrieve(str(payment.session_ref))
        found = self.sandbox.api.refunds.list({"payment_intent": str(session.payment_intent)})
        return found.data[::-1]

    def paid_back(self, payment: Payment) -> list[Money]:
        return [from_stripe(one.amount, one.currency) for one in self.refunds_of(payment) if one.status != "failed"]

    def told_of_refund(self, payment: Payment, ref: str, fact: type[RefundFact]) -> bytes:
        wanted = {RefundSucceeded: "succeeded", RefundFailed: "failed", RefundPending: "pending"}[fact]
        types = ("refund.created", "refund.updated", "refund.failed")

        def look() -> bytes | None:
            for body, _ in list(self.endpoint.received):
                event = json.loads(body)
                told = event["data"]["object"]
                if event["type"] in types and (told["id"], told["status"]) == (ref, wanted):
                    return body
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
