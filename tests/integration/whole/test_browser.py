"""A person in a browser: the provider's page, and the description of the API."""

from playwright.sync_api import Page, expect

from tests.integration.whole.installation import Installation, a_domain, a_hosting
from tests.integration.whole.mail_reader import MailReader


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


def test_a_person_pays_on_our_page_by_the_link_in_a_mail(on_sqlite: Installation, page: Page) -> None:
    on_sqlite.serve()
    on_sqlite.work()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    order = on_sqlite.order(a_domain("example.rw"))
    page.goto(MailReader(on_sqlite).link_to_pay(order))
    expect(page.get_by_role("heading", name=f"Order {order['number']}")).to_be_visible()
    expect(page.get_by_role("cell", name="Registration of example.rw for 1 year")).to_be_visible()
    link = page.url
    page.get_by_role("button", name="Pay 15.00 USD").click()
    page.get_by_role("button", name="Pay 15.00 USD").click()  # that of the provider's page
    page.wait_for_url(f"{link}/status*")
    expect(page.get_by_text("This order is paid. Thank you.")).to_be_visible(timeout=20_000)
    on_sqlite.until(order, "completed")
    page.goto(link)
    expect(page.get_by_text("This order is paid. Thank you.")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert [text for text in complaints if "Content Security Policy" in text] == []


def test_a_person_without_a_mouse_and_scripts_pays_on_our_page(on_sqlite: Installation, page: Page) -> None:
    on_sqlite.serve()
    on_sqlite.work()
    order = on_sqlite.order(a_domain("example.rw"))
    bare = page.context.browser.new_context(java_script_enabled=False).new_page()  # type: ignore[union-attr]
    bare.goto(MailReader(on_sqlite).link_to_pay(order))
    bare.keyboard.press("Tab")
    focused = bare.locator("button:focus")
    expect(focused).to_have_text("Pay 15.00 USD")
    bare.keyboard.press("Enter")
    expect(bare.get_by_role("button", name="Decline")).to_be_visible()


def test_the_api_is_described_without_asking_anybody_else(on_sqlite: Installation, page: Page) -> None:
    on_sqlite.serve()
    elsewhere: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(on_sqlite.url) else elsewhere.append(request.url))
    page.goto(f"{on_sqlite.url}/docs/")
    expect(page.get_by_text("/v1/orders/{order_id}/payments")).to_be_visible()
    assert [url for url in elsewhere if not url.startswith("data:")] == []
