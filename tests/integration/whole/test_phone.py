"""A person in a browser pays on a phone: our own page, KPay's push, its postback, and what is delivered."""

from playwright.sync_api import Page, expect

from tests.integration.whole.installation import Installation, a_domain
from tests.integration.whole.phone_payer import PhonePayer


def test_a_person_approves_on_the_phone_and_gets_what_was_bought(on_sqlite: Installation, page: Page) -> None:
    shop = on_sqlite
    shop.serve()
    shop.work()
    order = shop.order(a_domain("example.rw"), currency="RWF")
    page.goto(PhonePayer(shop).link_to_pay(order))
    page.get_by_role("radio", name="By mobile money (MTN or Airtel)").check()
    page.get_by_role("textbox", name="Phone number").fill("0788 123 434")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text("Please approve the payment on your MTN phone, the number ending in 34.")).to_be_visible()
    (payment,) = PhonePayer(shop).pushes()
    assert payment["statusid"] != "01"
    shop.control("POST", f"/kpay/payments/{payment['tid']}/approve")
    expect(page.get_by_text("This order is paid. Thank you.")).to_be_visible(timeout=30_000)
    shop.until(order, "completed")


def test_a_card_is_put_in_on_kpays_page_and_the_browser_comes_back_to_ours(on_sqlite: Installation, page: Page) -> None:
    shop = on_sqlite
    shop.serve()
    shop.work()
    order = shop.order(a_domain("example.rw"), currency="RWF")
    link = PhonePayer(shop).link_to_pay(order)
    page.goto(link)
    page.get_by_role("radio", name="By card, on KPay’s page").check()
    page.get_by_role("textbox", name="Phone number").fill("0788 123 434")
    page.get_by_role("button", name="Pay 18000 RWF").click()
    page.get_by_role("button", name="Decline").click()  # of KPay's page, as all below
    page.go_back()
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{link}/status*")
    expect(page.get_by_text("This order is paid. Thank you.")).to_be_visible(timeout=30_000)
    shop.until(order, "completed")
