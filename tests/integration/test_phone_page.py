"""A person in a browser on our own page, who pays by phone: what is shown when, and with what a keyboard gets along."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from billing.entrypoints.http.pay.links import PayLinks
from tests.integration.browsers import a_tab
from tests.unit.http.push_shop import RETRY_AFTER, PushShop
from tests.unit.http.shop import KEYS

APPROVE = "Please approve the payment on your MTN phone, the number ending in 34."


class OpenShop(PushShop):
    """A shop that a browser can go to."""

    url = "http://127.0.0.1"

    def a_config(self):
        return replace(super().a_config(), public_url=self.url)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """On a free port, from here to the end."""
        server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.config, self.links = self.a_config(), PayLinks(self.url, KEYS)
        self.reopen()
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self.app(environ, start_response)


@pytest.fixture
def shop() -> Iterator[OpenShop]:
    shop = OpenShop()
    with shop.opened():
        yield shop


@pytest.fixture
def page(shop: OpenShop) -> Iterator[Page]:
    with a_tab() as tab:
        yield tab


def test_the_number_is_asked_for_where_it_is_needed_and_the_wait_ends_by_itself(shop: OpenShop, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    order = shop.order_in_rwf()
    page.goto(shop.links(order["id"]))
    number = page.get_by_role("textbox", name="Phone number")
    expect(page.get_by_role("radio", name="By card or another means, on Stripe’s page")).to_be_checked()
    expect(number).to_be_hidden()
    page.get_by_role("radio", name="By mobile money (MTN or Airtel)").check()
    expect(number).to_be_visible()
    expect(number).to_have_accessible_description(re.compile("are approved on that phone"))
    number.fill("0788 123 434")
    page.get_by_role("button", name="Pay 1500 RWF").click()
    expect(page.get_by_text(APPROVE)).to_be_visible()
    expect(page.get_by_text("You can try again in")).to_be_visible()
    (payment,) = shop.attempts(order["id"])
    shop.now += RETRY_AFTER
    expect(page.get_by_role("link", name="Try again, with another number")).to_be_visible(timeout=20_000)
    assert shop.push.pushed == [payment.id]
    assert [text for text in complaints if "Content Security Policy" in text] == []


def test_a_wrong_number_is_said_at_its_field_and_mended_without_a_mouse_and_scripts(shop: OpenShop, page: Page) -> None:
    order = shop.order_in_rwf()
    bare = page.context.browser.new_context(java_script_enabled=False).new_page()  # type: ignore[union-attr]
    bare.goto(shop.links(order["id"]))
    for key in ("Tab", "ArrowDown", "Tab"):
        bare.keyboard.press(key)
    bare.keyboard.type("my number")
    bare.keyboard.press("Enter")
    number = bare.get_by_role("textbox", name="Phone number")
    expect(bare.get_by_role("alert")).to_have_text("Please check the phone number. No payment was begun.")
    expect(number).to_have_value("my number")
    expect(number).to_have_attribute("aria-invalid", "true")
    expect(number).to_have_accessible_description(re.compile("This number can’t be used"))
    number.fill("0788 123 434")
    number.press("Enter")
    expect(bare.get_by_text(APPROVE)).to_be_visible()
    assert len(shop.attempts(order["id"])) == 1
