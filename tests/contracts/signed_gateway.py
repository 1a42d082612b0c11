"""What every `SignedGateway` must do: all that a gateway must, and its notifications prove what they tell."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from billing.application.ports import Forged, Reading, SignedGateway
from billing.domain.facts import Fact, RefundFact, RefundFailed, RefundSucceeded
from billing.domain.money import Money
from billing.domain.payment import Payment
from tests.contracts.gateway_refunds import GatewayRefundsContract, RefundProvider, a_refund
from tests.contracts.payment_gateway import soon


class SignedProvider(RefundProvider):
    """The outside of a gateway whose notifications are signed."""

    gateway: SignedGateway
    stranger: SignedGateway
    """The same provider's account, used by another installation."""
    installation: str

    @abstractmethod
    def told(self, payment: Payment) -> tuple[bytes, Mapping[str, str]]:
        """The notification of its success, as it was sent."""

    @abstractmethod
    def told_of_refund(self, payment: Payment, ref: str, fact: type[RefundFact]) -> bytes:
        """A notification that tells of a refund as it stood at that fact."""

    @abstractmethod
    def unread(self) -> bytes:
        """A notification of a type that nobody reads."""

    @abstractmethod
    def sign(self, body: bytes, at: datetime) -> Mapping[str, str]:
        """The headers of a notification signed at that moment."""


class SignedGatewayContract(GatewayRefundsContract):
    """The suite; a subclass has a fixture `provider`."""

    def read(self, provider: SignedProvider, payment: Payment) -> Reading:
        """What the notification of its success says."""
        return provider.gateway.interpret(provider.told(payment)[0], soon())

    def paid_elsewhere(self, provider: SignedProvider) -> Payment:
        """A payment of another installation on the same account."""
        order, payment = self.to_pay(provider)
        started = provider.stranger.start(order, payment, soon())
        payment.bind(started.session_ref, started.payment_ref)
        provider.pay(payment)
        return payment

    def told_fact(self, provider: SignedProvider, payment: Payment, ref: str, wanted: type[RefundFact]) -> RefundFact:
        """What a notification says of this refund."""
        reading = provider.gateway.interpret(provider.told_of_refund(payment, ref, wanted), soon())
        facts: list[Fact] = [fact for fact in reading.facts if isinstance(fact, RefundFact) and fact.refund_ref == ref]
        (fact,) = facts
        assert isinstance(fact, wanted)
        assert reading.installation == provider.installation
        return fact

    # ------------------------------------------------------------------ notifications

    def test_a_genuine_notification_is_believed(self, provider: SignedProvider) -> None:
        payment = self.start(provider)
        provider.pay(payment)
        body, headers = provider.told(payment)
        envelope = provider.gateway.verify(body, headers)
        assert envelope.readable
        assert envelope.event_id.encode() in body
        assert provider.gateway.verify(body, {name.upper(): value for name, value in headers.items()}) == envelope

    def test_a_notification_that_was_altered_is_forged(self, provider: SignedProvider) -> None:
        body = provider.unread()
        with pytest.raises(Forged):
            provider.gateway.verify(body + b" ", provider.sign(body, provider.now()))

    def test_a_notification_without_a_signature_is_forged(self, provider: SignedProvider) -> None:
        with pytest.raises(Forged):
            provider.gateway.verify(provider.unread(), {"Content-Type": "application/json"})

    @pytest.mark.parametrize("seconds", [-400, 400], ids=["stale", "future"])
    def test_a_notification_signed_at_another_time_is_forged(self, provider: SignedProvider, seconds: int) -> None:
        body = provider.unread()
        with pytest.raises(Forged):
            provider.gateway.verify(body, provider.sign(body, provider.now() + timedelta(seconds=seconds)))

    @pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b"not json"])
    def test_what_is_signed_and_no_notification_is_forged(self, provider: SignedProvider, body: bytes) -> None:
        with pytest.raises(Forged):
            provider.gateway.verify(body, provider.sign(body, provider.now()))

    def test_a_type_that_nobody_reads_is_believed_and_says_nothing(self, provider: SignedProvider) -> None:
        body = provider.unread()
        assert not provider.gateway.verify(body, provider.sign(body, provider.now())).readable
        reading = provider.gateway.interpret(body, soon())
        assert not reading.facts
        assert reading.why

    def test_the_notification_of_a_success_says_what_a_check_says(self, provider: SignedProvider) -> None:
        payment = self.start(provider)
        provider.pay(payment)
        reading = self.read(provider, payment)
        assert list(reading.facts) == list(provider.gateway.check(payment, soon()))
        assert reading.installation == provider.installation
        assert payment.session_ref in reading.refs

    def test_a_notification_read_twice_says_the_same(self, provider: SignedProvider) -> None:
        payment = self.start(provider)
        provider.pay(payment)
        assert self.read(provider, payment) == self.read(provider, payment)

    def test_a_payment_of_another_installation_is_none_of_ours(self, provider: SignedProvider) -> None:
        """FOSSBilling#3967: of two gateways on one account the wrong one took the event."""
        payment = self.paid_elsewhere(provider)
        reading = self.read(provider, payment)
        assert reading.installation != provider.installation
        assert [fact.payment_id for fact in reading.facts] == [None]

    # ------------------------------------------------------------------ notifications of refunds

    @pytest.mark.parametrize("succeeds", [True, False])
    def test_the_notification_of_a_decision_says_what_the_next_call_says(
        self, provider: SignedProvider, succeeds: bool
    ) -> None:
        payment = self.paid(provider)
        refund = a_refund(payment)
        provider.delay_next_refund()
        ref = self.pay_back(provider, payment, refund).refund_ref
        provider.decide_refund(payment, ref, succeeds)
        told = self.told_fact(provider, payment, ref, RefundSucceeded if succeeds else RefundFailed)
        assert _said(told) == _said(self.pay_back(provider, payment, refund))

    def test_what_the_bank_sends_back_is_told_as_failed_with_the_reason(self, provider: SignedProvider) -> None:
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

    def test_the_notification_of_a_refund_says_what_the_call_said(self, provider: SignedProvider) -> None:
        payment = self.paid(provider)
        said = self.pay_back(provider, payment, a_refund(payment))
        told = self.told_fact(provider, payment, said.refund_ref, RefundSucceeded)
        assert _said(told) == _said(said)
        assert told == self.told_fact(provider, payment, said.refund_ref, RefundSucceeded)

    def test_a_refund_made_at_the_desk_is_told_as_one_of_our_payment_and_none_of_our_refunds(
        self, provider: SignedProvider
    ) -> None:
        payment = self.paid(provider)
        ours = self.pay_back(provider, payment, a_refund(payment))
        ref = provider.refund_at_the_desk(payment, Money(300, "USD"))
        told = self.told_fact(provider, payment, ref, RefundSucceeded)
        assert (told.payment_id, told.refund_id, told.amount) == (payment.id, None, Money(300, "USD"))
        assert ref != ours.refund_ref
        assert sorted(money.minor for money in provider.paid_back(payment)) == [300, 700]

    def test_a_refund_of_another_installations_payment_is_none_of_ours(self, provider: SignedProvider) -> None:
        payment = self.paid_elsewhere(provider)
        ref = provider.refund_at_the_desk(payment, Money(300, "USD"))
        reading = provider.gateway.interpret(provider.told_of_refund(payment, ref, RefundSucceeded), soon())
        assert reading.installation != provider.installation
        assert {fact.payment_id for fact in reading.facts} <= {None}


def _said(fact: RefundFact) -> tuple[object, ...]:
    """What a fact says of the refund, by whichever ids of the payment it came."""
    why = fact.why if isinstance(fact, RefundFailed) else None
    return type(fact), fact.payment_id, fact.refund_id, fact.refund_ref, fact.amount, why
