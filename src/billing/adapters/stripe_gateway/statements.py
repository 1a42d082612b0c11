"""What Stripe's books have of one payment."""

from billing.adapters.stripe_gateway.charges import received_by
from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.refunds import StripeRefunds, ids_of, read_refund
from billing.application.outcomes import Deadline
from billing.application.provider_ports import Statement, Statements
from billing.domain.payment import Payment


class StripeStatements(Statements):
    """Read off its intent, however it was paid: by a session, by a saved card, by an invoice."""

    gateway = "stripe"

    def __init__(self, api: StripeApi) -> None:
        self._refunds = StripeRefunds(api)

    def of(self, payment: Payment, deadline: Deadline) -> Statement:
        """What is authorised and not captured has not come in."""
        ref = self._refunds.intent_of(payment, deadline)
        intent = self._refunds.intent(ref, deadline)
        received = received_by(intent) if intent.get("status") == "succeeded" else None
        found = self._refunds.of_intent(ref, deadline)
        return Statement(received, [read_refund(refund, ids_of(payment)) for refund in found])
