"""A customer without a card: follows the links in the mails, and approves on the phone."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests

from tests.integration.whole.installation import Installation, eventually

BY_PHONE = {"way": "kpay.momo", "phone": "0788 123 434"}
_CALL_SECONDS = 20


class PhonePayer:
    """Knows what the mails say, and has a phone."""

    def __init__(self, shop: Installation) -> None:
        self.shop = shop

    # ------------------------------------------------------------------ mails

    def mails(self, words: str) -> list[Any]:
        """Those whose subject has the words, oldest first."""
        return [mail for mail in self.shop.control("GET", "/state")["mail"] if words in mail["subject"]]

    def link(self, words: str, number: int = 1) -> str:
        """The one to our own page in the mail of that number whose subject has the words."""
        mail = eventually(lambda: self.mails(words)[number - 1 :])[0]
        (link,) = set(re.findall(rf"{re.escape(self.shop.url)}/pay/\S+", mail["text"]))
        return str(link)

    # ------------------------------------------------------------------ our own page

    def look(self, link: str) -> str:
        """What the page says."""
        answer = requests.get(link, timeout=_CALL_SECONDS)
        assert answer.ok, answer.text
        return answer.text

    def open(self, link: str) -> Callable[..., requests.Response]:
        """The page in a browser of its own: called with what is filled in, its button is pressed."""
        browser = requests.Session()
        seal = re.search(r'name="seal" value="([^"]+)"', browser.get(link, timeout=_CALL_SECONDS).text)
        assert seal is not None, f"nothing is to be paid at {link}"
        sealed = {"seal": seal[1]}
        return lambda **form: browser.post(link, data=sealed | form, allow_redirects=False, timeout=_CALL_SECONDS)

    def ask(self, link: str) -> Any:
        """Have the phone asked; what KPay holds for it."""
        known = {one["tid"] for one in self.pushes()}
        answer = self.open(link)(**BY_PHONE)
        assert answer.status_code == 303, answer.text
        (asked,) = [one for one in self.pushes() if one["tid"] not in known]
        return asked

    def pay(self, link: str) -> None:
        """Have the phone asked, and approve; the page then says so."""
        self.shop.control("POST", f"/kpay/payments/{self.ask(link)['tid']}/approve")
        eventually(lambda: "This order is paid. Thank you." in self.look(f"{link}/status"))

    def pushes(self) -> list[Any]:
        """Everything that the phone was ever asked."""
        known: list[Any] = self.shop.control("GET", "/state")["kpay"]["payments"]
        return known


def see_rounds(shop: Installation, *names: str) -> None:
    """From here on, what these rounds of the day have not done today, they do not do today."""
    container = shop.container
    begins = timedelta(hours=container.settings().renewals.daily_at_hour)

    def are_over() -> bool:
        known = container.ledger().read(lambda uow: [uow.rounds.get(name) for name in names])
        today = (container.business_clock()() - begins).date()
        return all(one is not None and one.is_done and one.day == today for one in known)

    eventually(are_over)
