"""What every `PaymentGateway` must do, run on the twin and on the real one."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count

import pytest

from billing.application.outcomes import Deadline, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Forged, PaymentGateway, Reading, Started
from billing.domain.facts import PaymentDeclined, PaymentExpired, PaymentPending, PaymentSucceeded
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment
from billing.domain.purchase import Purchase
from tests.builders import a_domain, a_hosting, a_registrant

_numbers = count(1)


class Provider(ABC):
    """The outside of a gateway: its customers, its notifications, its faults."""

    gateway: PaymentGateway
    stranger: PaymentGateway
    """The same provider's account, used by another installation."""
    installation: str

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

    @abstractmethod
    def told(self, payment: Payment) -> tuple[bytes, Mapping[str, str]]:
        """The notification of its success, as it was sent."""

    @abstractmethod
    def unread(self) -> bytes:
        """A notification of a type that nobody reads."""

    @abstractmethod
    def sign(self, body: bytes, at: datetime) -> Mapping[str, str]:
        """The headers of a notification signed at that moment."""


def soon() -> Deadline:
    """Time enough for one call."""
    return Deadline.after(10, time.monotonic)


def an_order_to_pay(now: datetime, gateway: str = "memory", currency: str = "USD") -> tuple[Order, Payment]:
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
    options = {
        "success_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/basket",
        "email": "aline@example.rw",
    }
    return order, order.open_attempt(f"pay_{number}", gateway, options, now, now + timedelta(hours=2))


class PaymentGatewayContract:
    """The suite; a subclass has a fixture `provider`."""

    def start(self, provider: Provider, currency: str = "USD") -> Payment:
        """A started attempt, with its ids on it."""
        order, payment = an_order_to_pay(provider.now(), provider.gateway.name, currency)
        started = provider.gateway.start(order, payment, soon())
        payment.bind(started.session_ref, started.payment_ref)
        return payment

    def read(self, provider: Provider, payment: Payment) -> Reading:
        """What the notification of its success says."""
        return provider.gateway.interpret(provider.told(payment)[0], soon())

    # ------------------------------------------------------------------ starting

    def test_starting_twice_gives_one_attempt(self, provider: Provider) -> None:
        order, payment = an_order_to_pay(provider.now(), provider.gateway.name)
        first, second = (provider.gateway.start(order, payment, soon()) for _ in range(2))
        assert first == second
        assert first.session_ref and first.redirect_url
        assert provider.count_attempts(payment) == 1

    def test_after_a_lost_answer_the_next_start_finds_the_same_attempt(self, provider: Provider) -> None:
        order, payment = an_order_to_pay(provider.now(), provider.gateway.name)
        provider.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            provider.gateway.start(order, payment, soon())
        assert provider.count_attempts(payment) == 1
        assert provider.gateway.start(order, payment, soon()).session_ref
        assert provider.count_attempts(payment) == 1

    def test_a_start_repeated_after_it_was_paid_opens_nothing_new(self, provider: Provider) -> None:
        order, payment = an_order_to_pay(provider.now(), provider.gateway.name)
        started = provider.gateway.start(order, payment, soon())
        payment.bind(started.session_ref, started.payment_ref)
        provider.pay(payment)
        assert provider.gateway.start(order, payment, soon()) == started
        assert isinstance(provider.gateway.check(payment, soon())[0], PaymentSucceeded)

    def test_eight_threads_that_start_one_payment_get_one_attempt(self, provider: Provider) -> None:
        order, payment = an_order_to_pay(provider.now(), provider.gateway.name)

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
        order, payment = an_order_to_pay(provider.now(), provider.gateway.name)
        provider.refuse_next()
        with pytest.raises(Refused) as refusal:
            provider.gateway.start(order, payment, soon())
        assert refusal.value.why
        assert provider.count_attempts(payment) == 0

    def test_nothing_is_sent_when_no_time_is_left(self, provider: Provider) -> None:
        order, payment = an_order_to_pay(provider.now(), provider.gateway.name)
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
        payment = self.start(provider, currency)
        provider.pay(payment)
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentSucceeded)
        assert fact.received == payment.amount == Money(1800, currency)
        assert (fact.payment_id, fact.session_ref) == (payment.id, payment.session_ref)
        assert fact.payment_ref

    def test_a_decline_tells_why_and_the_customer_may_try_again(self, provider: Provider) -> None:
        payment = self.start(provider)
        provider.decline(payment)
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentDeclined)
        assert fact.why
        provider.pay(payment)
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentSucceeded)

    def test_an_expired_attempt_is_told_as_expired(self, provider: Provider) -> None:
        payment = self.start(provider)
        provider.expire(payment)
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentExpired)

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

    @pytest.mark.parametrize("call", ["check", "close"])
    def test_an_attempt_that_the_provider_does_not_know_is_for_a_person(self, provider: Provider, call: str) -> None:
        _, payment = an_order_to_pay(provider.now(), provider.gateway.name)
        payment.bind("no_such_session", None)
        with pytest.raises(NeedsPerson):
            getattr(provider.gateway, call)(payment, soon())

    # ------------------------------------------------------------------ notifications

    def test_a_genuine_notification_is_believed(self, provider: Provider) -> None:
        payment = self.start(provider)
        provider.pay(payment)
        body, headers = provider.told(payment)
        envelope = provider.gateway.verify(body, headers)
        assert envelope.readable
        assert envelope.event_id.encode() in body
        assert provider.gateway.verify(body, {name.upper(): value for name, value in headers.items()}) == envelope

    def test_a_notification_that_was_altered_is_forged(self, provider: Provider) -> None:
        body = provider.unread()
        with pytest.raises(Forged):
            provider.gateway.verify(body + b" ", provider.sign(body, provider.now()))

    def test_a_notification_without_a_signature_is_forged(self, provider: Provider) -> None:
        with pytest.raises(Forged):
            provider.gateway.verify(provider.unread(), {"Content-Type": "application/json"})

    @pytest.mark.parametrize("seconds", [-400, 400], ids=["stale", "future"])
    def test_a_notification_signed_at_another_time_is_forged(self, provider: Provider, seconds: int) -> None:
        body = provider.unread()
        with pytest.raises(Forged):
            provider.gateway.verify(body, provider.sign(body, provider.now() + timedelta(seconds=seconds)))

    @pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b"not json"])
    def test_what_is_signed_and_no_notification_is_forged(self, provider: Provider, body: bytes) -> None:
        with pytest.raises(Forged):
            provider.gateway.verify(body, provider.sign(body, provider.now()))

    def test_a_type_that_nobody_reads_is_believed_and_says_nothing(self, provider: Provider) -> None:
        body = provider.unread()
        assert not provider.gateway.verify(body, provider.sign(body, provider.now())).readable
        reading = provider.gateway.interpret(body, soon())
        assert not reading.facts
        assert reading.why

    def test_the_notification_of_a_success_says_what_a_check_says(self, provider: Provider) -> None:
        payment = self.start(provider)
        provider.pay(payment)
        reading = self.read(provider, payment)
        assert list(reading.facts) == list(provider.gateway.check(payment, soon()))
        assert reading.installation == provider.installation
        assert payment.session_ref in reading.refs

    def test_a_notification_read_twice_says_the_same(self, provider: Provider) -> None:
        payment = self.start(provider)
        provider.pay(payment)
        assert self.read(provider, payment) == self.read(provider, payment)

    def test_a_payment_of_another_installation_is_none_of_ours(self, provider: Provider) -> None:
        """FOSSBilling#3967: of two gateways on one account the wrong one took the event."""
        order, payment = an_order_to_pay(provider.now(), provider.gateway.name)
        started = provider.stranger.start(order, payment, soon())
        payment.bind(started.session_ref, started.payment_ref)
        provider.pay(payment)
        reading = self.read(provider, payment)
        assert reading.installation != provider.installation
        assert [fact.payment_id for fact in reading.facts] == [None]
