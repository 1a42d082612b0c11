"""Hand a subscription of ours over to Stripe: billed from the end of its paid period on, once, and not a day before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from billing.adapters.stripe_gateway.billed import StripeBilled
from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.objects import Json, id_of, metadata, moment, within
from billing.adapters.stripe_gateway.prices import StripePrices
from billing.adapters.stripe_gateway.subscriptions import begin_params
from billing.application.outcomes import Deadline, NeedsPerson, NotYet
from billing.domain.subscription import Subscription
from billing.domain.wallet import Wallet

_METHOD_WANTED = timedelta(minutes=1)
_SKEW = timedelta(minutes=5)
"""Clocks that are further apart are not meant to be the same: one of them is moved by hand."""


@dataclass(frozen=True)
class Period:
    """The paid period at whose end Stripe takes over, in whole seconds as Stripe counts."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, subscription: Subscription) -> "Period":
        """The last one that is paid; NeedsPerson where none is."""
        if subscription.anchor is None or subscription.current_period_end is None:
            raise NeedsPerson(f"subscription {subscription.id} has no period yet")
        start = subscription.cycle.term.end(subscription.anchor, subscription.periods - 1)
        return cls(start.replace(microsecond=0), subscription.current_period_end.replace(microsecond=0))

    def require_running(self, stripes_now: datetime) -> None:
        """Stripe takes the next day and time like its anchor's, by its own clock: that must be the period's end.

        A clock that is a moment behind ours would take the beginning instead, and charge at once.
        """
        if self.start - _SKEW <= stripes_now <= self.start:
            raise NotYet("its paid period has not begun at Stripe", self.start - stripes_now + timedelta(seconds=1))
        if stripes_now >= self.end:
            raise NeedsPerson(f"its paid period was over at {self.end:%Y-%m-%d %H:%M}: from when is it billed?")


class StripeBeginning:
    """Makes subscriptions in one account."""

    def __init__(self, api: StripeApi, prices: StripePrices, billed: StripeBilled) -> None:
        self._api, self._prices, self._billed = api, prices, billed

    def find(self, subscription: Subscription, customer_ref: str, installation: str, deadline: Deadline) -> Json | None:
        """The one of this subscription, by our metadata: Stripe forgets a key after a day, and a subscription never."""
        ours = {"installation": installation, "item_id": subscription.item_id}.items()
        known = self._billed.subscriptions_of(customer_ref, deadline)
        return next((one for one in known if ours <= metadata(one).items()), None)

    def create(
        self, subscription: Subscription, wallet: Wallet, customer_ref: str, installation: str, deadline: Deadline
    ) -> Json:
        """Make it; NotYet where nothing can be charged yet, NeedsPerson where Stripe would bill from another day on."""
        period = Period.of(subscription)
        if wallet.default is None:
            raise NotYet(f"wallet {wallet.id} holds no method that can be charged", _METHOD_WANTED)
        self._prepare_customer(customer_ref, wallet.default.ref, period, deadline)
        price_ref = self._prices.ensure(
            installation, subscription.plan, subscription.cycle, subscription.price, deadline
        )
        params = begin_params(subscription, customer_ref, price_ref, installation)
        with self._api.writing("subscription_create", deadline) as client:
            key = f"subscription:{subscription.id}"
            return client.v1.subscriptions.create(params, {"idempotency_key": key}).to_dict()

    def _prepare_customer(self, customer_ref: str, method_ref: str, period: Period, deadline: Deadline) -> None:
        """The method is said on the customer, so that another one can take its place for all subscriptions at once."""
        with self._api.reading("customer_retrieve", deadline) as client:
            found = client.v1.customers.retrieve(customer_ref)
        customer, response = found.to_dict(), found.last_response
        if customer.get("deleted"):
            raise NeedsPerson(f"{customer_ref} was deleted at Stripe")
        if now := self._now_of(customer, response.headers if response else {}, deadline):
            period.require_running(now)
        if id_of(within(customer, "invoice_settings", "default_payment_method")) != method_ref:
            with self._api.writing("customer_update", deadline) as client:
                client.v1.customers.update(customer_ref, {"invoice_settings": {"default_payment_method": method_ref}})

    def _now_of(self, customer: Json, headers: Mapping[str, str], deadline: Deadline) -> datetime | None:
        """Stripe's time for this customer: the test clock's, if one is set, else that of its answer."""
        clock_ref = id_of(customer.get("test_clock"))
        if clock_ref is None:
            date = next((value for name, value in headers.items() if name.lower() == "date"), None)
            return parsedate_to_datetime(date).astimezone(UTC) if date else None
        with self._api.reading("test_clock_retrieve", deadline) as client:
            return moment(client.v1.test_helpers.test_clocks.retrieve(clock_ref).frozen_time)
