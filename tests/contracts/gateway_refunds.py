"""What every `PaymentGateway` must do with refunds, run on the twin and on the real one."""

import time
from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing.application.outcomes import Deadline, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.domain.facts import (
    PaymentSucceeded,
    RefundFact,
    RefundFailed,
    RefundPending,
    RefundSucceeded,
)
from billing.domain.money import Money
from billing.domain.payment import Payment
from billing.domain.refund import Refund, RefundCause
from tests.contracts.payment_gateway import REFUNDS, REFUNDS_NOT, PaymentGatewayContract, Provider, soon


class RefundProvider(Provider):
    """The outside of a gateway that pays back: its desk, its banks, its faults."""

    @abstractmethod
    def lose_next_refund(self) -> None:
        """The next refund takes effect, and its answer is lost."""

    @abstractmethod
    def refuse_next_refund(self) -> None:
        """The next refund is refused for good."""

    @abstractmethod
    def delay_next_refund(self) -> None:
        """The next refund is taken, and stays undecided."""

    @abstractmethod
    def decide_refund(self, payment: Payment, ref: str, succeeds: bool) -> None:
        """It comes through, or the customer's bank sends the money back."""

    @abstractmethod
    def refund_at_the_desk(self, payment: Payment, amount: Money) -> str:
        """Somebody pays back in the provider's dashboard; the provider's id of it."""

    @abstractmethod
    def paid_back(self, payment: Payment) -> list[Money]:
        """What went back or is about to, oldest first."""


def a_refund(payment: Payment, minor: int = 700, refund_id: str | None = None) -> Refund:
    """A part of a payment that is to go back."""
    assert payment.received
    return payment.open_refund(
        refund_id or f"ref_{payment.id}_{len(payment.refunds)}",
        Money(minor, payment.received.currency),
        RefundCause.REQUESTED,
        payment.created_at,
    )


class GatewayRefundsContract(PaymentGatewayContract):
    """The suite; a subclass has a fixture `provider`."""

    def paid(self, provider: RefundProvider, currency: str | None = None) -> Payment:
        """A payment of 1800 minor units, as the ledger knows it."""
        payment = self.start(provider, currency)
        provider.pay(payment)
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentSucceeded)
        payment.bind(None, fact.payment_ref)
        payment.succeed(fact.received)
        return payment

    def pay_back(self, provider: RefundProvider, payment: Payment, refund: Refund) -> RefundFact:
        """The one fact that a refund gives."""
        (fact,) = provider.gateway.refund(payment, refund, soon())
        assert isinstance(fact, RefundFact)
        return fact

    # ------------------------------------------------------------------ paying back

    @REFUNDS
    @pytest.mark.parametrize("currency", ["USD", "JPY", "RWF", "UGX"])
    def test_a_refund_is_the_sum_asked_in_yen_too(self, provider: RefundProvider, currency: str) -> None:
        """Seen elsewhere: a refund in yen was of another sum."""
        payment = self.paid(provider, currency)
        refund = a_refund(payment)
        fact = self.pay_back(provider, payment, refund)
        assert isinstance(fact, RefundSucceeded)
        assert (fact.amount, fact.refund_id, fact.payment_id) == (Money(700, currency), refund.id, payment.id)
        assert fact.refund_ref
        assert provider.paid_back(payment) == [Money(700, currency)]

    @REFUNDS
    def test_the_same_try_repeated_pays_once(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)
        first, second = (self.pay_back(provider, payment, refund) for _ in range(2))
        assert first == second
        assert provider.paid_back(payment) == [Money(700, "USD")]

    @REFUNDS
    def test_after_a_lost_answer_the_same_try_finds_what_was_paid(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)
        provider.lose_next_refund()
        with pytest.raises(OutcomeUnknown):
            provider.gateway.refund(payment, refund, soon())
        assert isinstance(self.pay_back(provider, payment, refund), RefundSucceeded)
        assert provider.paid_back(payment) == [Money(700, "USD")]

    @REFUNDS
    def test_eight_threads_that_pay_one_refund_pay_once(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)

        def pay(_: int) -> str:
            return _until_answered(lambda: self.pay_back(provider, payment, refund)).refund_ref

        with ThreadPoolExecutor(8) as threads:
            refs = set(threads.map(pay, range(8)))
        assert len(refs) == 1
        assert provider.paid_back(payment) == [Money(700, "USD")]

    @REFUNDS
    def test_a_refused_try_says_why_pays_nothing_and_the_next_one_pays(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)
        provider.refuse_next_refund()
        with pytest.raises(Refused) as refusal:
            provider.gateway.refund(payment, refund, soon())
        assert refusal.value.why
        assert provider.paid_back(payment) == []
        refund.try_again(refusal.value.why)
        for _ in range(2):
            assert isinstance(self.pay_back(provider, payment, refund), RefundSucceeded)
        assert provider.paid_back(payment) == [Money(700, "USD")]

    @REFUNDS
    def test_parts_go_back_until_nothing_is_left(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        for minor in (700, 700, 400):
            assert isinstance(self.pay_back(provider, payment, a_refund(payment, minor)), RefundSucceeded)
        assert sorted(money.minor for money in provider.paid_back(payment)) == [400, 700, 700]
        payment.refunds.clear()
        with pytest.raises(Refused):
            provider.gateway.refund(payment, a_refund(payment, 1, "ref_beyond"), soon())

    @REFUNDS
    def test_more_than_was_paid_is_refused_and_nothing_goes_back(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment, 1800)
        refund.amount = Money(1801, "USD")
        with pytest.raises(Refused):
            provider.gateway.refund(payment, refund, soon())
        assert provider.paid_back(payment) == []

    @REFUNDS
    def test_a_payment_that_the_provider_does_not_know_is_for_a_person(self, provider: RefundProvider) -> None:
        _, other = self.to_pay(provider)
        other.bind("no_such_session", "no_such_payment")
        other.succeed(other.amount)
        with pytest.raises(NeedsPerson):
            provider.gateway.refund(other, a_refund(other), soon())

    @REFUNDS
    def test_nothing_goes_back_when_no_time_is_left(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        over = Deadline(time.monotonic(), time.monotonic)
        with pytest.raises(RetryLater):
            provider.gateway.refund(payment, a_refund(payment), over)
        assert provider.paid_back(payment) == []

    @REFUNDS_NOT
    def test_where_nothing_is_paid_back_by_a_call_a_person_does_it(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        with pytest.raises(NeedsPerson) as task:
            provider.gateway.refund(payment, a_refund(payment), soon())
        assert task.value.why

    # ------------------------------------------------------------------ decided later

    @REFUNDS
    @pytest.mark.parametrize("succeeds", [True, False])
    def test_a_slow_refund_is_pending_until_it_is_decided(self, provider: RefundProvider, succeeds: bool) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)
        provider.delay_next_refund()
        pending = self.pay_back(provider, payment, refund)
        assert isinstance(pending, RefundPending)
        provider.decide_refund(payment, pending.refund_ref, succeeds)
        wanted = RefundSucceeded if succeeds else RefundFailed
        decided = self.pay_back(provider, payment, refund)
        assert isinstance(decided, wanted)
        assert provider.paid_back(payment) == ([Money(700, "USD")] if succeeds else [])


def _until_answered(pay: Callable[[], RefundFact]) -> RefundFact:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            return pay()
        except (NotYet, RetryLater):
            continue
    raise AssertionError("not answered in time")
