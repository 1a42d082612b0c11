"""Names that renew by themselves, on real wires: time is moved, and the card or the customer pays."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.whole.conftest import Install
from tests.integration.whole.installation import Installation, a_domain, eventually
from tests.integration.whole.test_saved_cards import cards, path_of, save

DAY_SECONDS = 86_400
DECLINES = "4000000000000341"  # can be saved, and not charged afterwards


class TimeMachine:
    """Moves the business clocks of billing and of the outside world together."""

    def __init__(self, installation: Installation, file: Path) -> None:
        self._installation, self._file, self._seconds = installation, file, 0

    def pass_days(self, days: int) -> None:
        self._seconds += days * DAY_SECONDS
        self._file.write_text(str(self._seconds))
        self._installation.control("POST", "/clock/advance", {"seconds": days * DAY_SECONDS})


@pytest.fixture
def shop(install: Install, tmp_path: Path) -> Installation:
    offset = tmp_path / "offset"
    offset.write_text("0")
    database, queue = f"sqlite:///{tmp_path}/ledger.sqlite", f"sqlite:///{tmp_path}/queue.sqlite"
    installation = install(database, queue, BILLING_CLOCK_OFFSET_FILE=str(offset))
    installation.serve()
    installation.work("worker-1")
    installation.work("worker-2")
    return installation


@pytest.fixture
def time(shop: Installation, tmp_path: Path) -> TimeMachine:
    return TimeMachine(shop, tmp_path / "offset")


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
    time.pass_days(330)
    assert len(orders(shop)) == 1
    time.pass_days(10)
    eventually(lambda: shop.registry("example.rw")["renews"] == 1)
    renewal, bought = eventually(lambda: orders(shop) if len(orders(shop)) == 2 else None)
    shop.until(renewal, "completed")
    assert (renewal["total"], renewal["items"][0]["kind"]) == ({"amount": 1500, "currency": "USD"}, "domain_renewal")
    assert bought["status"] == "completed"
    assert expiry(shop).year == before.year + 1
    for days in (3, 30):
        time.pass_days(days)
    eventually(lambda: "example.rw is renewed" in subjects(shop))
    assert shop.registry("example.rw")["renews"] == 1
    paid = [one for one in shop.control("GET", "/state")["stripe"]["payment_intents"] if one["status"] == "succeeded"]
    assert len(paid) == 2


def test_where_the_card_is_declined_the_customer_pays_by_the_link(shop: Installation, time: TimeMachine) -> None:
    buy(shop)
    assert shop.call("PUT", f"{path_of(shop)}/default", {"payment_method": save(shop, DECLINES)["id"]}).ok
    time.pass_days(340)

    def link() -> str | None:
        mails = shop.control("GET", "/state")["mail"]
        texts = [mail["text"] for mail in mails if "could not charge your card" in mail["subject"]]
        found = re.search(rf"{shop.url}/pay/\S+", texts[0]) if texts else None
        return found[0] if found else None

    page = eventually(link)
    assert page is not None
    browser = requests.Session()
    shown = browser.get(page, timeout=10).text
    seal = re.search(r'name="seal" value="([^"]+)"', shown)
    assert seal is not None
    answer = browser.post(page, data={"seal": seal[1], "way": "stripe"}, allow_redirects=False, timeout=20)
    assert answer.status_code == 303, answer.text
    paid = requests.post(answer.headers["Location"], data={"act": "pay"}, allow_redirects=False, timeout=10)
    assert paid.headers["Location"].startswith(f"{page}/status")
    eventually(lambda: shop.registry("example.rw")["renews"] == 1)
    eventually(lambda: "This order is paid. Thank you." in browser.get(f"{page}/status", timeout=10).text)
