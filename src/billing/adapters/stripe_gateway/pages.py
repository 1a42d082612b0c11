"""Stripe's hosted pages: opened for an attempt, closed, and asked how they stand."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import stripe

from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.objects import Json, id_of
from billing.adapters.stripe_gateway.prices import StripePrices
from billing.adapters.stripe_gateway.recurring_sessions import (
    EXPAND,
    is_recurring,
    recurring_params,
    recurring_standing,
)
from billing.adapters.stripe_gateway.sessions import session_params, standing
from billing.application.outcomes import Deadline
from billing.application.ports import Clock, Started
from billing.domain.facts import Fact
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.domain.purchase import Hosting

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

_WITH_INTENT = ["payment_intent"]


class StripePages:
    """Checkout Sessions of one account, that are paid once or begin a subscription; `now` is the real clock."""

    def __init__(self, api: StripeApi, installation: Callable[[], str], now: Clock) -> None:
        self._api, self._installation, self._now = api, installation, now
        self._prices = StripePrices(api)

    def open(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """One session for one payment: Stripe answers a repeat as the first time, also if the session has ended."""
        params = self._params(order, payment, deadline)
        with self._api.writing("session_create", deadline) as client:
            session = client.v1.checkout.sessions.create(params, {"idempotency_key": f"checkout:{payment.id}"})
        shown = session.to_dict()
        return Started(session_ref=session.id, payment_ref=id_of(shown.get("payment_intent")), redirect_url=session.url)

    def stands(self, session_ref: str, deadline: Deadline) -> Sequence[Fact]:
        """Fetched with its intent, or with the subscription that it has begun."""
        return self._standing(self._fetch(session_ref, _WITH_INTENT, deadline), deadline)

    def close(self, session_ref: str, deadline: Deadline) -> Sequence[Fact]:
        """Expire the session; where Stripe will not, since it is no longer open, say how it ended."""
        closed: Json | None = None
        with self._api.writing("session_expire", deadline) as client, suppress(stripe.InvalidRequestError):
            # No key of ours: a repeat is refused as harmlessly, while a key would replay a first 500 for a day.
            closed = client.v1.checkout.sessions.expire(session_ref, {"expand": _WITH_INTENT}).to_dict()
        return self.stands(session_ref, deadline) if closed is None else self._standing(closed, deadline)

    def _params(self, order: Order, payment: Payment, deadline: Deadline) -> "SessionCreateParams":
        """The price of a subscription is there before the page that begins it."""
        item, installation = order.recurring_with(payment), self._installation()
        if item is None or not isinstance(item.what, Hosting):
            return session_params(order, payment, installation)
        price_ref = self._prices.ensure(installation, item.what.plan, item.what.cycle, item.price, deadline)
        return recurring_params(order, item, payment, installation, price_ref)

    def _standing(self, session: Json, deadline: Deadline) -> Sequence[Fact]:
        if not is_recurring(session):
            return [standing(session, self._installation())]
        as_of = self._now()
        if session.get("status") == "complete":  # what began with it is there only then
            session = self._fetch(str(session["id"]), [*EXPAND], deadline)
        return recurring_standing(session, self._installation(), as_of)

    def _fetch(self, session_ref: str, expand: list[str], deadline: Deadline) -> Json:
        with self._api.reading("session_retrieve", deadline) as client:
            return client.v1.checkout.sessions.retrieve(session_ref, {"expand": expand}).to_dict()
