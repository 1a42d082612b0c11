"""A page for each event of hosting that Stripe bills: from its signed bytes to what the customer sees.

As in `test_stripe_events.py` only the event that a story is about reaches billing. Time is moved, on both sides.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.whole.conftest import Install
from tests.integration.whole.installation import Installation, a_hosting, eventually
from tests.integration.whole.stripe_post import Post, the_post_of
from tests.integration.whole.test_auto_renewal import DECLINES, orders
from tests.integration.whole.test_saved_cards import ASKS, put_in
from tests.integration.whole.time_machine import TimeMachine, a_shop_on

PRICE = {"amount": 499, "currency": "USD"}
RENEWED, UNPAID, ENDED = (
    "Your hosting starter is renewed",
    "Your hosting starter is not paid",
    "Your hosting starter has ended",
)
WANTED = "Your bank asks you to confirm a payment for your hosting starter"
SUSPENDED = "Your hosting starter is suspended"


@pytest.fixture
def shop_in_time(install: Install, tmp_path: Path) -> tuple[Installation, TimeMachine]:
    # Nobody asks Stripe by himself whether a period was paid: only the event says so.
    return a_shop_on(install, tmp_path, BILLING_RENEWAL_CHECK_HOURS="2000")


@pytest.fixture
def shop(shop_in_time: tuple[Installation, TimeMachine]) -> Installation:
    return shop_in_time[0]


@pytest.fixture
def time(shop_in_time: tuple[Installation, TimeMachine]) -> TimeMachine:
    return shop_in_time[1]


@pytest.fixture
def post(shop: Installation) -> Iterator[Post]:
    with the_post_of(shop) as post:
        yield post


def bought(shop: Installation, post: Post) -> str:
    """Hosting that renews by itself, of which Stripe has told nothing but that its page was paid; its subscription."""
    order = shop.buy(a_hosting("starter") | {"auto_renew": True})
    post.deliver("checkout.session.completed")
    post.deliver("payment_method.attached")
    (item,) = shop.until(order, "completed")["items"]
    subscription: str = item["subscription_id"]
    assert seen(shop, subscription)["billing"]["reference"].startswith("sub_")
    eventually(lambda: not end(shop, subscription).microsecond)  # Stripe's anchor, in whole seconds, is adopted
    return subscription


def seen(shop: Installation, subscription: str) -> dict[str, Any]:
    """What the storefront shows of it."""
    shown: dict[str, Any] = shop.get(f"/v1/subscriptions/{subscription}")
    return shown


def until(shop: Installation, subscription: str, status: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = seen(shop, subscription)
        return found if found["status"] == status else None

    found = eventually(look)
    assert found is not None
    return found


def end(shop: Installation, subscription: str) -> datetime:
    return datetime.fromisoformat(seen(shop, subscription)["current_period_end"])


def renewals(shop: Installation) -> list[dict[str, Any]]:
    """Orders that the storefront shows beside the one that was placed, oldest first."""
    return [order for order in orders(shop) if order["items"][0]["kind"] == "subscription_renewal"][::-1]


def about_hosting(post: Post) -> list[str]:
    """Of the mails that the customer got, those about what comes after the purchase."""
    return [subject for subject in post.subjects() if subject in (RENEWED, UNPAID, SUSPENDED, ENDED)]


def link(shop: Installation, subject: str) -> str:
    """The page of ours that the mail leads to, and to no other."""
    (text,) = [mail["text"] for mail in shop.control("GET", "/state")["mail"] if mail["subject"] == subject]
    (address,) = re.findall(r"https?://\S+", text)
    assert address.startswith(f"{shop.url}/pay/")
    return str(address)


class Browser:
    """A customer on our page."""

    def __init__(self, page: str) -> None:
        self.page, self._session = page, requests.Session()

    def reads(self, words: str, path: str = "") -> bool:
        shown = self._session.get(self.page + path, timeout=10)
        assert shown.status_code == 200, shown.text
        return words in shown.text

    def press(self, act: str) -> str:
        """A button; where it leads."""
        shown = self._session.get(self.page, timeout=10).text
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', shown))
        assert f'value="{act}"' in shown
        answer = self._session.post(self.page, data={**fields, "act": act}, allow_redirects=False, timeout=20)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]


def issue_anew(shop: Installation, number: str) -> None:
    """The bank issues the saved card anew, as one that can't be charged as the old one could."""
    (held,) = shop.control("GET", "/state")["stripe"]["payment_methods"]
    shop.control("POST", f"/stripe/payment_methods/{held['id']}/renew", {"number": number})


def test_invoice_payment_succeeded_renews_the_period_that_it_paid_and_nothing_else(
    shop: Installation, time: TimeMachine, post: Post
) -> None:
    subscription = bought(shop, post)
    first_end = end(shop, subscription)

    # The first invoice was paid with the order: nothing is renewed by it.
    assert post.told(post.deliver("invoice.payment_succeeded")).status == "processed"
    assert (renewals(shop), end(shop, subscription)) == ([], first_end)

    # A month later Stripe charges the card. What is not Stripe's word of it is not believed.
    time.pass_time(timedelta(days=32))
    body, signature = post.letter("invoice.payment_succeeded", 1)
    assert b"subscription_cycle" in body
    assert post.send(body.replace(b"subscription_cycle", b"subscription_update"), signature) == 400
    assert post.send(body, signature.replace("v1=", "v1=0")) == 400
    assert (renewals(shop), end(shop, subscription)) == ([], first_end)

    # The real one: an order of its own, paid with what the invoice collected, and a month more.
    event = post.deliver("invoice.payment_succeeded", 1)
    (renewal,) = eventually(lambda: renewals(shop))
    done = shop.until(renewal, "completed")
    assert (done["total"], [item["status"] for item in done["items"]]) == (PRICE, ["fulfilled"])
    assert done["items"][0]["subscription_id"] == subscription
    payment = shop.get(f"/v1/payments/{done['payments'][0]['id']}")
    assert (payment["status"], payment["received"]) == ("succeeded", PRICE)
    second_end = end(shop, subscription)
    assert 28 <= (second_end - first_end).days <= 31
    assert seen(shop, subscription)["status"] == "active"
    assert eventually(lambda: about_hosting(post)) == [RENEWED]
    assert post.told(event).status == "processed"

    # Told again, and by the event of the other name: it is the same period.
    assert post.deliver("invoice.payment_succeeded", 1)["id"] == event["id"]
    assert post.told(post.deliver("invoice.paid", 1)).status == "processed"
    assert [order["number"] for order in renewals(shop)] == [done["number"]]
    assert end(shop, subscription) == second_end

    # The next month is another one; and what was paid agrees with Stripe's books.
    time.pass_time(timedelta(days=31))
    post.deliver("invoice.payment_succeeded", 2)
    second = eventually(lambda: renewals(shop)[1:])[0]
    shop.until(second, "completed")
    assert second["number"] != done["number"]
    assert 28 <= (end(shop, subscription) - second_end).days <= 31
    assert eventually(lambda: about_hosting(post) == [RENEWED] * 2)
    paid = [one["amount_paid"] for one in shop.control("GET", "/state")["stripe"]["invoices"]]
    assert paid == [PRICE["amount"]] * 3


def test_invoice_payment_failed_serves_on_and_leads_to_a_page_where_another_card_pays(
    shop: Installation, time: TimeMachine, post: Post
) -> None:
    subscription = bought(shop, post)
    first_end = end(shop, subscription)
    issue_anew(shop, DECLINES)
    time.pass_time(timedelta(days=32))
    event = post.deliver("invoice.payment_failed")

    # Past due, and served all the same; the customer is told once, and where to pay.
    due = until(shop, subscription, "past_due")
    assert due["past_due_since"] is not None
    assert eventually(lambda: about_hosting(post)) == [UNPAID]
    assert post.deliver("invoice.payment_failed")["id"] == event["id"]
    assert post.told(event).status == "processed"
    assert (end(shop, subscription), renewals(shop)) == (first_end, [])

    # The mail leads to a page of ours, which shows what is owed. The same card is tried, and declined once more.
    customer = Browser(link(shop, UNPAID))
    assert customer.reads("We could not collect what is owed")
    assert customer.reads("4.99 USD")
    assert customer.press("pay") == f"{customer.page}/status"
    assert customer.reads("declined", "/status")
    assert seen(shop, subscription)["status"] == "past_due"

    # Another card is put in on Stripe's page. Stripe tells of nothing, and yet it is found, charged and the default.
    put_in(customer.press("add"), "4242424242424242")
    assert customer.reads("We are looking for the card", "/status") or customer.reads("Nothing is owed", "/status")
    eventually(lambda: customer.reads("Nothing is owed", "/status"))
    assert until(shop, subscription, "active")["past_due_since"] is None
    (renewal,) = eventually(lambda: renewals(shop))
    assert shop.until(renewal, "completed")["total"] == PRICE
    assert end(shop, subscription) > first_end
    assert eventually(lambda: about_hosting(post) == [UNPAID, RENEWED])
    usual = [card for card in shop.get(f"/v1/customers/{shop.customer()}/payment-methods") if card["default"]]
    assert [card["card"]["last4"] for card in usual] == ["4242"]

    # The refusal comes once more, late: what is paid stays paid. The month after is charged to the new card.
    post.deliver("invoice.payment_failed")
    assert seen(shop, subscription)["status"] == "active"
    time.pass_time(timedelta(days=31))
    assert post.told(post.deliver("invoice.payment_succeeded", 2)).status == "processed"
    assert eventually(lambda: len(renewals(shop)) == 2)
    assert eventually(lambda: about_hosting(post) == [UNPAID, RENEWED, RENEWED])


def test_invoice_payment_action_required_leads_over_our_page_to_where_the_bank_asks(
    shop: Installation, time: TimeMachine, post: Post
) -> None:
    subscription = bought(shop, post)
    issue_anew(shop, ASKS)
    time.pass_time(timedelta(days=32))
    post.deliver("invoice.payment_action_required")
    until(shop, subscription, "past_due")
    assert eventually(lambda: WANTED in post.subjects())
    assert UNPAID not in post.subjects()
    customer = Browser(link(shop, WANTED))
    assert customer.reads("Your bank wants you to confirm the payment yourself")

    bill = customer.press("page")
    assert not bill.startswith(shop.url)
    asked = requests.post(bill, data={"act": "pay_on_file"}, allow_redirects=False, timeout=10)
    assert requests.post(asked.headers["Location"], data={"act": "authenticate"}, timeout=10).ok
    post.deliver("invoice.payment_succeeded", 1)
    until(shop, subscription, "active")
    assert customer.reads("Nothing is owed")
    shop.until(eventually(lambda: renewals(shop))[0], "completed")


def test_customer_subscription_deleted_ends_the_hosting_and_says_why(
    shop: Installation, time: TimeMachine, post: Post
) -> None:
    # Somebody ends it in Stripe's dashboard.
    first = bought(shop, post)
    shop.control("POST", f"/stripe/subscriptions/{seen(shop, first)['billing']['reference']}/cancel")
    assert seen(shop, first)["status"] == "active"
    body, signature = post.letter("customer.subscription.deleted")
    assert post.send(body.replace(b"customer.subscription.deleted", b"customer.subscription.updated"), signature) == 400
    event = post.deliver("customer.subscription.deleted")
    over = until(shop, first, "ended")
    assert over["reason"]
    assert eventually(lambda: about_hosting(post)) == [ENDED]

    # It is over for good: word of before it comes late, and the storefront can neither resume nor renew it.
    assert post.deliver("customer.subscription.deleted")["id"] == event["id"]
    assert post.told(post.deliver("customer.subscription.created")).status == "processed"
    assert seen(shop, first) == over
    assert shop.call("POST", f"/v1/subscriptions/{first}/resume", {}).status_code == 409
    renewal = {"kind": "subscription_renewal", "subscription_id": first, "cycles": 1}
    basket = {"customer_id": shop.customer(), "currency": "USD", "items": [renewal]}
    assert shop.call("POST", "/v1/orders", basket).status_code == 422
    assert about_hosting(post) == [ENDED]


def test_customer_subscription_deleted_ends_what_stripe_has_given_up_to_collect(
    shop: Installation, time: TimeMachine, post: Post
) -> None:
    subscription = bought(shop, post)
    issue_anew(shop, DECLINES)
    time.pass_time(timedelta(days=32))
    post.deliver("invoice.payment_failed")
    until(shop, subscription, "past_due")

    # After the days of grace service stops; the customer can pay still.
    time.pass_time(timedelta(days=8))
    until(shop, subscription, "suspended")
    assert eventually(lambda: about_hosting(post) == [UNPAID, SUSPENDED])
    customer = Browser(link(shop, SUSPENDED))
    assert customer.page == link(shop, UNPAID)
    assert customer.reads("We could not collect what is owed")

    # Stripe has tried for two weeks and ends it: so it ends here, and there is nothing to pay any more.
    time.pass_time(timedelta(days=8))
    post.deliver("customer.subscription.deleted")
    until(shop, subscription, "ended")
    assert eventually(lambda: about_hosting(post) == [UNPAID, SUSPENDED, ENDED])
    assert customer.reads("Your hosting has ended")
    assert renewals(shop) == []
    (told,) = [mail["text"] for mail in shop.control("GET", "/state")["mail"] if mail["subject"] == ENDED]
    assert "not paid" in told
