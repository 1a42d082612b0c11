"""What every `PaymentGateway` must do with refunds, run on the twin and on the real one."""

import time
from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing.application.outcomes import Deadline, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.domain.facts import (
    Fact,
    PaymentSucceeded,
    RefundFact,
    RefundFailed,
    RefundPending,
    RefundSucceeded,
)
from billing.domain.money import Money
from billing.domain.payment import Payment
from billing.domain.refund import Refund, RefundCause
from tests.contracts.payment_gateway import PaymentGatewayContract, Provider, an_order_to_pay, soon


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

    @abstractmethod
    def told_of_refund(self, payment: Payment, ref: str, fact: type[RefundFact]) -> bytes:
        """A notification that tells of a refund as it stood at that fact."""


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

    def paid(self, provider: RefundProvider, currency: str = "USD") -> Payment:
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

    def told_fact(self, provider: RefundProvider, payment: Payment, ref: str, wanted: type[RefundFact]) -> RefundFact:
        """What a notification says of this refund."""
        reading = provider.gateway.interpret(provider.told_of_refund(payment, ref, wanted), soon())
        facts: list[Fact] = [fact for fact in reading.facts if isinstance(fact, RefundFact) and fact.refund_ref == ref]
        (fact,) = facts
        assert isinstance(fact, wanted)
        assert reading.installation == provider.installation
        return fact

    # ------------------------------------------------------------------ paying back

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

    def test_the_same_try_repeated_pays_once(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)
        first, second = (self.pay_back(provider, payment, refund) for _ in range(2))
        assert first == second
        assert provider.paid_back(payment) == [Money(700, "USD")]

    def test_after_a_lost_answer_the_same_try_finds_what_was_paid(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)
        provider.lose_next_refund()
        with pytest.raises(OutcomeUnknown):
            provider.gateway.refund(payment, refund, soon())
        assert isinstance(self.pay_back(provider, payment, refund), RefundSucceeded)
        assert provider.paid_back(payment) == [Money(700, "USD")]

    def test_eight_threads_that_pay_one_refund_pay_once(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)

        def pay(_: int) -> str:
            return _until_answered(lambda: self.pay_back(provider, payment, refund)).refund_ref

        with ThreadPoolExecutor(8) as threads:
            refs = set(threads.map(pay, range(8)))
        assert len(refs) == 1
        assert provider.paid_back(payment) == [Money(700, "USD")]

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

    def test_parts_go_back_until_nothing_is_left(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        for minor in (700, 700, 400):
            assert isinstance(self.pay_back(provider, payment, a_refund(payment, minor)), RefundSucceeded)
        assert sorted(money.minor for money in provider.paid_back(payment)) == [400, 700, 700]
        payment.refunds.clear()
        with pytest.raises(Refused):
            provider.gateway.refund(payment, a_refund(payment, 1, "ref_beyond"), soon())

    def test_more_than_was_paid_is_refused_and_nothing_goes_back(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment, 1800)
        refund.amount = Money(1801, "USD")
        with pytest.raises(Refused):
            provider.gateway.refund(payment, refund, soon())
        assert provider.paid_back(payment) == []

    def test_a_payment_that_the_provider_does_not_know_is_for_a_person(self, provider: RefundProvider) -> None:
        _, other = an_order_to_pay(provider.now(), provider.gateway.name)
        other.bind("no_such_session", "no_such_payment")
        other.succeed(other.amount)
        with pytest.raises(NeedsPerson):
            provider.gateway.refund(other, a_refund(other), soon())

    def test_nothing_goes_back_when_no_time_is_left(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        over = Deadline(time.monotonic(), time.monotonic)
        with pytest.raises(RetryLater):
            provider.gateway.refund(payment, a_refund(payment), over)
        assert provider.paid_back(payment) == []

    # ------------------------------------------------------------------ decided later

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
        assert _said(self.told_fact(provider, payment, pending.refund_ref, wanted)) == _said(decided)
        assert provider.paid_back(payment) == ([Money(700, "USD")] if succeeds else [])

    def test_what_the_bank_sends_back_is_told_as_failed_with_the_reason(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)
        ref = self.pay_back(provider, payment, refund).refund_ref
        provider.decide_refund(payment, ref, succeeds=False)
        fact = self.told_fact(provider, payment, ref, RefundFailed)
        assert isinstance(fact, RefundFailed)
        assert (fact.refund_id, fact.amount) == (refund.id, Money(700, "USD"))
        assert fact.why
        assert _said(self.pay_back(provider, payment, refund)) == _said(fact)
        assert provider.paid_back(payment) == []

    # ------------------------------------------------------------------ notifications

    def test_the_notification_of_a_refund_says_what_the_call_said(self, provider: RefundProvider) -> None:
        payment = self.paid(provider)
        said = self.pay_back(provider, payment, a_refund(payment))
        told = self.told_fact(provider, payment, said.refund_ref, RefundSucceeded)
        assert _said(told) == _said(said)
        assert told == self.told_fact(provider, payment, said.refund_ref, RefundSucceeded)

    def test_a_refund_made_at_the_desk_is_told_as_one_of_our_payment_and_none_of_our_refunds(
        self, provider: RefundProvider
    ) -> None:
        payment = self.paid(provider)
        ours = self.pay_back(provider, payment, a_refund(payment))
        ref = provider.refund_at_the_desk(payment, Money(300, "USD"))
        told = self.told_fact(provider, payment, ref, RefundSucceeded)
        assert (told.payment_id, told.refund_id, told.amount) == (payment.id, None, Money(300, "USD"))
        assert ref != ours.refund_ref
        assert sorted(money.minor for money in provider.paid_back(payment)) == [300, 700]

    def test_a_refund_of_another_installations_payment_is_none_of_ours(self, provider: RefundProvider) -> None:
        order, payment = an_order_to_pay(provider.now(), provider.gateway.name)
        started = provider.stranger.start(order, payment, soon())
        payment.bind(started.session_ref, started.payment_ref)
        provider.pay(payment)
        ref = provider.refund_at_the_desk(payment, Money(300, "USD"))
        reading = provider.gateway.interpret(provider.told_of_refund(payment, ref, RefundSucceeded), soon())
        assert reading.installation != provider.installation
        assert {fact.payment_id for fact in reading.facts} <= {None}


def _said(fact: RefundFact) -> tuple[object, ...]:
    """What a fact says of the refund, by whichever ids of the payment it came."""
    why = fact.why if isinstance(fact, RefundFailed) else None
    return type(fact), fact.payment_id, fact.refund_id, fact.refund_ref, fact.amount, why


def _until_answered(pay: Callable[[], RefundFact]) -> RefundFact:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            return pay()
        except (NotYet, RetryLater):
            continue
    raise AssertionError("not answered in time")
