"""Stories of those who pay by KPay: what differs from a card's, which is how anybody comes to know of the money."""

from faults.shop import Purchase
from faults.site import Site
from faults.stories import Story
from tests.integration.whole.installation import a_domain, a_hosting, eventually

_SILENT = {"point": "kpay.postbacks.deliver", "kind": "lose"}


# ---------------------------------------------------------------------- ready


def _an_order(site: Site) -> Purchase:
    return site.phones.order(a_hosting())


def _asked(site: Site) -> Purchase:
    """The phone shows the question."""
    return site.phones.start(_an_order(site))


def _asked_in_silence(site: Site) -> Purchase:
    """The same, and no postback will come."""
    site.installation.control("PUT", "/faults", {"faults": [_SILENT]})
    return _asked(site)


def _declined(site: Site) -> Purchase:
    return site.phones.decline(_asked(site))


def _a_start_to_be_lost(site: Site) -> Purchase:
    """KPay will ask the phone and hang up on us."""
    fault = {"point": "kpay.pay", "kind": "lose_answer", "times": 1}
    site.installation.control("PUT", "/faults", {"faults": [fault]})
    return _an_order(site)


def _taken_meanwhile(site: Site) -> Purchase:
    """Somebody else is quicker to have the name."""
    purchase = site.phones.start(site.phones.order(a_domain(site.phones.new_name()), a_hosting()))
    site.installation.control("POST", f"/registry/domains/{purchase.items[0]['domain']}/occupy")
    purchase.wanted, purchase.owed = "partially_completed", site.phones.price_of(purchase, 0)
    return purchase


def _owed(site: Site) -> Purchase:
    """Paid, and left to an operator to pay back."""
    return _pay_until_left_to_hand(site, _taken_meanwhile(site))


# ---------------------------------------------------------------------- acts


def _start(site: Site, ready: Purchase) -> Purchase:
    return site.phones.start(ready)


def _approve(site: Site, ready: Purchase) -> Purchase:
    return site.phones.pay(ready)


def _start_and_approve(site: Site, ready: Purchase) -> Purchase:
    return site.phones.pay(site.phones.start(ready))


def _decline(site: Site, ready: Purchase) -> Purchase:
    return site.phones.decline(ready)


def _pay_until_left_to_hand(site: Site, ready: Purchase) -> Purchase:
    purchase = site.phones.pay(ready)
    eventually(lambda: site.phones.owed_by_hand(purchase))
    return purchase


def _settle(site: Site, ready: Purchase) -> Purchase:
    return site.phones.settle(ready)


def _speak_again(site: Site, ready: Purchase) -> None:
    """Postbacks find their way after all."""
    site.installation.control("PUT", "/faults", {"faults": []})


PHONE_STORIES = (
    Story("a payment by phone is started", "web", _an_order, _start, _approve,
          about=("commit:api:after", "gateway.start")),
    Story("a postback comes in", "web", _asked, _approve, about=("gateway.hint", "commit:kpay", "queue.ring"),
          own=True),
    Story("a postback has KPay asked", "worker", _asked, _approve, about=("check_payment:after", "gateway.check"),
          own=True, is_short=True),
    Story("no postback comes, KPay is asked by schedule", "worker", _asked_in_silence, _approve,
          afterwards=_speak_again, about=("gateway.check:after",), own=True),
    Story("a payment by phone is declined, and made again", "worker", _asked, _decline, _start_and_approve,
          about=("gateway.check:after", "commit:check_payment:after"), own=True),
    Story("another is started after a decline", "web", _declined, _start, _approve, about=("gateway.start",),
          own=True),
    Story("an unanswered push is found again", "worker", _a_start_to_be_lost, _start_and_approve,
          about=("gateway.start_again",), own=True),
    Story("what can't be had is paid back by hand", "worker", _taken_meanwhile, _pay_until_left_to_hand, _settle,
          about=("refund_payment:after", "commit:refund_payment"), own=True),
    Story("a refund by hand is settled", "web", _owed, _settle, about=("commit:api:after",)),
)  # fmt: skip
"""By `about` those steps that are not the same as a card's, and of two that nothing lies between the later one."""
