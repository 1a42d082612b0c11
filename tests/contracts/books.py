"""What every `EventFeed` and `Statements` must do, run on the twins and on the real ones."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta

import pytest

from billing.application.outcomes import Deadline, NeedsPerson, RetryLater
from billing.application.provider_ports import EventFeed, FeedEvent, Statements
from billing.domain.facts import PaymentSucceeded, RefundFailed, RefundNews, RefundPending, RefundSucceeded
from billing.domain.money import Money
from billing.domain.payment import Payment
from tests.contracts.gateway_refunds import GatewayRefundsContract, RefundProvider, a_refund
from tests.contracts.payment_gateway import an_order_to_pay, soon

DAY = timedelta(days=1)
OVER = Deadline(0.0, lambda: 1.0)
steps = GatewayRefundsContract()


class BooksProvider(RefundProvider):
    """The outside of a gateway that lets us look into its books."""

    feed: EventFeed
    statements: Statements

    @abstractmethod
    def lose_next_page(self) -> None:
        """The next page of the feed is asked for in vain."""


class BooksContract:
    """The suite; a subclass has a fixture `provider`."""

    # ------------------------------------------------------------------ what happened

    def happened(self, provider: BooksProvider) -> list[FeedEvent]:
        """From the first page to the last."""
        found: list[FeedEvent] = []
        after: str | None = None
        for _ in range(100):
            page = provider.feed.page(provider.now() - DAY, provider.now() + DAY, after, soon())
            found += page.events
            after = page.after
            if after is None:
                return found
        raise AssertionError("it never ends")

    def paid_in(self, provider: BooksProvider, events: Sequence[FeedEvent]) -> set[str | None]:
        """Whose success they tell."""
        facts = [fact for event in events for fact in provider.gateway.interpret(event.body, soon()).facts]
        return {fact.payment_id for fact in facts if isinstance(fact, PaymentSucceeded)}

    def test_what_happened_is_told_in_the_words_of_notifications(self, provider: BooksProvider) -> None:
        payment = steps.paid(provider)
        events = self.happened(provider)
        assert payment.id in self.paid_in(provider, events)
        for event in events:
            assert event.event_id.encode() in event.body
            assert event.type.encode() in event.body
            assert abs(provider.now() - event.created_at) < DAY

    def test_a_long_list_is_read_to_its_end(self, provider: BooksProvider) -> None:
        paid = {steps.paid(provider).id for _ in range(7)}
        assert self.paid_in(provider, self.happened(provider)) >= paid

    def test_what_nobody_reads_is_not_told(self, provider: BooksProvider) -> None:
        provider.unread()
        for event in self.happened(provider):
            assert provider.gateway.verify(event.body, provider.sign(event.body, provider.now())).readable

    def test_read_twice_it_tells_the_same(self, provider: BooksProvider) -> None:
        steps.paid(provider)
        first, second = ({event.event_id for event in self.happened(provider)} for _ in range(2))
        assert first == second

    def test_nothing_is_told_of_another_time(self, provider: BooksProvider) -> None:
        steps.paid(provider)
        now, after = provider.now(), None
        for since, until in ((now - 3 * DAY, now - 2 * DAY), (now + DAY, now + 2 * DAY)):
            page = provider.feed.page(since, until, after, soon())
            assert list(page.events) == []

    def test_a_page_that_was_not_answered_is_asked_for_again(self, provider: BooksProvider) -> None:
        steps.paid(provider)
        provider.lose_next_page()
        with pytest.raises(RetryLater):
            self.happened(provider)
        assert self.happened(provider)

    def test_nothing_is_asked_when_no_time_is_left(self, provider: BooksProvider) -> None:
        payment = steps.paid(provider)
        with pytest.raises(RetryLater):
            provider.feed.page(provider.now(), provider.now(), None, OVER)
        with pytest.raises(RetryLater):
            provider.statements.of(payment, OVER)

    # ------------------------------------------------------------------ what came of a payment

    def refunds(self, provider: BooksProvider, payment: Payment) -> Sequence[RefundNews]:
        """Those that the books have of it."""
        return provider.statements.of(payment, soon()).refunds

    @pytest.mark.parametrize("currency", ["USD", "RWF", "UGX"])
    def test_the_books_have_what_came_in(self, provider: BooksProvider, currency: str) -> None:
        statement = provider.statements.of(steps.paid(provider, currency), soon())
        assert (statement.received, list(statement.refunds)) == (Money(1800, currency), [])

    def test_the_books_have_every_refund_whoever_made_it(self, provider: BooksProvider) -> None:
        payment = steps.paid(provider)
        ours = steps.pay_back(provider, payment, a_refund(payment))
        desk = provider.refund_at_the_desk(payment, Money(299, "USD"))
        told = {one.refund_ref: (type(one), one.refund_id, one.amount) for one in self.refunds(provider, payment)}
        assert told == {
            ours.refund_ref: (RefundSucceeded, ours.refund_id, Money(700, "USD")),
            desk: (RefundSucceeded, None, Money(299, "USD")),
        }

    @pytest.mark.parametrize(("succeeds", "fact"), [(True, RefundSucceeded), (False, RefundFailed)])
    def test_the_books_have_how_a_refund_ended(
        self, provider: BooksProvider, succeeds: bool, fact: type[RefundNews]
    ) -> None:
        payment = steps.paid(provider)
        provider.delay_next_refund()
        refund = steps.pay_back(provider, payment, a_refund(payment))
        assert [type(one) for one in self.refunds(provider, payment)] == [RefundPending]
        provider.decide_refund(payment, refund.refund_ref, succeeds)
        assert [type(one) for one in self.refunds(provider, payment)] == [fact]

    def test_a_payment_that_the_provider_does_not_know_needs_a_person(self, provider: BooksProvider) -> None:
        _, payment = an_order_to_pay(provider.now(), provider.gateway.name)
        payment.bind("no_such_session", "no_such_payment")
        with pytest.raises(NeedsPerson):
            provider.statements.of(payment, soon())
