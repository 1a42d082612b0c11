"""The second act: a month passes, and hosting that renews by itself is charged and renewed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from billing.domain.money import Money
from billing.entrypoints.demo.processes import DemoFailed, eventually
from billing.entrypoints.demo.storefront import STEP_SECONDS, Storefront
from billing.entrypoints.demo.telling import Teller, money

_AFTER_THE_END = timedelta(hours=2)
"""The provider's invoice is a draft for an hour before it is charged."""


@dataclass(frozen=True)
class Renewal:
    """Lets the next period begin of the hosting that an order has bought; as often as it likes."""

    storefront: Storefront
    tell: Teller

    def play(self, order: dict[str, Any]) -> None:
        """DemoFailed unless the provider has charged one period, and an order, a period and a mail came of it."""
        (subscription_id,) = [item["subscription_id"] for item in order["items"] if item["kind"] == "hosting"]
        path = f"/v1/subscriptions/{subscription_id}"
        billed = self.storefront.until(path, _is_billed, "the beginning of its billing")
        known, mails = {one["id"] for one in self._renewals(order)}, len(self.storefront.mails())

        self.tell.chapter("A month passes")
        ref, price = billed["billing"]["reference"], money(billed["price"])
        self.tell("stripe", f"{ref} bills {price} from {_end(billed):%Y-%m-%d} on")
        self._pass_period(_end(billed))
        self._charged(billed)
        (renewal,) = self._ordered(order, known)
        self.tell("renewal order", f"{renewal['number']}, {money(renewal['total'])}, {renewal['status']}")
        if renewal["total"] != billed["price"]:
            raise DemoFailed(f"{renewal['total']} were charged for a period at {billed['price']}")
        renewed = self.storefront.until(path, lambda found: _end(found) > _end(billed), "the next period")
        self.tell("hosting", f"{renewed['status']}, paid until {_end(renewed):%Y-%m-%d}")
        self.tell.mail(eventually(lambda: self._told(mails, renewal), "the mail", STEP_SECONDS))

    def _pass_period(self, end: datetime) -> None:
        self.storefront.move_time((end + _AFTER_THE_END - self.storefront.now()).total_seconds())
        self.tell("time", f"both clocks were moved on to {self.storefront.now():%Y-%m-%d %H:%M}")

    def _charged(self, billed: dict[str, Any]) -> None:
        """What the provider's own books have."""

        def paid() -> dict[str, Any] | None:
            every = self.storefront.world()["stripe"]["invoices"]
            return next((one for one in every if one["status"] == "paid" and _bills(one, billed)), None)

        invoice = eventually(paid, "the charge", STEP_SECONDS)
        charged = Money(invoice["amount_paid"], invoice["currency"].upper())
        self.tell(
            "stripe", f"charged {charged} to the saved card: invoice {invoice['id']}, {invoice['billing_reason']}"
        )

    def _ordered(self, order: dict[str, Any], known: set[str]) -> list[dict[str, Any]]:
        def done() -> list[dict[str, Any]] | None:
            new = [one for one in self._renewals(order) if one["id"] not in known]
            return new if new and all(one["status"] == "completed" for one in new) else None

        return eventually(done, "the renewal order", STEP_SECONDS)

    def _renewals(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """Orders that nobody placed: each is a period that was paid for."""
        every: list[dict[str, Any]] = self.storefront.get(f"/v1/orders?customer_id={order['customer_id']}")["data"]
        return [one for one in every if one["items"][0]["kind"] == "subscription_renewal"]

    def _told(self, before: int, renewal: dict[str, Any]) -> dict[str, Any] | None:
        return next((mail for mail in self.storefront.mails()[before:] if renewal["number"] in mail["text"]), None)


def _is_billed(subscription: dict[str, Any]) -> bool:
    return subscription["billing"]["reference"] is not None


def _end(subscription: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(subscription["current_period_end"])


def _bills(invoice: dict[str, Any], billed: dict[str, Any]) -> bool:
    """Whether it is for the period after the one that was paid."""
    parent: dict[str, Any] = invoice["parent"] or {}
    of_it = parent.get("subscription_details", {}).get("subscription") == billed["billing"]["reference"]
    starts = (line["period"]["start"] for line in invoice["lines"]["data"])
    return of_it and int(_end(billed).timestamp()) in starts
