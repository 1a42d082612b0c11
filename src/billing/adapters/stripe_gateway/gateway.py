"""Payments at Stripe: one hosted Checkout Session for each attempt, or one intent where a saved method is charged."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import stripe

from billing.adapters.stripe_gateway.charges import StripeCharges, charged
from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.events import Parents, read_event
from billing.adapters.stripe_gateway.methods import fetch_customer, fetch_method, fetch_setup
from billing.adapters.stripe_gateway.objects import Json, about
from billing.adapters.stripe_gateway.refunds import StripeRefunds, ids_of, read_refund
from billing.adapters.stripe_gateway.sessions import session_params, standing
from billing.adapters.stripe_gateway.webhooks import WebhookVerifier
from billing.application.outcomes import Deadline, NeedsPerson
from billing.application.ports import Clock, Envelope, PaymentGateway, Reading, Started, Telemetry
from billing.domain.facts import Fact, PaymentExpired
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
        self._refunds, self._charges = StripeRefunds(self._api), StripeCharges(self._api)
        self._verifier = WebhookVerifier(tuple(webhook_secrets), livemode, now)
        self._installation = installation

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        """By any of the secrets, within five minutes either way."""
        return self._verifier(body, headers)

    def interpret(self, body: bytes, deadline: Deadline) -> Reading:
        """By the event's own snapshot, and what is fetched: whose payment a refund is of, how a saved method stands."""
        return read_event(json.loads(body), self._installation(), _Parents(self._api, self._refunds, deadline))

    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """One session for one payment: Stripe answers a repeat as the first time, also if the session has ended."""
        if payment.is_off_session:
            intent = self._charges.make(order, payment, self._installation(), deadline)
            return Started(payment_ref=intent["id"], facts=(self._charged(intent),))
        return self._open_page(order, payment, deadline)

    def _open_page(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
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
        """Fetch the session with its intent, or the intent that has none."""
        if payment.is_off_session:
            return self._found(self._charges.find(payment, self._installation(), deadline), payment)
        with self._api.reading("session_retrieve", deadline) as client:
            session = client.v1.checkout.sessions.retrieve(_session_ref(payment), {"expand": ["payment_intent"]})
        return [standing(session.to_dict(), self._installation())]

    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """Expire the session or cancel the intent; where Stripe will not, since it is over, say how it ended."""
        if payment.is_off_session:
            return self._found(self._charges.cancel(payment, self._installation(), deadline), payment)
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

    def _found(self, intent: Json | None, payment: Payment) -> Sequence[Fact]:
        """Without an intent nothing was charged, and nothing will be."""
        return [PaymentExpired(**ids_of(payment)) if intent is None else self._charged(intent)]

    def _charged(self, intent: Json) -> Fact:
        return charged(intent, about(intent, self._installation()))


@dataclass(frozen=True)
class _Parents(Parents):
    api: StripeApi
    source: StripeRefunds
    deadline: Deadline

    def intent(self, intent_ref: str) -> Json:
        """Within the deadline of the reading."""
        return self.source.intent(intent_ref, self.deadline)

    def refunds(self, intent_ref: str) -> Sequence[Json]:
        """Within the same."""
        return self.source.of_intent(intent_ref, self.deadline)

    def method(self, method_ref: str) -> Json | None:
        """Within the same."""
        return fetch_method(self.api, method_ref, self.deadline)

    def setup(self, setup_ref: str) -> Json:
        """Within the same."""
        return fetch_setup(self.api, setup_ref, self.deadline)

    def customer(self, customer_ref: str) -> Json:
        """Within the same."""
        return fetch_customer(self.api, customer_ref, self.deadline)


def _session_ref(payment: Payment) -> str:
    if payment.session_ref is None:
        raise NeedsPerson(f"payment {payment.id} bears no session of Stripe")
    return payment.session_ref
