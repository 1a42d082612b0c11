"""Names that renew by themselves, on real wires: time is moved, and the card or the customer pays."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from billing.application.expiry.expiring_names import LookAfterNames
from tests.integration.whole.conftest import Install
from tests.integration.whole.installation import Installation, a_domain, eventually
from tests.integration.whole.mail_reader import MailReader
from tests.integration.whole.test_saved_cards import cards, path_of, save
from tests.integration.whole.time_machine import TimeMachine, a_shop_on, see_rounds

DECLINES = "4000000000000341"  # can be saved, and not charged afterwards


@pytest.fixture
def shop_and_time(install: Install, tmp_path: Path) -> tuple[Installation, TimeMachine]:
    return a_shop_on(install, tmp_path, None, workers=2)


@pytest.fixture
def shop(shop_and_time: tuple[Installation, TimeMachine]) -> Installation:
    return shop_and_time[0]


@pytest.fixture
def time(shop_and_time: tuple[Installation, TimeMachine]) -> TimeMachine:
    return shop_and_time[1]


def buy(shop: Installation) -> None:
    """A name that renews by itself; its card is saved on the page on which it is paid."""
    shop.until(shop.buy(a_domain("example.rw") | {"auto_renew": True}), "completed")
    eventually(lambda: cards(shop))


def expiry(shop: Installation) -> datetime:
    return datetime.fromisoformat(shop.get("/v1/registrations/example.rw")["expires_at"])


def orders(shop: Installation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.get(f"/v1/orders?customer_id={shop.customer()}")["data"]
    return found


def subjects(shop: Installation) -> list[str]:
    return [mail["subject"] for mail in shop.control("GET", "/state")["mail"]]


def test_a_year_later_the_name_is_renewed_with_the_card_it_was_bought_with(
    shop: Installation, time: TimeMachine
) -> None:
    buy(shop)
    before = expiry(shop)
    time.pass_time(timedelta(days=330))
    see_rounds(shop, LookAfterNames.name)
    assert len(orders(shop)) == 1
    time.pass_time(timedelta(days=10))
    eventually(lambda: shop.registry("example.rw")["renews"] == 1)
    renewal, bought = eventually(lambda: orders(shop) if len(orders(shop)) == 2 else None)
    shop.until(renewal, "completed")
    assert (renewal["total"], renewal["items"][0]["kind"]) == ({"amount": 1500, "currency": "USD"}, "domain_renewal")
    assert bought["status"] == "completed"
    assert expiry(shop).year == before.year + 1
    for days in (3, 30):
        time.pass_time(timedelta(days=days))
        see_rounds(shop, LookAfterNames.name)
    eventually(lambda: "example.rw is renewed" in subjects(shop))
    assert shop.registry("example.rw")["renews"] == 1
    paid = [one for one in shop.control("GET", "/state")["stripe"]["payment_intents"] if one["status"] == "succeeded"]
    assert len(paid) == 2


def test_where_the_card_is_declined_the_customer_pays_by_the_link(shop: Installation, time: TimeMachine) -> None:
    buy(shop)
    assert shop.call("PUT", f"{path_of(shop)}/default", {"payment_method": save(shop, DECLINES)["id"]}).ok
    time.pass_time(timedelta(days=340))
    reader = MailReader(shop)
    page = reader.link("could not charge your card")
    answer = reader.open(page)(way="stripe")
    assert answer.status_code == 303, answer.text
    paid = requests.post(answer.headers["Location"], data={"act": "pay"}, allow_redirects=False, timeout=10)
    assert paid.headers["Location"].startswith(f"{page}/status")
    eventually(lambda: shop.registry("example.rw")["renews"] == 1)
    eventually(lambda: "This order is paid. Thank you." in reader.look(f"{page}/status"))
