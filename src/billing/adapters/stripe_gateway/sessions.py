"""A Checkout Session: what is asked of Stripe for an attempt, and what the session then proves."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from billing.adapters.stripe_gateway.amounts import from_stripe, to_stripe
from billing.adapters.stripe_gateway.charges import received_by, why_cancelled
from billing.adapters.stripe_gateway.objects import Json, about, why_declined
from billing.application.outcomes import Refused
from billing.domain.facts import (
    Fact,
    PaymentCancelled,
    PaymentDeclined,
    PaymentExpired,
    PaymentFailed,
    PaymentPending,
    PaymentSucceeded,
)
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.payment import Payment

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

PAGE_OPEN_MIN = timedelta(minutes=35)
"""Stripe refuses less than 30 minutes from its receipt of the call; the rest is time to repeat a lost one."""
PAGE_OPEN_MAX = timedelta(hours=24) - timedelta(minutes=1)
"""Stripe refuses more than 24 hours; the minute is for clocks that differ."""

_SETTLED = frozenset({"paid", "no_payment_required"})


def session_params(order: Order, payment: Payment, installation: str) -> "SessionCreateParams":
    """The body of the call, made of committed columns only, so that a repeat has the same one."""
    params = page_params(order, payment, installation)
    # Stripe does not copy a session's metadata to its intent, and each has events of its own.
    params["payment_intent_data"] = {
        "metadata": our_ids(order, payment, installation),
        "description": f"Order {order.number}",
    }
    params["line_items"] = [
        {
            "quantity": 1,
            "price_data": {
                "currency": item.price.currency.lower(),
                "unit_amount": to_stripe(item.price),
                "product_data": {"name": item.title},
            },
        }
        for item in order.items
    ]
    if payment.options.get("customer_ref"):
        params["payment_intent_data"]["setup_future_usage"] = "off_session"  # renewals are charged to what pays now
    return params


def page_params(order: Order, payment: Payment, installation: str) -> "SessionCreateParams":
    """What every page is asked for with, whatever is paid on it."""
    if order.total != payment.amount:
        raise Refused(f"the items come to {order.total}, the payment asks for {payment.amount}")
    if not payment.options.get("success_url"):
        raise Refused("success_url: Stripe needs to know where the customer returns to")
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": order.id,
        "metadata": our_ids(order, payment, installation),
        "success_url": payment.options["success_url"],
        "expires_at": closes_at(payment),
    }
    if cancel_url := payment.options.get("cancel_url"):
        params["cancel_url"] = cancel_url
    if account := payment.options.get("customer_ref"):
        params["customer"] = account
    elif email := payment.options.get("email"):
        params["customer_email"] = email
    return params


def our_ids(order: Order, payment: Payment, installation: str) -> dict[str, str]:
    """The metadata that name an attempt."""
    return {"installation": installation, "order_id": order.id, "payment_id": payment.id}


def closes_at(payment: Payment) -> int:
    """The Unix second at which the page closes: the attempt's own end, within what Stripe takes."""
    earliest, latest = payment.created_at + PAGE_OPEN_MIN, payment.created_at + PAGE_OPEN_MAX
    return int(min(max(payment.expires_at, earliest), latest).timestamp())


def is_settled(session: Json) -> bool:
    """Whether its money is ours; a status that we do not know is not taken for payment."""
    return session.get("payment_status") in _SETTLED


def total_of(session: Json) -> Money:
    """What the customer was charged."""
    return from_stripe(session.get("amount_total"), session.get("currency"))


def standing(session: Json, installation: str) -> Fact:
    """What a session proves that was fetched with its intent in it."""
    ids, intent = about(session, installation), _intent(session)
    why = why_declined(intent)
    match session.get("status"), intent.get("status"):
        case _, "succeeded":
            return PaymentSucceeded(**ids, received=received_by(intent))
        case "complete", _ if is_settled(session):
            return PaymentSucceeded(**ids, received=total_of(session))
        case "expired", _:
            return PaymentExpired(**ids)
        case _, "canceled":
            return PaymentCancelled(**ids, why=why_cancelled(intent))
        case "complete", "requires_payment_method":
            return PaymentFailed(**ids, why=why or "the payment did not come")
        case "open", _ if why:
            return PaymentDeclined(**ids, why=why)
    return PaymentPending(**ids, under_way=session.get("status") == "complete")


def _intent(session: Json) -> Json:
    intent = session.get("payment_intent")
    return intent if isinstance(intent, Mapping) else {}
