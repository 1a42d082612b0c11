"""Names and hosting of a customer without a card: mails at the milestones, a link, the phone, and one renewal each."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from billing.application.expiry.expiring_names import LookAfterNames
from billing.application.expiry.hosting_renewals import LookAfterHosting
from tests.integration.whole.conftest import Install
from tests.integration.whole.installation import Installation, a_domain, a_hosting, eventually
from tests.integration.whole.phone_payer import BY_PHONE, PhonePayer
from tests.integration.whole.time_machine import TimeMachine, a_shop_on, see_rounds

BOUGHT_ON = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
ROUNDS = (LookAfterNames.name, LookAfterHosting.name)
MILESTONES = (14, 7, 3, 1)
"""Days before a month's end on which hosting is offered; the longer ones are for what lasts a year."""
DAY = timedelta(days=1)
HOSTING_DUE, NAME_DUE = "please pay the next period", "please pay its renewal"
PAID = "This order is paid. Thank you."


class Customer(PhonePayer):
    """Has bought a name and hosting, both of which are to go on, and lets time pass."""

    def __init__(self, shop: Installation, time: TimeMachine, cycle: str) -> None:
        super().__init__(shop)
        self.time = time
        items = a_domain("example.rw") | {"auto_renew": True}, a_hosting() | {"cycle": cycle, "auto_renew": True}
        order = shop.order(*items, currency="RWF")
        self.pay(self.link_to_pay(order))
        bought = shop.until(order, "completed")
        (self.hosting_id,) = [item["subscription_id"] for item in bought["items"] if item["kind"] == "hosting"]

    @property
    def hosting(self) -> Any:
        return self.shop.get(f"/v1/subscriptions/{self.hosting_id}")

    @property
    def paid_until(self) -> datetime:
        """Of the hosting."""
        return datetime.fromisoformat(self.hosting["current_period_end"])

    @property
    def expires(self) -> datetime:
        """The name."""
        return datetime.fromisoformat(self.shop.get("/v1/registrations/example.rw")["expires_at"])

    def orders(self) -> int:
        return len(self.shop.get(f"/v1/orders?customer_id={self.shop.customer()}")["data"])

    def live_until(self, moment: datetime) -> None:
        """That day's rounds included."""
        self.time.go_to(moment)
        see_rounds(self.shop, *ROUNDS)

    def counts(self) -> tuple[int, int, int, int, int]:
        """Orders, what the phone was asked, renewals at the registry, and mails about what is due of either."""
        renews = self.shop.registry("example.rw")["renews"]
        return self.orders(), len(self.pushes()), renews, len(self.mails(HOSTING_DUE)), len(self.mails(NAME_DUE))


@pytest.fixture
def shop_and_time(install: Install, tmp_path: Path) -> tuple[Installation, TimeMachine]:
    return a_shop_on(install, tmp_path, BOUGHT_ON, workers=2)


def test_a_month_is_offered_at_each_milestone_and_paid_once(shop_and_time: tuple[Installation, TimeMachine]) -> None:
    customer = Customer(*shop_and_time, "monthly")
    end = customer.paid_until
    customer.live_until(end - 15 * DAY)
    assert customer.counts() == (1, 1, 0, 0, 0)
    for n, days in enumerate(MILESTONES, 1):
        customer.live_until(end - days * DAY)
        eventually(lambda n=n: len(customer.mails(HOSTING_DUE)) == n)
        assert customer.counts() == (2, 1, 0, n, 0)
    links = [customer.link(HOSTING_DUE, n) for n in range(1, len(MILESTONES) + 1)]
    assert all("Pay 6500 RWF" in customer.look(link) for link in links)
    press_again = customer.open(links[1])
    assert len(customer.pushes()) == 1

    customer.pay(links[0])
    eventually(lambda: f"{customer.paid_until:%Y-%m-%d}" == "2027-03-31")
    after = customer.counts()
    assert after == (2, 2, 0, len(MILESTONES), 0)
    assert press_again(**BY_PHONE).status_code == HTTPStatus.CONFLICT
    assert all(PAID in customer.look(link) for link in links)
    assert customer.shop.registry("example.rw")["renews"] == 0
    customer.live_until(end + DAY)
    assert (customer.counts(), customer.hosting["status"]) == (after, "active")


def test_three_months_in_a_row_are_each_asked_for_and_renewed_once(
    shop_and_time: tuple[Installation, TimeMachine],
) -> None:
    customer = Customer(*shop_and_time, "monthly")
    for n, next_end in enumerate(("2027-03-31", "2027-04-30", "2027-05-31"), 1):
        customer.live_until(customer.paid_until - 14 * DAY)
        link = customer.link(HOSTING_DUE, n)
        assert customer.counts() == (n + 1, n, 0, n, 0)
        customer.pay(link)
        eventually(lambda next_end=next_end: f"{customer.paid_until:%Y-%m-%d}" == next_end)
    assert customer.counts() == (4, 4, 0, 3, 0)


def test_three_years_in_a_row_the_name_and_its_hosting_are_each_renewed_once(
    shop_and_time: tuple[Installation, TimeMachine],
) -> None:
    customer = Customer(*shop_and_time, "yearly")
    for n in (1, 2, 3):
        year = BOUGHT_ON.year + n
        assert (customer.paid_until.year, customer.expires.year) == (year, year)
        customer.live_until(customer.expires - 31 * DAY)
        assert customer.counts() == (2 * n - 1, 2 * n - 1, n - 1, n - 1, n - 1)
        customer.live_until(customer.expires - 30 * DAY)
        links = customer.link(NAME_DUE, n), customer.link(HOSTING_DUE, n)
        assert customer.counts() == (2 * n + 1, 2 * n - 1, n - 1, n, n)
        for link in links:
            customer.pay(link)
        eventually(lambda year=year: (customer.paid_until.year, customer.expires.year) == (year + 1, year + 1))
        customer.live_until(customer.time.now + 29 * DAY)
        assert customer.counts() == (2 * n + 1, 2 * n + 1, n, n, n)


def test_what_is_not_paid_is_past_due_and_suspended_and_back_when_the_phone_has_paid(
    shop_and_time: tuple[Installation, TimeMachine],
) -> None:
    customer = Customer(*shop_and_time, "monthly")
    end = customer.paid_until
    customer.live_until(end - 14 * DAY)
    declined = customer.ask(customer.link(HOSTING_DUE))
    customer.shop.control("POST", f"/kpay/payments/{declined['tid']}/decline")
    page = f"{customer.link(HOSTING_DUE)}/status"
    eventually(lambda: "The payment was declined, or was not approved." in customer.look(page))
    customer.live_until(end + DAY)
    eventually(lambda: customer.hosting["status"] == "past_due")
    customer.live_until(end + 9 * DAY)
    eventually(lambda: customer.hosting["status"] == "suspended")
    assert len(customer.pushes()) == 2

    hosting_page = customer.link("Your hosting starter is suspended")
    orders = [customer.open(hosting_page)(act="order") for _ in range(2)]
    (order_page,) = {order.headers["Location"] for order in orders}
    customer.pay(order_page)
    eventually(lambda: customer.hosting["status"] == "active")
    assert customer.paid_until > customer.time.now
    assert "Nothing is owed." in customer.look(hosting_page)
    renewed = [one for one in customer.pushes() if one["statusid"] == "01"]
    assert (len(renewed), len(customer.pushes())) == (2, 3)
