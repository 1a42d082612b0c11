"""/pay for an invoice: what is owed for hosting, and the ways to pay it; reached by a link in a mail."""

import pytest

from billing.domain import Cycle, Invoice, InvoiceReason, InvoiceStands, InvoiceStatus, Money, Subscription
from tests.unit.http.shop import CONFIG, Shop
from tests.unit.http.test_pay_page import look, send, speak_french

PRICE = Money(499, "USD")
PAGE = "https://provider.example/invoice/1"


def told(**details: object) -> InvoiceStands:
    usual: dict[str, object] = {
        "billing_ref": "bill_1",
        "invoice_ref": "in_1",
        "reason": InvoiceReason.CYCLE,
        "status": InvoiceStatus.OPEN,
        "total": PRICE,
        "collected": PRICE.times(0),
        "attempts": 1,
        "page_url": PAGE,
    }
    return InvoiceStands(**{**usual, **details})  # type: ignore[arg-type]


@pytest.fixture
def path(shop: Shop) -> str:
    """Where the mail leads about an invoice that was declined."""
    held = Subscription(
        id="sub_1",
        customer_id="cus_1",
        item_id="itm_1",
        plan="starter",
        cycle=Cycle.MONTHLY,
        price=PRICE,
        domain=None,
        auto_renew=True,
        created_at=shop.now,
    )
    held.activate(shop.now)
    held.bind("stripe", "bill_1")
    held.fall_due(shop.now, "not paid")
    invoice = Invoice.of("inv_1", "sub_1", "stripe", told(), shop.now)
    shop.ledger.write("test", lambda uow: uow.subscriptions.add(held))
    shop.ledger.write("test", lambda uow: uow.invoices.add(invoice))
    return shop.links("inv_1").removeprefix(CONFIG.public_url)


def tell(shop: Shop, **details: object) -> None:
    """The provider tells more of it."""

    def take(uow) -> None:
        uow.subscriptions.lock("sub_1")
        uow.invoices.of_ref("stripe", "in_1").take(told(**details))

    shop.ledger.write("test", take)


def test_it_shows_what_is_owed_and_until_when_it_is_served_and_nothing_else_of_the_customer(shop, path):
    page = look(shop, path)
    assert "4.99 USD for the next period of your hosting starter could not be collected." in page.text
    assert "goes on for now, until 7 February 2027" in page.text
    assert "Aline" not in page.text
    speak_french(shop)
    assert "4,99 USD pour la période suivante de votre hébergement starter" in look(shop, path).text


def test_it_is_paid_on_the_provider_s_page(shop, path):
    for _ in range(2):
        answer = send(shop, path, act="pay")
        assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)


def test_another_card_is_put_in_on_the_page_about_the_cards(shop, path):
    assert look(shop, path).tags.count("button") == 1  # without an account there are none
    shop.save_a_card()
    assert look(shop, path).tags.count("button") == 2
    answer = send(shop, path, act="card")
    assert answer.headers["Location"].startswith(f"{CONFIG.public_url}/pay/wal_")


def test_a_bank_that_wants_consent_is_named(shop, path):
    tell(shop, needs_customer=True)
    assert "Your bank wants you to confirm the payment." in look(shop, path).text


def test_suspended_it_says_so(shop, path):
    shop.ledger.write("test", lambda uow: uow.subscriptions.lock("sub_1").suspend("nobody paid"))
    assert "is suspended. It is back as soon as this is paid." in look(shop, path).text


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"status": InvoiceStatus.PAID, "collected": PRICE}, "This is paid. Thank you."),
        ({"status": InvoiceStatus.VOID}, "Nothing is owed for this any more."),
        ({"in_flight": True, "attempts": 2}, "Your payment is under way."),
    ],
)
def test_where_nothing_is_to_be_done_it_says_why(shop, path, details, words):
    tell(shop, **details)
    for address in (path, f"{path}/status"):
        page = look(shop, address)
        assert words in page.text
        assert page.tags.count("button") == 0


@pytest.mark.parametrize(("act", "status"), [("", 422), ("other", 422), ("card", 409)])
def test_what_can_not_be_done_is_said_in_words(shop, path, act, status):
    assert send(shop, path, act=act).status_code == status


def test_without_a_page_of_the_provider_s_there_is_no_button_to_it(shop, path):
    tell(shop, page_url=None)
    assert look(shop, path).tags.count("button") == 0
    assert send(shop, path, act="pay").status_code == 409


def test_an_invoice_that_is_not_there_looks_like_nothing(shop):
    assert shop.client.get(shop.links("inv_404").removeprefix(CONFIG.public_url)).status_code == 404
