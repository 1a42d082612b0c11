"""Customers of the sandbox's Stripe who subscribe to things, and test clocks they live by."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import stripe

from tests.integration.sandbox.harness import Sandbox

DAY_SECONDS = 86_400


def at(text: str) -> int:
    """`2027-01-31T10:00` in Unix seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def day(moment: int | None) -> str:
    """`2027-01-31` of Unix seconds."""
    assert moment is not None
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def a_customer(sandbox: Sandbox, card: str | None = "pm_card_visa", **more: Any) -> stripe.Customer:
    """Somebody whose invoices are paid with this card, or with none."""
    customer = sandbox.api.customers.create({"email": "aline@example.rw", "name": "Aline Uwase", **more})
    return customer if card is None else has_card(sandbox, customer, card)


def has_card(sandbox: Sandbox, customer: stripe.Customer, card: str) -> stripe.Customer:
    """The same customer, whose invoices are paid with this card from now on."""
    method = sandbox.api.payment_methods.attach(card, {"customer": customer.id})
    return sandbox.api.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})


def a_price(sandbox: Sandbox, amount: int = 1000, interval: str = "month", name: str = "Starter") -> str:
    """What a period of something costs."""
    price: Any = {"currency": "usd", "unit_amount": amount, "product_data": {"name": name}}
    return sandbox.api.prices.create(price | {"recurring": {"interval": interval}}).id


def a_subscription(sandbox: Sandbox, customer: stripe.Customer, price: str | None = None, **more: Any) -> Any:
    """The customer subscribes."""
    items = [{"price": price or a_price(sandbox)}]
    return sandbox.api.subscriptions.create({"customer": customer.id, "items": items, **more})


def invoices(sandbox: Sandbox, subscription: stripe.Subscription) -> list[Any]:
    """Its invoices, oldest first."""
    return sandbox.api.invoices.list({"subscription": subscription.id, "limit": 100}).data[::-1]


def subscription_of(sandbox: Sandbox, subscription: stripe.Subscription) -> Any:
    """As it is now."""
    return sandbox.api.subscriptions.retrieve(subscription.id)


def periods(invoices: Sequence[Any]) -> list[tuple[str, str]]:
    """What each invoice's last line is for."""
    lines = [invoice.lines.data[-1].period for invoice in invoices]
    return [(day(period.start), day(period.end)) for period in lines]


def told(sandbox: Sandbox, *prefixes: str) -> list[str]:
    """The types of what has been told, in order, of those that begin so."""
    types = [event["type"] for event in sandbox.state()["events"]]
    return [type for type in types if type.startswith(prefixes)]


class Clock:
    """A test clock of the sandbox's Stripe."""

    def __init__(self, sandbox: Sandbox, now: str) -> None:
        self._sandbox = sandbox
        self.id = sandbox.api.test_helpers.test_clocks.create({"frozen_time": at(now)}).id

    def move(self, *moments: str) -> None:
        """Advance to each of these in turn."""
        clocks = self._sandbox.api.test_helpers.test_clocks
        for moment in moments:
            clocks.advance(self.id, {"frozen_time": at(moment)})
            assert clocks.retrieve(self.id).status == "ready"
