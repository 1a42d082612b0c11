"""Stories whose every step is a place to be killed at: what is made ready, and what then passes the steps."""

from collections.abc import Callable
from dataclasses import dataclass

from faults.shop import Held, Purchase, Shop
from faults.site import Site
from faults.tenancies import MONTH_DAYS, Tenancy, billed, end, renewed, renewing, rent
from tests.integration.whole.installation import a_domain, a_hosting, eventually

NOBODY = "http://127.0.0.1:9/nobody"


@dataclass(frozen=True)
class Story:
    """What one process does, from its first step to its last.

    `prepare` comes before, `act` passes the steps, `finish` is what must still be done for the purchase to end, and
    `afterwards` comes when it has ended, and must change nothing. Only steps that name one of `about` count;
    where they are its `own`, also those that an earlier story passes too.
    """

    name: str
    process: str
    prepare: Callable[[Site], Purchase]
    act: Callable[[Site, Purchase], Purchase]
    finish: Callable[[Site, Purchase], Purchase] | None = None
    afterwards: Callable[[Site, Purchase], object] | None = None
    is_short: bool = False
    about: tuple[str, ...] = ("",)
    own: bool = False


# ---------------------------------------------------------------------- ready


def _nothing(site: Site) -> Purchase:
    return Purchase("", site.shop.a_new_site())


def _an_order(site: Site) -> Purchase:
    return site.shop.order(*site.shop.a_new_site())


def _a_page(site: Site) -> Purchase:
    return site.shop.start(_an_order(site))


def _a_page_to_renew(site: Site) -> Purchase:
    return site.shop.start(site.shop.order(*site.shop.more_of(a_held_site(site, site.shop))))


def _paid_and_not_told(site: Site) -> Purchase:
    """Paid, and the webhooks go nowhere."""
    purchase = _a_page(site)
    site.installation.control("PUT", "/webhooks", {"url": NOBODY})
    return site.shop.pay(purchase)


def _taken_meanwhile(site: Site) -> Purchase:
    """Somebody else is quicker to have the name."""
    purchase = _a_page(site)
    site.installation.control("POST", f"/registry/domains/{purchase.items[0]['domain']}/occupy")
    purchase.wanted, purchase.owed = "partially_completed", site.shop.price_of(purchase, 0)
    return purchase


def _delivered_hosting(site: Site) -> Purchase:
    purchase = site.shop.buy(a_hosting())
    eventually(lambda: site.books.are_quiet([purchase]))
    return purchase


def _a_start_to_be_lost(site: Site) -> Purchase:
    """The provider will open the page and hang up."""
    fault = {"point": "stripe.checkout_sessions.create", "kind": "lose_answer", "times": 1}
    site.installation.control("PUT", "/faults", {"faults": [fault]})
    return site.shop.order(a_hosting())


def a_held_site(site: Site, shop: Shop) -> Held:
    """A name and hosting that a customer of the shop has."""
    purchase = shop.buy(*shop.a_new_site())
    eventually(lambda: site.books.are_quiet([purchase]))
    return shop.held_by(purchase)


# ---------------------------------------------------------------------- acts


def _order(site: Site, ready: Purchase) -> Purchase:
    return site.shop.order(*ready.items)


def _start(site: Site, ready: Purchase) -> Purchase:
    return site.shop.start(ready)


def _pay(site: Site, ready: Purchase) -> Purchase:
    return site.shop.pay(ready)


def _start_and_pay(site: Site, ready: Purchase) -> Purchase:
    return site.shop.pay(site.shop.start(ready))


def _refresh(site: Site, ready: Purchase) -> Purchase:
    site.shop.refresh(ready)
    return ready


def _refresh_until_delivered(site: Site, ready: Purchase) -> Purchase:
    site.shop.refresh(ready)
    eventually(lambda: site.books.are_quiet([ready]))
    return ready


def _hear_again(site: Site, ready: Purchase) -> None:
    """The webhooks find their way after all, and change nothing."""
    site.installation.control("PUT", "/webhooks", {"url": f"{site.installation.url}/webhooks/stripe"})
    site.installation.all_told()


def _cancel(site: Site, ready: Purchase) -> Purchase:
    site.shop.cancel(ready)
    return ready


def _pay_back(site: Site, ready: Purchase) -> Purchase:
    site.shop.pay_back(ready)
    return ready


STORIES = (
    Story("a paid order is delivered", "worker", _a_page, _pay, is_short=True),
    Story("a paid renewal is delivered", "worker", _a_page_to_renew, _pay),
    Story(
        "the return page asks, no webhook comes",
        "worker",
        _paid_and_not_told,
        _refresh_until_delivered,
        afterwards=_hear_again,
    ),
    Story("an unanswered start is found again", "worker", _a_start_to_be_lost, _start_and_pay),
    Story("a cancelled order's page is closed", "worker", _a_page, _cancel),
    Story("what can't be had is paid back", "worker", _taken_meanwhile, _pay, is_short=True),
    Story("an order is placed", "web", _nothing, _order, _start_and_pay),
    Story("a payment is started", "web", _an_order, _start, _pay),
    Story("a webhook comes in", "web", _a_page, _pay, is_short=True),
    Story("the return page asks", "web", _a_page, _refresh, _pay),
    Story("an order is cancelled", "web", _a_page, _cancel),
    Story("a refund is asked for", "web", _delivered_hosting, _pay_back),
)


# ---------------------------------------------------------------------- what renews by itself


def _a_tenancy(site: Site) -> Purchase:
    return rent(site)


def _a_page_for_hosting_in_company(site: Site) -> Purchase:
    """Of a customer whose card is known, so that billing need not wait for that."""
    site.shop.saved_card()
    return site.shop.start(site.shop.order(renewing(), a_domain(site.shop.new_name())))


def _an_order_and_a_card(site: Site) -> Purchase:
    site.shop.saved_card()
    return site.shop.order(a_domain(site.shop.new_name()))


def _let_a_month_pass(site: Site, ready: Purchase) -> Purchase:
    """Until it is renewed."""
    assert isinstance(ready, Tenancy)
    site.pass_days(MONTH_DAYS)
    renewed(site, ready)
    return ready


def _pay_until_billed(site: Site, ready: Purchase) -> Purchase:
    return billed(site, site.shop.pay(ready))


def _charge(site: Site, ready: Purchase) -> Purchase:
    return site.shop.charge(ready, site.shop.saved_card())


def _end(site: Site, ready: Purchase) -> None:
    """Called off, so that the next months are those of others."""
    assert isinstance(ready, Tenancy)
    end(site, ready)


RENEWALS = (
    Story(
        "a month that Stripe collected for",
        "worker",
        _a_tenancy,
        _let_a_month_pass,
        afterwards=_end,
        is_short=True,
        about=("renew_subscription", "commit:process_event"),
    ),
    Story(
        "hosting bought with a name is billed on",
        "worker",
        _a_page_for_hosting_in_company,
        _pay_until_billed,
        afterwards=_end,
        about=("billing.begin", "commit:create_stripe_subscription"),
    ),
    Story("a saved card is charged", "web", _an_order_and_a_card, _charge, about=("gateway.start",)),
)
"""On sites of their own: months pass there, for everything."""
