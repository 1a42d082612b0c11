"""A Checkout Session that begins a subscription: what is asked of Stripe, and what the session then proves."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from billing.adapters.stripe_gateway.invoices import paid_by
from billing.adapters.stripe_gateway.objects import About, Json, about, id_of, within
from billing.adapters.stripe_gateway.sessions import is_settled, our_ids, page_params, total_of
from billing.adapters.stripe_gateway.subscriptions import read_subscription
from billing.domain.facts import (
    Fact,
    PaymentExpired,
    PaymentFailed,
    PaymentPending,
    PaymentSucceeded,
)
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

MODE = "subscription"
EXPAND = ("subscription", "invoice.payments")
"""What an answer must hold beside the session to be read."""

_NOT_PAID = frozenset({"past_due", "unpaid", "canceled", "incomplete_expired"})


def recurring_params(
    order: Order, item: OrderItem, payment: Payment, installation: str, price_ref: str
) -> "SessionCreateParams":
    """The body of the call; the price is found by its key, so that a repeat has the same one."""
    params = page_params(order, payment, installation)
    params["mode"] = MODE
    params["line_items"] = [{"price": price_ref, "quantity": 1}]
    # Stripe does not copy a session's metadata to its subscription; that of the subscription is on every invoice.
    params["subscription_data"] = {
        "metadata": {**our_ids(order, payment, installation), "item_id": item.id},
        "description": item.title,
    }
    return params


def is_recurring(session: Json) -> bool:
    """Whether it begins a subscription."""
    return session.get("mode") == MODE


def recurring_standing(session: Json, installation: str, as_of: datetime) -> Sequence[Fact]:
    """What such a session proves that was fetched with what it began."""
    ids, began = about(session, installation), _whole(session, "subscription")
    match session.get("status"):
        case "complete" if is_settled(session):
            return [_succeeded(session, ids), *([read_subscription(began, installation, as_of)] if began else [])]
        case "expired":
            return [PaymentExpired(**ids)]
        case "complete" if began.get("status") in _NOT_PAID:
            return [PaymentFailed(**ids, why="the payment did not come")]
    return [PaymentPending(**ids, under_way=session.get("status") == "complete")]


def _succeeded(session: Json, ids: About) -> PaymentSucceeded:
    """The money came by the intent of its first invoice, which is what a refund is made of."""
    paid: About = {**ids, "payment_ref": paid_by(_whole(session, "invoice"))}
    return PaymentSucceeded(**paid, received=total_of(session), billing_ref=id_of(session.get("subscription")))


def _whole(session: Json, field: str) -> Json:
    found = within(session, field)
    return found if isinstance(found, Mapping) else {}
