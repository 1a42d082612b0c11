"""Disputes at Stripe keep the contract: what its dashboard and the banks do, and the events that tell of it."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
import responses
import stripe
from requests import PreparedRequest

from billing.adapters.stripe_gateway.amounts import to_stripe
from billing.adapters.stripe_gateway.disputes import read_dispute
from billing.application.outcomes import NeedsPerson, RetryLater
from billing.domain.dispute import DisputeStatus
from billing.domain.money import Money
from billing.domain.payment import Payment
from tests.contracts.gateway_disputes import CLOSED, LOST, NEEDS_RESPONSE, WON, DisputeProvider, GatewayDisputesContract
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.unit.adapters.test_stripe_errors import a_gateway, error

API = "https://api.stripe.com/v1"
NOW = datetime(2026, 11, 2, tzinfo=UTC)
SECRET = "whsec_example"
WORDS = {WON: "won", LOST: "lost", CLOSED: "warning_closed"}


class StripeDisputeProvider(DisputeProvider):
    """An account at Stripe as its API shows it: intents with our metadata, and disputes that are moved by hand."""

    installation = "ins_ours"

    def __init__(self, api: responses.RequestsMock) -> None:
        self.gateway = a_gateway()
        self.objects: dict[str, dict[str, Any]] = {}
        self.events: defaultdict[str, list[bytes]] = defaultdict(list)
        self._numbers = count(1)
        for kind in ("payment_intents", "disputes"):
            api.add_callback(responses.GET, _any_of(kind), self._show)

    def _show(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        ref = str(request.url).rpartition("/")[2]
        if ref not in self.objects:
            return 404, {}, json.dumps(error("invalid_request_error", "resource_missing"))
        return 200, {}, json.dumps(self.objects[ref])

    def now(self) -> datetime:
        return NOW

    def paid(self, currency: str = "USD", *, by_another: bool = False) -> Payment:
        _, payment = an_order_to_pay(NOW, "stripe", currency)
        ref = f"pi_{next(self._numbers)}"
        metadata = {"installation": "ins_other" if by_another else self.installation, "payment_id": payment.id}
        self.objects[ref] = {"id": ref, "object": "payment_intent", "metadata": metadata, "status": "succeeded"}
        payment.bind(None, ref)
        payment.succeed(payment.amount)
        return payment

    def open_dispute(self, payment: Payment, amount: Money | None = None, *, is_inquiry: bool = False) -> str:
        amount, ref = amount or payment.amount, f"dp_{next(self._numbers)}"
        self.objects[ref] = {
            "id": ref,
            "object": "dispute",
            "amount": to_stripe(amount),
            "balance_transactions": [],
            "charge": f"ch_{ref}",
            "currency": amount.currency.lower(),
            "evidence_details": {"due_by": int(NOW.timestamp()) + 9 * 86_400, "submission_count": 0},
            "metadata": {},
            "payment_intent": payment.payment_ref,
            "reason": "fraudulent",
            "status": "warning_needs_response" if is_inquiry else "needs_response",
        }
        self._tell(ref, "charge.dispute.created")
        if not is_inquiry:
            self._withdraw(ref)
        return ref

    def escalate(self, payment: Payment, ref: str) -> None:
        self.objects[ref]["status"] = "needs_response"
        self._tell(ref, "charge.dispute.updated")
        self._withdraw(ref)

    def respond(self, payment: Payment, ref: str) -> None:
        self.objects[ref]["status"] = self.objects[ref]["status"].replace("needs_response", "under_review")
        self._tell(ref, "charge.dispute.updated")

    def decide(self, payment: Payment, ref: str, status: DisputeStatus) -> None:
        self.objects[ref]["status"] = WORDS[status]
        self._tell(ref, "charge.dispute.closed")
        if status is WON:
            self._move_money(ref, self.objects[ref]["amount"])
            self._tell(ref, "charge.dispute.funds_reinstated")

    def told(self, ref: str) -> Sequence[bytes]:
        return self.events[ref]

    def headers(self, body: bytes) -> Mapping[str, str]:
        signed = stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET, int(NOW.timestamp()))
        return {"Stripe-Signature": signed}

    def _withdraw(self, ref: str) -> None:
        self._move_money(ref, -self.objects[ref]["amount"])
        self._tell(ref, "charge.dispute.funds_withdrawn")

    def _move_money(self, ref: str, amount: int) -> None:
        dispute = self.objects[ref]
        moves = dispute["balance_transactions"]
        moves.append({"id": f"txn_{ref}_{len(moves)}", "amount": amount, "currency": dispute["currency"], "fee": 1500})

    def _tell(self, ref: str, type: str) -> None:
        event = {"object": "event", "id": f"evt_{next(self._numbers)}", "type": type, "livemode": False}
        body = {**event, "api_version": "2026-10-28.endive", "data": {"object": self.objects[ref]}}
        self.events[ref].append(json.dumps(body).encode())


def _any_of(kind: str) -> re.Pattern[str]:
    return re.compile(rf"{API}/{kind}/\w+")


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


@pytest.fixture
def disputed(api: responses.RequestsMock) -> StripeDisputeProvider:
    return StripeDisputeProvider(api)


class TestStripeDisputes(GatewayDisputesContract):
    def test_two_disputes_of_one_payment_are_told_apart(self, disputed: StripeDisputeProvider) -> None:
        payment = disputed.paid()
        first, second = (disputed.open_dispute(payment, Money(minor, "USD")) for minor in (700, 300))
        disputed.decide(payment, first, LOST)
        told = [(fact.amount.minor, fact.status) for fact in (self.read(disputed, ref) for ref in (first, second))]
        assert told == [(700, LOST), (300, NEEDS_RESPONSE)]


def test_a_dispute_that_stripe_does_not_show_is_for_a_person_or_asked_for_again(
    disputed: StripeDisputeProvider, api: responses.RequestsMock
) -> None:
    ref = disputed.open_dispute(disputed.paid())
    body = disputed.told(ref)[0]
    del disputed.objects[ref]
    with pytest.raises(NeedsPerson):
        disputed.gateway.interpret(body, soon())
    api.replace(responses.GET, _any_of("disputes"), status=503, json=error("api_error", None))
    with pytest.raises(RetryLater):
        disputed.gateway.interpret(body, soon())


def test_what_comes_back_in_another_currency_is_counted_to_the_last_unit() -> None:
    amount = 2**53 + 1  # more than a float can count
    moves = [{"amount": minor, "currency": "eur"} for minor in (-7, 7)]
    shown = {"id": "dp_1", "amount": amount, "currency": "usd", "status": "won", "balance_transactions": moves}
    fact = read_dispute(shown, {"payment_id": None, "session_ref": None, "payment_ref": "pi_1"})
    assert (fact.withdrawn.minor, fact.reinstated.minor) == (amount, amount)
