"""What every `PaymentGateway` that charges saved methods must do, run on the twin and on the real one."""

from abc import abstractmethod

import pytest

from billing.application.outcomes import NeedsPerson, OutcomeUnknown
from billing.domain.facts import (
    Fact,
    PaymentCancelled,
    PaymentExpired,
    PaymentFailed,
    PaymentNeedsCustomer,
    PaymentPending,
    PaymentSucceeded,
)
from billing.domain.order import Order
from billing.domain.payment import Payment
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.contracts.signed_gateway import SignedProvider


class OffSessionProvider(SignedProvider):
    """The outside of a gateway that charges saved methods: methods of every kind, and what is told of their charges."""

    @abstractmethod
    def a_method(self, outcome: type[Fact]) -> dict[str, str]:
        """Account and ref of a saved method that gives this fact when it is charged."""

    @abstractmethod
    def lose_next_charge(self) -> None:
        """The next charge takes effect, and its answer is lost."""

    @abstractmethod
    def count_charges(self, payment: Payment) -> int:
        """How many charges the provider holds for it, whatever came of them."""

    @abstractmethod
    def told_of_charge(self, payment: Payment, fact: type[Fact]) -> bytes:
        """A notification that tells of its charge as it stood at that fact."""


class OffSessionContract:
    """The suite; a subclass has a fixture `provider`."""

    def to_charge(self, provider: OffSessionProvider, outcome: type[Fact]) -> tuple[Order, Payment]:
        """An attempt by a saved method that gives this fact, not yet started."""
        order, payment = an_order_to_pay(provider.now(), provider.gateway.name)
        payment.options = {"email": "aline@example.rw", **provider.a_method(outcome)}
        return order, payment

    def charge(self, provider: OffSessionProvider, outcome: type[Fact]) -> tuple[Payment, Fact]:
        """The same, started: with its ids on it, and what was proven at once."""
        order, payment = self.to_charge(provider, outcome)
        started = provider.gateway.start(order, payment, soon())
        payment.bind(started.session_ref, started.payment_ref)
        (fact,) = started.facts
        return payment, fact

    @pytest.mark.parametrize(
        "outcome",
        [PaymentSucceeded, PaymentFailed, PaymentNeedsCustomer, PaymentPending],
        ids=lambda fact: fact.__name__,
    )
    def test_a_saved_method_that_is_charged_has_no_page_and_tells_at_once(
        self, provider: OffSessionProvider, outcome: type[Fact]
    ) -> None:
        order, payment = self.to_charge(provider, outcome)
        started = provider.gateway.start(order, payment, soon())
        assert (started.session_ref, started.redirect_url) == (None, None)
        assert started.payment_ref
        payment.bind(None, started.payment_ref)
        (fact,) = started.facts
        assert type(fact) is outcome
        assert (fact.payment_id, fact.payment_ref) == (payment.id, started.payment_ref)  # type: ignore[union-attr]
        assert list(provider.gateway.check(payment, soon())) == [fact]

    def test_what_comes_in_is_what_was_asked(self, provider: OffSessionProvider) -> None:
        payment, fact = self.charge(provider, PaymentSucceeded)
        assert isinstance(fact, PaymentSucceeded)
        assert fact.received == payment.amount

    @pytest.mark.parametrize("outcome", [PaymentFailed, PaymentNeedsCustomer])
    def test_the_banks_reason_is_told(self, provider: OffSessionProvider, outcome: type[Fact]) -> None:
        _, fact = self.charge(provider, outcome)
        assert isinstance(fact, PaymentFailed | PaymentNeedsCustomer)
        assert fact.why

    @pytest.mark.parametrize("outcome", [PaymentSucceeded, PaymentFailed, PaymentNeedsCustomer])
    def test_a_method_is_charged_once_however_often_it_is_started(
        self, provider: OffSessionProvider, outcome: type[Fact]
    ) -> None:
        order, payment = self.to_charge(provider, outcome)
        first, second = (provider.gateway.start(order, payment, soon()) for _ in range(2))
        assert first == second
        assert provider.count_charges(payment) == 1

    @pytest.mark.parametrize("outcome", [PaymentSucceeded, PaymentFailed])
    def test_after_a_lost_answer_the_next_start_tells_of_the_same_charge(
        self, provider: OffSessionProvider, outcome: type[Fact]
    ) -> None:
        order, payment = self.to_charge(provider, outcome)
        self.lose_a_charge(provider, order, payment)
        started = provider.gateway.start(order, payment, soon())
        assert [type(fact) for fact in started.facts] == [outcome]
        assert provider.count_charges(payment) == 1

    @pytest.mark.parametrize("call", ["check", "close"])
    def test_a_charge_whose_answer_was_lost_is_found_without_its_id(
        self, provider: OffSessionProvider, call: str
    ) -> None:
        order, payment = self.to_charge(provider, PaymentSucceeded)
        self.lose_a_charge(provider, order, payment)
        (fact,) = getattr(provider.gateway, call)(payment, soon())
        assert isinstance(fact, PaymentSucceeded)
        assert fact.payment_id == payment.id
        assert fact.payment_ref

    @pytest.mark.parametrize("call", ["check", "close"])
    def test_a_charge_that_never_came_about_is_expired(self, provider: OffSessionProvider, call: str) -> None:
        _, payment = self.to_charge(provider, PaymentSucceeded)
        (fact,) = getattr(provider.gateway, call)(payment, soon())
        assert isinstance(fact, PaymentExpired)
        assert fact.payment_id == payment.id

    @pytest.mark.parametrize("call", ["check", "close"])
    def test_a_charge_that_the_provider_does_not_know_is_for_a_person(
        self, provider: OffSessionProvider, call: str
    ) -> None:
        _, payment = self.to_charge(provider, PaymentSucceeded)
        payment.bind(None, "no_such_charge")
        with pytest.raises(NeedsPerson):
            getattr(provider.gateway, call)(payment, soon())

    def test_closing_what_waits_for_the_customer_calls_it_off_and_again_the_same(
        self, provider: OffSessionProvider
    ) -> None:
        payment, _ = self.charge(provider, PaymentNeedsCustomer)
        first, second = (provider.gateway.close(payment, soon()) for _ in range(2))
        assert list(first) == list(second)
        assert isinstance(first[0], PaymentCancelled)
        assert isinstance(provider.gateway.check(payment, soon())[0], PaymentCancelled)

    def test_closing_what_has_paid_tells_the_success(self, provider: OffSessionProvider) -> None:
        payment, _ = self.charge(provider, PaymentSucceeded)
        (fact,) = provider.gateway.close(payment, soon())
        assert isinstance(fact, PaymentSucceeded)
        assert fact.received == payment.amount

    @pytest.mark.parametrize("outcome", [PaymentSucceeded, PaymentFailed, PaymentNeedsCustomer])
    def test_the_notification_of_a_charge_says_what_its_start_said(
        self, provider: OffSessionProvider, outcome: type[Fact]
    ) -> None:
        payment, fact = self.charge(provider, outcome)
        reading = provider.gateway.interpret(provider.told_of_charge(payment, outcome), soon())
        assert list(reading.facts) == [fact]
        assert reading.installation == provider.installation
        assert payment.payment_ref in reading.refs

    def lose_a_charge(self, provider: OffSessionProvider, order: Order, payment: Payment) -> None:
        """It takes effect, and nobody hears of it."""
        provider.lose_next_charge()
        with pytest.raises(OutcomeUnknown):
            provider.gateway.start(order, payment, soon())
        assert provider.count_charges(payment) == 1
