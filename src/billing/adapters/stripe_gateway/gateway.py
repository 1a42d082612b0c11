"""Payments at Stripe: one hosted Checkout Session for each attempt."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import stripe

from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.disputes import StripeDisputes
from billing.adapters.stripe_gateway.events import Parents, read_event
from billing.adapters.stripe_gateway.objects import Json
from billing.adapters.stripe_gateway.refunds import StripeRefunds, ids_of, read_refund
from billing.adapters.stripe_gateway.sessions import session_params, standing
from billing.adapters.stripe_gateway.webhooks import WebhookVerifier
from billing.application.outcomes import Deadline, NeedsPerson
from billing.application.ports import Clock, Envelope, PaymentGateway, Reading, Started, Telemetry
from billing.domain.facts import Fact
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.domain.refund import Refund


class StripeGateway(PaymentGateway):
    """Signed snapshots prove what they tell; `livemode` is that of our key."""

    name = "stripe"
    is_proof = True

    def __init__(
        self,
        *,
        api_key: str,
        livemode: bool,
        webhook_secrets: Sequence[str],
        installation: Callable[[], str],
        now: Clock,
        telemetry: Telemetry,
        api_base: str | None = None,
    ) -> None:
        """`now` is the real clock, since Stripe signs with it; `installation` goes into metadata."""
        self._api = StripeApi(api_key, api_base, telemetry)
        self._refunds, self._disputes = StripeRefunds(self._api), StripeDisputes(self._api)
        self._verifier = WebhookVerifier(tuple(webhook_secrets), livemode, now)
        self._installation = installation

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        """By any of the secrets, within five minutes either way."""
        return self._verifier(body, headers)

    def interpret(self, body: bytes, deadline: Deadline) -> Reading:
        """By the event's own snapshot, and what is fetched: whose payment was refunded, how a dispute stands now."""
        parents = _Parents(self._refunds, self._disputes, deadline)
        return read_event(json.loads(body), self._installation(), parents)

    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """One session for one payment: Stripe answers a repeat as the first time, also if the session has ended."""
        params = session_params(order, payment, self._installation())
        with self._api.writing("session_create", deadline) as client:
            session = client.v1.checkout.sessions.create(params, {"idempotency_key": f"checkout:{payment.id}"})
        intent = session.payment_intent
        return Started(
            session_ref=session.id,
            payment_ref=intent.id if isinstance(intent, stripe.PaymentIntent) else intent,
            redirect_url=session.url,
        )

    def check(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """Fetch the session with its intent."""
        with self._api.reading("session_retrieve", deadline) as client:
            session = client.v1.checkout.sessions.retrieve(_session_ref(payment), {"expand": ["payment_intent"]})
        return [standing(session.to_dict(), self._installation())]

    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """Expire the session; where Stripe will not, since it is no longer open, say how it ended."""
        closed: Json | None = None
        with self._api.writing("session_expire", deadline) as client, suppress(stripe.InvalidRequestError):
            # No key of ours: a repeat is refused as harmlessly, while a key would replay a first 500 for a day.
            session = client.v1.checkout.sessions.expire(_session_ref(payment), {"expand": ["payment_intent"]})
            closed = session.to_dict()
        return self.check(payment, deadline) if closed is None else [standing(closed, self._installation())]

    def refund(self, payment: Payment, refund: Refund, deadline: Deadline) -> Sequence[Fact]:
        """One refund for one try, however often it is asked for."""
        paid_back = self._refunds.pay(payment, refund, self._installation(), deadline)
        return [read_refund(paid_back, ids_of(payment))]


@dataclass(frozen=True)
class _Parents(Parents):
    refunded: StripeRefunds
    disputed: StripeDisputes
    deadline: Deadline

    def intent(self, intent_ref: str) -> Json:
        """Within the deadline of the reading."""
        return self.refunded.intent(intent_ref, self.deadline)

    def refunds(self, intent_ref: str) -> Sequence[Json]:
        """Within the same."""
        return self.refunded.of_intent(intent_ref, self.deadline)

    def dispute(self, dispute_ref: str) -> Json:
        """Within the same."""
        return self.disputed.read(dispute_ref, self.deadline)


def _session_ref(payment: Payment) -> str:
    if payment.session_ref is None:
        raise NeedsPerson(f"payment {payment.id} bears no session of Stripe")
    return payment.session_ref
