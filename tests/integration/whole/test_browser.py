"""A person in a browser: the provider's page, and the description of the API."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.integration.whole.installation import Installation, a_domain, a_hosting

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def page() -> Iterator[Page]:
    """A new tab of the machine's own Chromium."""
    program = os.environ.get("BILLING_TEST_CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.skip("no browser: install chromium or set BILLING_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        try:
            yield browser.new_page()
        finally:
            browser.close()


def test_a_person_is_declined_pays_and_gets_what_was_bought(on_sqlite: Installation, page: Page) -> None:
    on_sqlite.serve()
    on_sqlite.work()
    order = on_sqlite.order(a_domain("example.rw"), a_hosting())
    payment = on_sqlite.start(order)
    page.goto(payment["redirect_url"])
    expect(page.get_by_text("example.rw")).to_be_visible()
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_text("declined")).to_be_visible()
    page.get_by_role("button", name="Pay 19.99 USD").click()
    page.wait_for_url(f"{on_sqlite.url}/thanks*")
    on_sqlite.until(order, "completed")
    page.goto(payment["redirect_url"])
    expect(page.get_by_role("button", name="Pay 19.99 USD")).to_have_count(0)


def test_the_api_is_described_without_asking_anybody_else(on_sqlite: Installation, page: Page) -> None:
    on_sqlite.serve()
    elsewhere: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(on_sqlite.url) else elsewhere.append(request.url))
    page.goto(f"{on_sqlite.url}/docs/")
    expect(page.get_by_text("/v1/orders/{order_id}/payments")).to_be_visible()
    assert [url for url in elsewhere if not url.startswith("data:")] == []
