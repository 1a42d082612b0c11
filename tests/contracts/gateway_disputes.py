"""What every gateway must say of disputes, run on the twin and on the real one."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from billing.application.ports import PaymentGateway
from billing.domain.dispute import DisputeStatus
from billing.domain.facts import DisputeStands
from billing.domain.money import Money
from billing.domain.payment import Payment
from tests.contracts.payment_gateway import soon

INQUIRY, CLOSED, NEEDS_RESPONSE = DisputeStatus.INQUIRY, DisputeStatus.CLOSED, DisputeStatus.NEEDS_RESPONSE
UNDER_REVIEW, LOST, WON = DisputeStatus.UNDER_REVIEW, DisputeStatus.LOST, DisputeStatus.WON


class DisputeProvider(ABC):
    """The outside of a gateway whose payments can be disputed: its banks, its dashboard, its notifications."""

    gateway: PaymentGateway
    installation: str

    @abstractmethod
    def now(self) -> datetime:
        """The provider's clock."""

    @abstractmethod
    def paid(self, currency: str = "USD", *, by_another: bool = False) -> Payment:
        """A payment of 1800 minor units, perhaps of another installation on the same account."""

    @abstractmethod
    def open_dispute(self, payment: Payment, amount: Money | None = None, *, is_inquiry: bool = False) -> str:
        """A bank takes all of it or a part back, or only asks; the provider's id of the dispute."""

    @abstractmethod
    def escalate(self, payment: Payment, ref: str) -> None:
        """The inquiry becomes a chargeback, and its money is taken."""

    @abstractmethod
    def respond(self, payment: Payment, ref: str) -> None:
        """Somebody sends evidence in the dashboard."""

    @abstractmethod
    def decide(self, payment: Payment, ref: str, status: DisputeStatus) -> None:
        """Won, with the money back; lost; or closed, which inquiries are."""

    @abstractmethod
    def told(self, ref: str) -> Sequence[bytes]:
        """Every notification about it so far, oldest first."""

    @abstractmethod
    def headers(self, body: bytes) -> Mapping[str, str]:
        """What a notification comes with."""


class GatewayDisputesContract:
    """The suite; a subclass has a fixture `disputed`."""

    def read(self, disputed: DisputeProvider, ref: str) -> DisputeStands:
        """What all notifications so far say, which is the same."""
        facts = []
        for body in disputed.told(ref):
            assert disputed.gateway.verify(body, disputed.headers(body)).readable
            reading = disputed.gateway.interpret(body, soon())
            assert reading.installation == disputed.installation
            assert ref in reading.refs or reading.facts
            facts += reading.facts
        first = facts[0]
        assert isinstance(first, DisputeStands)
        assert all(fact == first for fact in facts)
        return first

    def test_a_dispute_is_told_with_all_that_a_person_needs(self, disputed: DisputeProvider) -> None:
        payment = disputed.paid()
        ref = disputed.open_dispute(payment, Money(700, "USD"))
        fact = self.read(disputed, ref)
        assert (fact.payment_id, fact.payment_ref, fact.dispute_ref) == (payment.id, payment.payment_ref, ref)
        assert (fact.amount, fact.status, fact.reason) == (Money(700, "USD"), NEEDS_RESPONSE, "fraudulent")
        assert fact.why
        assert fact.respond_by is not None
        assert timedelta(days=3) < fact.respond_by - disputed.now() < timedelta(days=40)

    @pytest.mark.parametrize("currency", ["USD", "JPY", "RWF", "UGX"])
    def test_what_is_withdrawn_is_told_in_the_payments_own_currency(
        self, disputed: DisputeProvider, currency: str
    ) -> None:
        fact = self.read(disputed, disputed.open_dispute(disputed.paid(currency)))
        everything = Money(1800, currency)
        assert (fact.amount, fact.withdrawn, fact.reinstated) == (everything, everything, Money(0, currency))

    def test_an_inquiry_withdraws_nothing_and_comes_to_nothing(self, disputed: DisputeProvider) -> None:
        ref = disputed.open_dispute(payment := disputed.paid(), is_inquiry=True)
        disputed.respond(payment, ref)
        asked = self.read(disputed, ref)
        disputed.decide(payment, ref, CLOSED)
        closed = self.read(disputed, ref)
        assert (asked.status, closed.status) == (INQUIRY, CLOSED)
        assert asked.withdrawn == closed.withdrawn == Money(0, "USD")

    def test_an_inquiry_that_becomes_a_chargeback_is_the_same_dispute(self, disputed: DisputeProvider) -> None:
        ref = disputed.open_dispute(payment := disputed.paid(), is_inquiry=True)
        disputed.escalate(payment, ref)
        fact = self.read(disputed, ref)
        assert (fact.dispute_ref, fact.status, fact.withdrawn) == (ref, NEEDS_RESPONSE, Money(1800, "USD"))

    @pytest.mark.parametrize(("status", "reinstated"), [(WON, 1800), (LOST, 0)])
    def test_every_notification_tells_how_it_stands_by_now(
        self, disputed: DisputeProvider, status: DisputeStatus, reinstated: int
    ) -> None:
        """Whichever of them is read last: they come in any order."""
        ref = disputed.open_dispute(payment := disputed.paid())
        disputed.respond(payment, ref)
        assert self.read(disputed, ref).status is UNDER_REVIEW
        disputed.decide(payment, ref, status)
        assert len(disputed.told(ref)) >= 4
        fact = self.read(disputed, ref)
        assert (fact.status, fact.withdrawn, fact.reinstated) == (status, Money(1800, "USD"), Money(reinstated, "USD"))

    def test_a_dispute_about_another_installations_payment_is_none_of_ours(self, disputed: DisputeProvider) -> None:
        ref = disputed.open_dispute(disputed.paid(by_another=True))
        for body in disputed.told(ref):
            reading = disputed.gateway.interpret(body, soon())
            assert reading.installation != disputed.installation
            assert {fact.payment_id for fact in reading.facts if isinstance(fact, DisputeStands)} <= {None}
