"""A customer who follows the links in the mails to our own page."""

import re
from collections.abc import Callable
from typing import Any

import requests

from tests.integration.whole.installation import Installation, eventually

_CALL_SECONDS = 20


class MailReader:
    """Knows what the mails say, and has browsers."""

    def __init__(self, shop: Installation) -> None:
        self.shop = shop

    def mails(self, words: str) -> list[Any]:
        """Those whose subject has the words, oldest first."""
        return [mail for mail in self.shop.control("GET", "/state")["mail"] if words in mail["subject"]]

    def link(self, words: str, number: int = 1) -> str:
        """The one to our own page in the mail of that number whose subject has the words."""
        mail = eventually(lambda: self.mails(words)[number - 1 :])[0]
        (link,) = set(re.findall(rf"{re.escape(self.shop.url)}/pay/\S+", mail["text"]))
        return str(link)

    def link_to_pay(self, order: Any) -> str:
        """The one in the mail that says that the order has come in."""
        return self.link(f"We have your order {order['number']}")

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
