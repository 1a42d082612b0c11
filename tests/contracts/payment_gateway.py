"""What every `PaymentGateway` must do, run on the twins and on the real ones.

Providers differ in what they can do at all: a case that is only for some of them names the `manner` that it is for.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from types import MappingProxyType

import pytest

from billing.application.outcomes import Deadline, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import PaymentGateway, Started
from billing.domain.errors import Invalid
from billing.domain.facts import PaymentDeclined, PaymentExpired, PaymentFailed, PaymentPending, PaymentSucceeded
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment
from billing.domain.purchase import Purchase
from tests.builders import a_domain, a_hosting, a_registrant

CLOSES, CLOSES_NOT = pytest.mark.manner(closes=True), pytest.mark.manner(closes=False)
REFUNDS, REFUNDS_NOT = pytest.mark.manner(refunds=True), pytest.mark.manner(refunds=False)

_numbers = count(1)
_PAGE = {
    "success_url": "https://shop.example/thanks",
    "cancel_url": "https://shop.example/basket",
    "email": "aline@example.rw",
}


class Provider(ABC):
    """The outside of a gateway: its customers and its faults."""

    gateway: PaymentGateway
    currencies: Collection[str] = ("USD", "RWF", "UGX")
    """Those that it takes, of the three; the first is that of a case to which it is all the same."""
    options: Mapping[str, str] = MappingProxyType(_PAGE)
    """What an attempt is asked with."""

    @abstractmethod
    def now(self) -> datetime:
        """The provider's clock."""

    @abstractmethod
    def pay(self, payment: Payment) -> None:
        """The customer pays."""

    @abstractmethod
    def decline(self, payment: Payment) -> None:
        """The customer's bank refuses one try."""

    @abstractmethod
    def expire(self, payment: Payment) -> None:
        """Time runs out."""

    @abstractmethod
    def lose_next_answer(self) -> None:
        """The next start takes effect, and its answer is lost."""

    @abstractmethod
    def refuse_next(self) -> None:
        """The next start is refused for good."""

    @abstractmethod
    def count_attempts(self, payment: Payment) -> int:
        """How many attempts the provider holds for it."""


def soon() -> Deadline:
    """Time enough for one call."""
    return Deadline.after(10, time.monotonic)


def an_order_to_pay(
    now: datetime, gateway: str = "memory", currency: str = "USD", options: Mapping[str, str] = _PAGE
) -> tuple[Order, Payment]:
    """An order of two items, and an open attempt to pay it."""
    number = next(_numbers)
    bought: list[tuple[Purchase, Money]] = [(a_domain(), Money(1299, currency)), (a_hosting(), Money(501, currency))]
    order = Order(
        id=f"ord_{number}",
        number=f"N-{number}",
        customer_id="cus_1",
        currency=currency,
        registrant=a_registrant(),
        items=[OrderItem.of(f"itm_{number}_{n}", n, what, price) for n, (what, price) in enumerate(bought)],
        created_at=now,
        expires_at=now + timedelta(hours=20),
    )
    return order, order.open_attempt(f"pay_{number}", gateway, options, now, now + timedelta(hours=2))


class PaymentGatewayContract:
    """The suite; a subclass has a fixture `provider`."""

    @pytest.fixture(autouse=True)
    def _only_of_that_manner(self, request: pytest.FixtureRequest, provider: Provider) -> None:
        for mark in request.node.iter_markers("manner"):
            for ability, has_it in mark.kwargs.items():
                if getattr(provider.gateway.manner, ability) is not has_it:
                    pytest.skip(f"its manner: {ability} is not {has_it}")

    def to_pay(self, provider: Provider, currency: str | None = None) -> tuple[Order, Payment]:
        """An order and an open attempt at this provider, as it is asked with."""
        asked_in = currency or next(iter(provider.currencies))
        order, payment = an_order_to_pay(provider.now(), provider.gateway.name, asked_in, provider.options)
        payment.options = provider.gateway.prepare(payment.amount, payment.options)
        return order, payment

    def start(self, provider: Provider, currency: str | None = None) -> Payment:
        """A started attempt, with its ids on it."""
        order, payment = self.to_pay(provider, currency)
        started = provider.gateway.start(order, payment, soon())
        payment.bind(started.session_ref, started.payment_ref)
        return payment

    # ------------------------------------------------------------------ starting

    def test_starting_twice_gives_one_attempt(self, provider: Provider) -> None:
        order, payment = self.to_pay(provider)
        first, second = (provider.gateway.start(order, payment, soon()) for _ in range(2))
        assert first == second
        assert first.session_ref or first.payment_ref
        assert provider.count_attempts(payment) == 1

    @CLOSES
    def test_an_attempt_that_can_be_closed_is_a_page(self, provider: Provider) -> None:
        started = provider.gateway.start(*self.to_pay(provider), soon())
        assert started.session_ref and started.redirect_url

    @pytest.mark.parametrize("call", ["start", "start_again"])
    def test_after_a_lost_answer_the_next_start_finds_the_same_attempt(self, provider: Provider, call: str) -> None:
        order, payment = self.to_pay(provider)
        provider.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            provider.gateway.start(order, payment, soon())
        assert provider.count_attempts(payment) == 1
        started = getattr(provider.gateway, call)(order, payment, soon())
        assert started.session_ref or started.payment_ref
        assert provider.count_attempts(payment) == 1

    def test_a_start_after_nothing_came_of_the_first_opens_it(self, provider: Provider) -> None:
        order, payment = self.to_pay(provider)
        started = provider.gateway.start_again(order, payment, soon())
        assert started.session_ref or started.payment_ref
        assert provider.count_attempts(payment) == 1

    def test_a_start_repeated_after_it_was_paid_opens_nothing_new(self, provider: Provider) -> None:
        order, payment = self.to_pay(provider)
        started = provider.gateway.start(order, payment, soon())
        payment.bind(started.session_ref, started.payment_ref)
        provider.pay(payment)
        again = provider.gateway.start(order, payment, soon())
        assert replace(again, facts=()) == started
        assert all(isinstance(fact, PaymentSucceeded) for fact in again.facts)
        assert provider.count_attempts(payment) == 1
        assert isinstance(provider.gateway.check(payment, soon())[0], PaymentSucceeded)

    def test_eight_threads_that_start_one_payment_get_one_attempt(self, provider: Provider) -> None:
        order, payment = self.to_pay(provider)

        def start(_: int) -> Started:
            until = time.monotonic() + 10
            while time.monotonic() < until:
                try:
                    return provider.gateway.start(order, payment, soon())
                except (NotYet, RetryLater):
                    continue
            raise AssertionError("not started in time")

        with ThreadPoolExecutor(8) as threads:
            started = set(threads.map(start, range(8)))
        assert len(started) == 1
        assert provider.count_attempts(payment) == 1

    def test_a_refused_start_says_why_and_leaves_nothing(self, provider: Provider) -> None:
        order, payment = self.to_pay(provider)
        provider.refuse_next()
        with pytest.raises(Refused) as refusal:
            provider.gateway.start(order, payment, soon())
        assert refusal.value.why
        assert provider.count_attempts(payment) == 0

    def test_nothing_is_sent_when_no_time_is_left(self, provider: Provider) -> None:
        order, payment = self.to_pay(provider)
        over = Deadline(time.monotonic(), time.monotonic)
        with pytest.raises(RetryLater):
            provider.gateway.start(order, payment, over)
        assert provider.count_attempts(payment) == 0

    # ------------------------------------------------------------------ asking and closing

    def test_an_attempt_that_nobody_paid_is_pending(self, provider: Provider) -> None:
        (fact,) = provider.gateway.check(self.start(provider), soon())
        assert isinstance(fact, PaymentPending)

    @pytest.mark.parametrize("currency", ["USD", "RWF", "UGX"])
    def test_a_paid_attempt_tells_the_sum_that_was_asked(self, provider: Provider, currency: str) -> None:
        if currency not in provider.currencies:
            with pytest.raises(Invalid, match=currency):
                self.to_pay(provider, currency)
            return
        payment = self.start(provider, currency)
        provider.pay(payment)
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentSucceeded)
        assert fact.received == payment.amount == Money(1800, currency)
        assert (fact.payment_id, fact.session_ref) == (payment.id, payment.session_ref)
        assert fact.payment_ref

    @CLOSES_NOT
    def test_a_decline_ends_an_attempt_that_has_no_page_and_tells_why(self, provider: Provider) -> None:
        payment = self.start(provider)
        provider.decline(payment)
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentFailed)
        assert fact.why

    @CLOSES
    def test_a_decline_tells_why_and_the_customer_may_try_again(self, provider: Provider) -> None:
        payment = self.start(provider)
        provider.decline(payment)
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentDeclined)
        assert fact.why
        provider.pay(payment)
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentSucceeded)

    @CLOSES
    def test_an_expired_attempt_is_told_as_expired(self, provider: Provider) -> None:
        payment = self.start(provider)
        provider.expire(payment)
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentExpired)

    @CLOSES
    def test_closing_an_open_attempt_expires_it_and_again_the_same(self, provider: Provider) -> None:
        payment = self.start(provider)
        first, second = (provider.gateway.close(payment, soon()) for _ in range(2))
        assert list(first) == list(second)
        assert isinstance(first[0], PaymentExpired)

    def test_closing_after_it_was_paid_tells_the_success(self, provider: Provider) -> None:
        payment = self.start(provider)
        provider.pay(payment)
        (fact,) = provider.gateway.close(payment, soon())
        assert isinstance(fact, PaymentSucceeded)
        assert fact.received == payment.amount

    @CLOSES_NOT
    def test_closing_where_nothing_closes_tells_what_a_check_tells(self, provider: Provider) -> None:
        payment = self.start(provider)
        (fact,) = provider.gateway.close(payment, soon())
        assert isinstance(fact, PaymentPending)
        provider.pay(payment)
        assert isinstance(provider.gateway.check(payment, soon())[0], PaymentSucceeded)

    @CLOSES
    @pytest.mark.parametrize("call", ["check", "close"])
    def test_an_attempt_that_the_provider_does_not_know_is_for_a_person(self, provider: Provider, call: str) -> None:
        _, payment = self.to_pay(provider)
        payment.bind("no_such_session", None)
        with pytest.raises(NeedsPerson):
            getattr(provider.gateway, call)(payment, soon())
