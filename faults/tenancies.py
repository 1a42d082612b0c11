"""Hosting that Stripe bills by itself, as its customer has it: bought, a month on renewed, changed, ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from faults.shop import Purchase
from faults.site import Site
from tests.integration.whole.installation import a_hosting, eventually

MONTH_DAYS = 31.25
"""No month is longer; Stripe takes an hour to collect."""


@dataclass
class Tenancy(Purchase):
    """A purchase after which hosting renews by itself."""

    subscription_id: str = ""


def renewing() -> Mapping[str, Any]:
    """Hosting that renews by itself."""
    return {**a_hosting(), "auto_renew": True}


def rent(site: Site, *company: Mapping[str, Any]) -> Tenancy:
    """Bought, delivered, and billed from its next period on."""
    return billed(site, site.shop.buy(renewing(), *company))


def billed(site: Site, purchase: Purchase) -> Tenancy:
    """The same purchase, once Stripe bills what it opened."""
    eventually(lambda: site.books.are_quiet([purchase]))
    subscription_id = site.shop.hosting_of(purchase)
    eventually(lambda: site.books.is_billed(subscription_id))
    return Tenancy(purchase.order_id, purchase.items, is_paid=True, subscription_id=subscription_id)


def renewed(site: Site, tenancy: Tenancy) -> Purchase:
    """The order that its last period is, completed."""
    order_id = eventually(lambda: site.books.renewal_of(tenancy.subscription_id))
    return Purchase(str(order_id), (), is_paid=True)


def end(site: Site, tenancy: Tenancy) -> None:
    """Nothing more of it is billed, so that the months of others cost nothing."""
    site.shop.end(tenancy.subscription_id)
