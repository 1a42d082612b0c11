"""The in-memory provider's desk for disputes keeps the contract, and refuses to refund what is disputed."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import pytest

from billing.adapters.memory.gateway import MemoryGateway
from billing.application.outcomes import Refused
from billing.domain.dispute import DisputeStatus
from billing.domain.errors import Conflict
from billing.domain.facts import PaymentSucceeded
from billing.domain.money import Money
from billing.domain.payment import Payment
from tests.builders import NOW
from tests.contracts.gateway_disputes import CLOSED, LOST, WON, DisputeProvider, GatewayDisputesContract
from tests.contracts.gateway_refunds import a_refund
from tests.contracts.payment_gateway import an_order_to_pay, soon


class MemoryDisputeProvider(DisputeProvider):
    installation = "ins_ours"

    def __init__(self) -> None:
        self.gateway: MemoryGateway = MemoryGateway(installation=lambda: self.installation, now=self.now)
        self.stranger = MemoryGateway(installation=lambda: "ins_other", now=self.now)
        self.stranger.pages = self.gateway.pages
        self.notifications: defaultdict[str, list[bytes]] = defaultdict(list)

    def now(self) -> datetime:
        return NOW

    def paid(self, currency: str = "USD", *, by_another: bool = False) -> Payment:
        order, payment = an_order_to_pay(NOW, "memory", currency)
        (self.stranger if by_another else self.gateway).start(order, payment, soon())
        self.gateway.pay(payment.id)
        (fact,) = self.gateway.check(payment, soon())
        assert isinstance(fact, PaymentSucceeded)
        payment.bind(fact.session_ref, fact.payment_ref)
        payment.succeed(fact.received)
        return payment

    def open_dispute(self, payment: Payment, amount: Money | None = None, *, is_inquiry: bool = False) -> str:
        ref = self.keep(self.gateway.open_dispute(payment.id, amount, is_inquiry=is_inquiry))
        if not is_inquiry:
            self.escalate(payment, ref)
        return ref

    def escalate(self, payment: Payment, ref: str) -> None:
        self.keep(self.gateway.withdraw(payment.id, ref))

    def respond(self, payment: Payment, ref: str) -> None:
        self.keep(self.gateway.respond(payment.id, ref))

    def decide(self, payment: Payment, ref: str, status: DisputeStatus) -> None:
        self.keep(self.gateway.decide(payment.id, ref, status))

    def keep(self, body: bytes) -> str:
        ref = str(json.loads(body)["dispute"])
        self.notifications[ref].append(body)
        return ref

    def told(self, ref: str) -> Sequence[bytes]:
        return self.notifications[ref]

    def headers(self, body: bytes) -> Mapping[str, str]:
        return self.gateway.sign(body)


@pytest.fixture
def disputed() -> MemoryDisputeProvider:
    return MemoryDisputeProvider()


class TestMemoryDisputes(GatewayDisputesContract):
    """The suite."""


@pytest.mark.parametrize(("status", "is_refunded"), [(WON, True), (LOST, False)])
def test_what_is_disputed_is_not_paid_back_until_it_is_won(
    disputed: MemoryDisputeProvider, status: DisputeStatus, is_refunded: bool
) -> None:
    payment = disputed.paid()
    ref = disputed.open_dispute(payment)
    refund = a_refund(payment)
    with pytest.raises(Refused, match="charge_disputed"):
        disputed.gateway.refund(payment, refund, soon())
    disputed.decide(payment, ref, status)
    if is_refunded:
        disputed.gateway.refund(payment, refund, soon())
    else:
        with pytest.raises(Refused, match=r"0\.00 USD are left"):
            disputed.gateway.refund(payment, refund, soon())
    assert bool(disputed.gateway.pages[payment.id].refunds) is is_refunded


def test_an_inquiry_can_be_answered_by_a_refund(disputed: MemoryDisputeProvider) -> None:
    payment = disputed.paid()
    disputed.open_dispute(payment, is_inquiry=True)
    disputed.gateway.refund(payment, a_refund(payment), soon())
    assert disputed.gateway.pages[payment.id].left == Money(1100, "USD")


def test_a_bank_takes_no_more_than_is_there(disputed: MemoryDisputeProvider) -> None:
    payment = disputed.paid()
    disputed.gateway.refund(payment, a_refund(payment), soon())
    ref = disputed.open_dispute(payment)
    disputed.gateway.withdraw(payment.id, ref)
    fact = GatewayDisputesContract().read(disputed, ref)
    assert (fact.withdrawn, disputed.gateway.pages[payment.id].left) == (Money(1100, "USD"), Money(0, "USD"))
    with pytest.raises(Conflict):
        disputed.open_dispute(payment)


def test_a_bank_decides_once_and_only_what_is_there(disputed: MemoryDisputeProvider) -> None:
    ref = disputed.open_dispute(payment := disputed.paid(), is_inquiry=True)
    for impossible in (WON, LOST):
        with pytest.raises(Conflict):
            disputed.decide(payment, ref, impossible)
    disputed.decide(payment, ref, CLOSED)
    with pytest.raises(Conflict):
        disputed.decide(payment, ref, CLOSED)
    with pytest.raises(Conflict):
        disputed.gateway.withdraw(payment.id, "dispute_9")
