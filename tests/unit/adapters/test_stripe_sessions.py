"""What is asked of Stripe for an attempt, and what a fetched session proves."""

from datetime import timedelta
from typing import Any

import pytest

from billing.adapters.stripe_gateway.sessions import closes_at, session_params, standing
from billing.application.outcomes import Refused
from billing.domain.facts import (
    PaymentCancelled,
    PaymentDeclined,
    PaymentExpired,
    PaymentFailed,
    PaymentPending,
    PaymentSucceeded,
)
from billing.domain.money import Money
from tests.builders import NOW
from tests.contracts.payment_gateway import an_order_to_pay

INSTALLATION = "ins_ours"
SESSION = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "amount_total": 1800,
    "currency": "usd",
    "metadata": {"installation": INSTALLATION, "payment_id": "pay_1"},
}
INTENT = {"id": "pi_1", "object": "payment_intent", "amount_received": 0, "currency": "usd"}
ERROR = {"code": "card_declined", "decline_code": "do_not_honor", "message": "No."}


class WordedOtherwise:
    """A purchase as a later release describes it."""

    def __str__(self) -> str:
        return "worded otherwise"


@pytest.mark.parametrize(
    ("status", "payment_status", "intent", "fact"),
    [
        ("open", "unpaid", None, PaymentPending),
        ("open", "no_payment_required", None, PaymentPending),
        ("open", "unpaid", {"status": "requires_payment_method", "last_payment_error": ERROR}, PaymentDeclined),
        ("open", "unpaid", {"status": "succeeded", "amount_received": 1800}, PaymentSucceeded),
        ("open", "unpaid", {"status": "canceled"}, PaymentCancelled),
        ("complete", "paid", {"status": "succeeded", "amount_received": 1800}, PaymentSucceeded),
        ("complete", "paid", None, PaymentSucceeded),
        ("complete", "no_payment_required", None, PaymentSucceeded),
        ("complete", "unpaid", {"status": "processing"}, PaymentPending),
        ("complete", "unpaid", {"status": "requires_payment_method", "last_payment_error": ERROR}, PaymentFailed),
        ("complete", "unpaid", {"status": "processing", "last_payment_error": ERROR}, PaymentPending),
        ("complete", "unpaid", {"status": "something_new"}, PaymentPending),
        ("complete", "something_new", None, PaymentPending),
        ("expired", "unpaid", None, PaymentExpired),
        ("expired", "unpaid", {"status": "canceled"}, PaymentExpired),
        ("something_new", "unpaid", None, PaymentPending),
    ],
)
def test_a_fetched_session_tells_where_it_stands(
    status: str, payment_status: str, intent: dict[str, Any] | None, fact: type
) -> None:
    whole = INTENT | intent if intent else None
    session = SESSION | {"status": status, "payment_status": payment_status, "payment_intent": whole}
    told = standing(session, INSTALLATION)
    assert type(told) is fact
    assert (told.payment_id, told.session_ref) == ("pay_1", SESSION["id"])


# ---------------------------------------------------------------------- what is asked of Stripe


def test_the_body_of_a_start_is_made_of_what_is_stored() -> None:
    order, payment = an_order_to_pay(NOW)
    params = session_params(order, payment, INSTALLATION)
    ours = {"installation": INSTALLATION, "order_id": order.id, "payment_id": payment.id}
    assert params["metadata"] == params["payment_intent_data"]["metadata"] == ours
    assert sum(line["price_data"]["unit_amount"] for line in params["line_items"]) == 1800
    assert "payment_method_types" not in params
    assert params == session_params(order, payment, INSTALLATION)


def test_a_release_that_words_a_purchase_otherwise_does_not_change_the_body() -> None:
    order, payment = an_order_to_pay(NOW)
    before = session_params(order, payment, INSTALLATION)
    for item in order.items:
        item.what = WordedOtherwise()  # type: ignore[assignment]
    assert session_params(order, payment, INSTALLATION) == before


def test_what_a_payment_has_no_use_for_is_left_out() -> None:
    order, payment = an_order_to_pay(NOW)
    payment.options = {"success_url": "https://shop.example/thanks"}
    assert not {"cancel_url", "customer_email"} & session_params(order, payment, INSTALLATION).keys()


def test_without_a_way_back_there_is_no_page() -> None:
    order, payment = an_order_to_pay(NOW)
    payment.options = {}
    with pytest.raises(Refused, match="success_url"):
        session_params(order, payment, INSTALLATION)


def test_a_payment_of_another_sum_than_the_items_is_not_started() -> None:
    """Seen elsewhere: what was charged was not the sum of what was shown, as with a coupon."""
    order, payment = an_order_to_pay(NOW)
    payment.amount = Money(1, "USD")
    with pytest.raises(Refused, match=r"18\.00 USD"):
        session_params(order, payment, INSTALLATION)


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (timedelta(minutes=5), timedelta(minutes=35)),
        (timedelta(hours=2), timedelta(hours=2)),
        (timedelta(hours=24), timedelta(hours=23, minutes=59)),
    ],
)
def test_a_page_closes_when_the_attempt_does_within_what_stripe_takes(wanted: timedelta, given: timedelta) -> None:
    _, payment = an_order_to_pay(NOW)
    payment.expires_at = payment.created_at + wanted
    assert closes_at(payment) == int((NOW + given).timestamp())
