"""The in-memory provider keeps the contract, and plays what only it can play."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.pages import Back, Told
from billing.application.outcomes import NotYet, Refused
from billing.domain.errors import Conflict
from billing.domain.facts import (
    Fact,
    PaymentCancelled,
    PaymentFailed,
    PaymentNeedsCustomer,
    PaymentPending,
    PaymentSucceeded,
    RefundFact,
)
from billing.domain.money import Money
from billing.domain.payment import Payment
from tests.builders import NOW
from tests.contracts.gateway_off_session import OffSessionContract, OffSessionProvider
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.contracts.signed_gateway import SignedGatewayContract


class MemoryProvider(OffSessionProvider):
    def __init__(self) -> None:
        self.installation = "ins_ours"
        self.gateway: MemoryGateway = MemoryGateway(installation=lambda: self.installation, now=self.now)
        self.stranger: MemoryGateway = MemoryGateway(installation=lambda: "ins_other", now=self.now)
        self.stranger.pages = self.gateway.pages

    def now(self) -> datetime:
        return NOW

    def pay(self, payment: Payment) -> None:
        self.gateway.pay(payment.id)

    def decline(self, payment: Payment) -> None:
        self.gateway.decline(payment.id)

    def expire(self, payment: Payment) -> None:
        self.gateway.expire(payment.id)

    def lose_next_answer(self) -> None:
        self.gateway.lose_answer()

    def refuse_next(self) -> None:
        self.gateway.refuse()

    def count_attempts(self, payment: Payment) -> int:
        return int(payment.id in self.gateway.pages)

    def told(self, payment: Payment) -> tuple[bytes, Mapping[str, str]]:
        body = self.gateway.notification(payment.id)
        return body, self.gateway.sign(body)

    def a_method(self, outcome: type[Fact]) -> dict[str, str]:
        ref = f"pm_{outcome.__name__}"
        states: dict[type[Fact], Told] = {
            PaymentFailed: Told.FAILED,
            PaymentNeedsCustomer: Told.NEEDS_CUSTOMER,
            PaymentPending: Told.SUBMITTED,
            PaymentSucceeded: Told.PAID,
        }
        self.gateway.charges[ref] = states[outcome]
        return {"customer_ref": "account_1", "method_ref": ref}

    def lose_next_charge(self) -> None:
        self.gateway.lose_answer()

    def count_charges(self, payment: Payment) -> int:
        return self.count_attempts(payment)

    def told_of_charge(self, payment: Payment, fact: type[Fact]) -> bytes:
        return self.gateway.notification(payment.id)

    def lose_next_refund(self) -> None:
        self.gateway.lose_answer("refund")

    def refuse_next_refund(self) -> None:
        self.gateway.refuse("no funds", "refund")

    def delay_next_refund(self) -> None:
        self.gateway.refunds_wait = True

    def decide_refund(self, payment: Payment, ref: str, succeeds: bool) -> None:
        self.gateway.settle_refund(payment.id, ref, None if succeeds else "account closed")

    def refund_at_the_desk(self, payment: Payment, amount: Money) -> str:
        self.gateway.refund_at_the_desk(payment.id, amount)
        return self.gateway.pages[payment.id].refunds[-1].ref

    def paid_back(self, payment: Payment) -> list[Money]:
        return [one.amount for one in self.gateway.pages[payment.id].refunds if one.state is not Back.FAILED]

    def told_of_refund(self, payment: Payment, ref: str, fact: type[RefundFact]) -> bytes:
        return self.gateway.refund_notification(payment.id, ref)

    def unread(self) -> bytes:
        order, payment = an_order_to_pay(NOW)
        self.gateway.start(order, payment, soon())
        return self.gateway.notification(payment.id, "payment.praised")

    def sign(self, body: bytes, at: datetime) -> Mapping[str, str]:
        return self.gateway.sign(body, int(at.timestamp()))


@pytest.fixture
def provider() -> MemoryProvider:
    return MemoryProvider()


class TestMemoryGateway(SignedGatewayContract, OffSessionContract):
    def test_a_slow_method_is_pending_until_it_pays_or_fails(self, provider: MemoryProvider) -> None:
        paid, failed = self.start(provider), self.start(provider)
        for payment in (paid, failed):
            provider.gateway.submit(payment.id)
            (fact,) = provider.gateway.check(payment, soon())
            assert isinstance(fact, PaymentPending)
        provider.gateway.pay(paid.id)
        provider.gateway.fail(failed.id)
        assert isinstance(provider.gateway.check(paid, soon())[0], PaymentSucceeded)
        assert isinstance(provider.gateway.check(failed, soon())[0], PaymentFailed)

    def test_another_sum_than_was_asked_can_be_paid(self, provider: MemoryProvider) -> None:
        payment = self.start(provider)
        body = provider.gateway.pay(payment.id, Money(1, "USD"))
        (fact,) = provider.gateway.interpret(body, soon()).facts
        assert isinstance(fact, PaymentSucceeded)
        assert fact.received == Money(1, "USD")

    def test_what_is_called_off_cannot_be_paid_any_more(self, provider: MemoryProvider) -> None:
        payment = self.start(provider)
        (fact,) = provider.gateway.interpret(provider.gateway.cancel(payment.id), soon()).facts
        assert isinstance(fact, PaymentCancelled)
        with pytest.raises(Conflict):
            provider.gateway.pay(payment.id)

    def test_a_fault_is_for_one_kind_of_call_and_wears_off(self, provider: MemoryProvider) -> None:
        payment = self.start(provider)
        provider.gateway.refuse("busy", call="check", times=2)
        for _ in range(2):
            with pytest.raises(Refused):
                provider.gateway.check(payment, soon())
        assert isinstance(provider.gateway.check(payment, soon())[0], PaymentPending)
        assert provider.gateway.calls == [("start", payment.id)] + 3 * [("check", payment.id)]

    def test_any_outcome_can_be_ordered(self, provider: MemoryProvider) -> None:
        payment = self.start(provider)
        provider.gateway.fail_with(NotYet("later", provider.now() - provider.now()), call="close")
        with pytest.raises(NotYet):
            provider.gateway.close(payment, soon())
        assert isinstance(provider.gateway.check(payment, soon())[0], PaymentPending)
