"""Every way in which Stripe may answer a refund with an error: only what surely paid nothing is a refusal."""

from datetime import UTC, datetime

import pytest
import responses

from billing.application.outcomes import AccountRefused, NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.domain.errors import BillingError
from billing.domain.facts import RefundSucceeded
from billing.domain.money import Money
from billing.domain.payment import Payment
from billing.domain.refund import Refund, RefundCause
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.unit.adapters.test_stripe_errors import a_gateway, error

REFUNDS = "https://api.stripe.com/v1/refunds"
AT = datetime(2026, 11, 2, tzinfo=UTC)


def a_paid_payment() -> Payment:
    _, payment = an_order_to_pay(AT, "stripe")
    payment.bind("cs_test_1", "pi_1")
    payment.succeed(payment.amount)
    return payment


def listed(*refunds: dict[str, object]) -> dict[str, object]:
    return {"object": "list", "data": list(refunds), "has_more": False, "url": "/v1/refunds"}


def owed(payment: Payment) -> Refund:
    return payment.open_refund("ref_1", payment.amount, RefundCause.REQUESTED, AT)


@pytest.mark.parametrize(
    ("status", "code", "type", "means"),
    [
        (400, "charge_already_refunded", "invalid_request_error", Refused),
        (400, "charge_disputed", "invalid_request_error", Refused),
        (400, None, "invalid_request_error", Refused),  # more than is left of the charge
        (400, "balance_insufficient", "invalid_request_error", Refused),
        (402, "insufficient_funds", "card_error", Refused),
        (400, None, "idempotency_error", NeedsPerson),
        (401, "api_key_expired", "invalid_request_error", AccountRefused),
        (403, None, "invalid_request_error", RetryLater),
        (409, "idempotency_key_in_use", "invalid_request_error", NotYet),
        (429, "lock_timeout", "invalid_request_error", RetryLater),
        (500, None, "api_error", OutcomeUnknown),
    ],
)
def test_each_error_has_one_meaning(status: int, code: str | None, type: str, means: type[BillingError]) -> None:
    payment = a_paid_payment()
    with responses.RequestsMock() as api:
        api.get(REFUNDS, json=listed())
        api.post(REFUNDS, status=status, json=error(type, code))
        with pytest.raises(BillingError) as ended:
            a_gateway().refund(payment, owed(payment), soon())
    assert ended.type is means


def test_a_refund_that_stripe_made_and_nobody_heard_of_is_found_before_it_is_asked_for_again() -> None:
    payment = a_paid_payment()
    refund = owed(payment)
    made = {
        "id": "re_1",
        "object": "refund",
        "amount": payment.amount.minor,
        "currency": payment.amount.currency.lower(),
        "status": "succeeded",
        "metadata": {"refund_id": refund.id, "try_no": "1"},
    }
    with responses.RequestsMock() as api:
        api.get(REFUNDS, json=listed(made))  # and nothing is posted
        (fact,) = a_gateway().refund(payment, refund, soon())
    assert isinstance(fact, RefundSucceeded)
    assert (fact.refund_id, fact.amount) == (refund.id, Money(payment.amount.minor, payment.amount.currency))
