"""Payments at Stripe: one hosted Checkout Session for each attempt, or one intent where a saved method is charged."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from billing.adapters.stripe_gateway.billed import StripeBilled
from billing.adapters.stripe_gateway.charges import StripeCharges, charged
from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.disputes import StripeDisputes
from billing.adapters.stripe_gateway.events import Parents, read_event
from billing.adapters.stripe_gateway.methods import fetch_customer, fetch_method, fetch_setup
from billing.adapters.stripe_gateway.objects import Json, about
from billing.adapters.stripe_gateway.pages import StripePages
from billing.adapters.stripe_gateway.refunds import StripeRefunds, ids_of, read_refund
from billing.adapters.stripe_gateway.webhooks import WebhookVerifier
from billing.application.outcomes import Deadline, NeedsPerson
from billing.application.ports import Clock, Envelope, Reading, SignedGateway, Started, Telemetry
from billing.domain.facts import BillingStands, Fact, InvoiceStands, PaymentExpired
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.domain.refund import Refund


class StripeGateway(SignedGateway):
    """Signed snapshots prove what they tell; `livemode` is that of our key."""

    name = "stripe"

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
        self._charges = StripeCharges(self._api)
        self._pages = StripePages(self._api, installation, now)
        self._billed = StripeBilled(self._api, installation, now)
        self._verifier = WebhookVerifier(tuple(webhook_secrets), livemode, now)
        self._installation = installation

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        """By any of the secrets, within five minutes either way."""
        return self._verifier(body, headers)

    def interpret(self, body: bytes, deadline: Deadline) -> Reading:
        """By the event's own snapshot, and what is fetched: whose payment it is, how all that changes stands now."""
        parents = _Parents(self._api, self._refunds, self._disputes, self._pages, self._billed, deadline)
        return read_event(json.loads(body), self._installation(), parents)

    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """One session or one charge for one payment."""
        if payment.is_off_session:
            intent = self._charges.make(order, payment, self._installation(), deadline)
            return Started(payment_ref=intent["id"], facts=(self._charged(intent),))
        return self._pages.open(order, payment, deadline)

    def check(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """How its session stands, or the intent that has none."""
        if payment.is_off_session:
            return self._found(self._charges.find(payment, self._installation(), deadline), payment)
        return self._pages.stands(_session_ref(payment), deadline)

    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """Its session closed or its intent cancelled, if that was open, and how it stands then."""
        if payment.is_off_session:
            return self._found(self._charges.cancel(payment, self._installation(), deadline), payment)
        return self._pages.close(_session_ref(payment), deadline)

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
    """Fetches within the deadline of the reading."""

    api: StripeApi
    payments: StripeRefunds
    disputed: StripeDisputes
    pages: StripePages
    billed: StripeBilled
    deadline: Deadline

    def intent(self, intent_ref: str) -> Json:
        """With our metadata, if it is ours."""
        return self.payments.intent(intent_ref, self.deadline)

    def refunds(self, intent_ref: str) -> Sequence[Json]:
        """All of them."""
        return self.payments.of_intent(intent_ref, self.deadline)

    def invoice_of(self, intent_ref: str) -> Json | None:
        """With its subscription's metadata."""
        return self.billed.invoice_of_intent(intent_ref, self.deadline)

    def page(self, session_ref: str) -> Sequence[Fact]:
        """With what it began."""
        return self.pages.stands(session_ref, self.deadline)

    def stands(self, billing_ref: str) -> BillingStands:
        """Now."""
        return self.billed.stands(billing_ref, self.deadline)

    def invoice_stands(self, invoice_ref: str) -> InvoiceStands | None:
        """Now."""
        return self.billed.invoice_stands(invoice_ref, self.deadline)

    def method(self, method_ref: str) -> Json | None:
        """Within the same."""
        return fetch_method(self.api, method_ref, self.deadline)

    def setup(self, setup_ref: str) -> Json:
        """Within the same."""
        return fetch_setup(self.api, setup_ref, self.deadline)

    def dispute(self, dispute_ref: str) -> Json:
        """As it is now."""
        return self.disputed.read(dispute_ref, self.deadline)

    def customer(self, customer_ref: str) -> Json:
        """Within the same."""
        return fetch_customer(self.api, customer_ref, self.deadline)


def _session_ref(payment: Payment) -> str:
    if payment.session_ref is None:
        raise NeedsPerson(f"payment {payment.id} bears no session of Stripe")
    return payment.session_ref
