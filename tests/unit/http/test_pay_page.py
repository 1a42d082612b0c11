"""/pay: an order, the ways to pay it, and an attempt; reached by a link of ours and by nothing else."""

import re
from datetime import timedelta
from functools import partial
from html.parser import HTMLParser

import pytest

from billing.adapters.memory.pages import Told
from billing.application.ledger import Ledger
from billing.application.outcomes import Deadline, RetryLater
from billing.application.unit_of_work import LedgerUnavailable
from billing.domain import Customer, Job, Mail, Order, Payment
from billing.entrypoints.http.pay.links import PayLinks
from tests.builders import NOW
from tests.unit.http.shop import CONFIG, KEYS, PAY_POSTS_MAX, Shop, a_hosting, a_name

STRIPE_PAGE = "https://memory.example/page_"


class Page(HTMLParser):
    """What a browser without scripts and styles has of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.ways: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.refresh: str | None = None
        self._words: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.tags.append(tag)
        if tag == "input" and given["type"] == "radio":
            self.ways.append(given["value"])
            if "checked" in given:
                self.fields[given["name"]] = given["value"]
        elif tag == "input":
            self.fields[given["name"]] = given["value"]
        elif tag == "a":
            self.links.append(given["href"])
        elif given.get("http-equiv") == "refresh":
            self.refresh = given["content"]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] != "style":
            self._words.append(data)


def order_of(shop: Shop, *items: dict) -> Order:
    placed = shop.place(*items).json
    return shop.ledger.read(lambda uow: uow.orders.get(placed["id"]))


def path_of(shop: Shop, order: Order) -> str:
    return shop.links(order.id).removeprefix(CONFIG.public_url)


def look(shop: Shop, path: str, status: int = 200) -> Page:
    answer = shop.client.get(path, base_url=CONFIG.public_url)
    assert answer.status_code == status, answer.text
    return Page(answer.text)


def send(shop: Shop, path: str, **fields: str):
    """The form as the page has it, with some fields changed."""
    return shop.client.post(path, data={**look(shop, path).fields, **fields}, base_url=CONFIG.public_url)


def attempts(shop: Shop, order: Order) -> list[Payment]:
    return shop.ledger.read(lambda uow: uow.orders.get(order.id)).payments


def hear(shop: Shop, payment: Payment) -> None:
    """What the provider says of it is taken into the ledger."""
    take = shop.use_cases().start_payment.open_attempt.take
    for fact in shop.gateway.check(payment, Deadline.after(9, shop.seconds)):
        shop.ledger.write("test", partial(take, gateway="stripe", fact=fact))


def a_saved_card(shop: Shop, charged: Told = Told.PAID) -> str:
    """By our id; and what comes of charging it."""
    saved: str = shop.save_a_card()["id"]
    (ref,) = shop.methods.saved
    shop.gateway.charges[ref] = charged
    return saved


def speak_french(shop: Shop) -> None:
    shop.ledger.write("test", lambda uow: uow.customers.get("cus_1").change(language="fr"))


# ---------------------------------------------------------------------- what it shows


def test_it_shows_the_order_and_until_when_it_can_be_paid(shop):
    order = order_of(shop, a_name("example.rw", years=2), a_hosting())
    page = look(shop, path_of(shop, order))
    for words in (
        f"Order {order.number}",
        "Registration of example.rw for 2 years",
        "30.00 USD",
        "Hosting starter, paid monthly",
        "34.99 USD",
        "You can pay until 1 February 2027, 09:30 UTC.",
        "Ishyo Ltd",
    ):
        assert words in page.text, words
    assert page.fields["way"] == "stripe"
    assert page.refresh is None


def test_it_speaks_the_customers_language(shop):
    order = order_of(shop)
    speak_french(shop)
    answer = shop.client.get(path_of(shop, order))
    assert '<html lang="fr">' in answer.text
    assert "Vous pouvez payer jusqu’au 1er février 2027, 09:30 UTC." in answer.text
    assert "Payer 15,00 USD" in answer.text


def test_looking_starts_nothing(shop):
    order = order_of(shop)
    for _ in range(3):
        look(shop, path_of(shop, order))
    assert attempts(shop, order) == []
    assert shop.gateway.calls == []


def test_nothing_of_the_customers_can_break_the_page(shop):
    order = order_of(shop)

    def rename(uow):
        uow.orders.lock(order.id).number = "<script>alert(1)</script>"

    shop.ledger.write("test", rename)
    answer = shop.client.get(path_of(shop, order))
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_the_page_is_confined(shop):
    answer = shop.client.get(path_of(shop, order_of(shop)))
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https:;" in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert not re.search(r"<script|javascript:|\son\w+=|<img|<link", answer.text)


# ---------------------------------------------------------------------- links


@pytest.mark.parametrize("change", ["", "x", "cut", "other", "unsigned", "other key"])
def test_a_link_that_is_not_ours_leads_nowhere_and_tells_nothing(shop, change):
    order = order_of(shop)
    good = path_of(shop, order)
    bad = {
        "": "/pay/x",
        "x": f"{good}x",
        "cut": good[:-3],
        "other": good.replace(order.id, "ord_000999"),
        "unsigned": f"/pay/{order.id}",
        "other key": PayLinks("", ["k" * 32])(order.id),
    }[change]
    for answer in (shop.client.get(bad), shop.client.get(f"{bad}/status"), shop.client.post(bad)):
        assert answer.status_code == 404
        assert order.id not in answer.text
        assert order.number not in answer.text
        assert "There is no such page" in answer.text
    assert attempts(shop, order) == []


def test_a_link_to_what_is_not_there_looks_like_any_other_that_leads_nowhere(shop):
    answers = [shop.client.get(shop.links(of).removeprefix(CONFIG.public_url)) for of in ("ord_404", "job_1", "x")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


def test_a_page_that_is_not_there_speaks_the_browsers_language(shop):
    answer = shop.client.get("/pay/x", headers={"Accept-Language": "fr-RW,fr;q=0.9,en;q=0.5"})
    assert "Cette page n’existe pas" in answer.text


def test_a_link_is_good_after_weeks(shop):
    order = order_of(shop)
    shop.ledger.write("test", lambda uow: _keep_open(uow.orders.lock(order.id)))
    path = path_of(shop, order)
    shop.now += timedelta(weeks=9)
    assert send(shop, path).status_code == 303


def _keep_open(order: Order) -> None:
    order.expires_at = NOW + timedelta(weeks=10)


def test_a_key_that_is_being_replaced_is_still_believed(shop):
    old, new = KEYS[0], "n" * 32
    both = PayLinks(CONFIG.public_url, [new, old])
    token = shop.links("ord_1").rpartition("/")[2]
    assert both.read(token) == "ord_1"
    assert PayLinks("", [new]).read(both("ord_1").rpartition("/")[2]) == "ord_1"
    assert PayLinks("", [new]).read(token) is None


# ---------------------------------------------------------------------- paying


def test_the_button_leads_to_the_providers_page_and_back_to_ours(shop):
    order = order_of(shop)
    path = path_of(shop, order)
    answer = send(shop, path)
    (payment,) = attempts(shop, order)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{STRIPE_PAGE}{payment.id}"
    link = CONFIG.public_url + path
    assert (payment.options["success_url"], payment.options["cancel_url"]) == (f"{link}/status", link)


def test_pressed_again_the_older_attempt_is_closed_first(shop):
    order = order_of(shop)
    path = path_of(shop, order)
    send(shop, path)
    send(shop, path)
    assert [payment.status.value for payment in attempts(shop, order)] == ["expired", "pending"]


def test_the_saved_card_is_offered_first_and_named_to_the_provider(shop):
    a_saved_card(shop)
    order = order_of(shop)
    path = path_of(shop, order)
    page = look(shop, path)
    assert page.ways == ["stripe.saved", "stripe"]
    assert "With the saved card: visa ending in 4242" in page.text
    send(shop, path)
    (payment,) = attempts(shop, order)
    assert payment.options["method_ref"] in shop.methods.saved
    assert payment.status.value == "succeeded"


def test_a_declined_card_leads_to_how_it_stands_and_back(shop):
    a_saved_card(shop, Told.FAILED)
    order = order_of(shop)
    path = path_of(shop, order)
    answer = send(shop, path)
    assert answer.headers["Location"] == f"{CONFIG.public_url}{path}/status"
    assert "The payment did not go through" in look(shop, f"{path}/status").text
    assert send(shop, path, way="stripe").headers["Location"].startswith(STRIPE_PAGE)


def test_where_the_bank_wants_consent_the_customer_goes_on_to_where_it_is_given(shop):
    a_saved_card(shop, Told.NEEDS_CUSTOMER)
    order = order_of(shop)
    answer = send(shop, path_of(shop, order))
    charged, paged = attempts(shop, order)
    assert answer.headers["Location"] == f"{STRIPE_PAGE}{paged.id}"
    assert (charged.status.value, "method_ref" in paged.options) == ("cancelled", False)


def test_a_charge_that_waits_for_consent_says_so(shop):
    method_id = a_saved_card(shop, Told.NEEDS_CUSTOMER)
    order = order_of(shop)
    path = path_of(shop, order)
    shop.use_cases().start_payment(order.id, "stripe", {"method_id": method_id}, "test")
    for page in (look(shop, path), look(shop, f"{path}/status")):
        assert "Your bank wants you to confirm the payment yourself." in page.text
        assert "Your bank said" not in page.text
    assert send(shop, path, way="stripe").status_code == 303


def test_another_means_can_be_chosen_where_a_card_is_saved(shop):
    a_saved_card(shop)
    order = order_of(shop)
    send(shop, path_of(shop, order), way="stripe")
    (payment,) = attempts(shop, order)
    assert "method_ref" not in payment.options


@pytest.mark.parametrize("way", ["", "kpay", "stripe.saved"])
def test_a_way_that_is_not_on_the_page_is_refused_in_words(shop, way):
    order = order_of(shop)
    answer = send(shop, path_of(shop, order), way=way)
    assert answer.status_code == 422
    assert "Please choose one of the ways to pay." in answer.text
    assert attempts(shop, order) == []


def test_a_form_that_another_site_sends_does_nothing(shop):
    order = order_of(shop)
    path = path_of(shop, order)
    sent = look(shop, path).fields
    stranger = shop.app.test_client()
    for client, fields in (
        (stranger, sent),
        (shop.client, {**sent, "seal": "x"}),
        (shop.client, {**sent, "seal": "é\0"}),
        (shop.client, {"way": "stripe"}),
    ):
        answer = client.post(path, data=fields, base_url=CONFIG.public_url)
        assert answer.status_code == 403
        assert "Please press the button again." in answer.text
    assert attempts(shop, order) == []


def test_the_form_of_one_order_is_not_that_of_another(shop):
    first, second = order_of(shop, a_name("a.rw")), order_of(shop, a_name("b.rw"))
    sent = look(shop, path_of(shop, first)).fields
    assert shop.client.post(path_of(shop, second), data=sent, base_url=CONFIG.public_url).status_code == 403


def test_the_cookie_is_for_the_page_alone(shop):
    answer = shop.client.get(path_of(shop, order_of(shop)))
    cookie = answer.headers["Set-Cookie"]
    for part in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/pay"):
        assert part in cookie


def test_who_presses_too_often_waits(shop):
    order = order_of(shop)
    other = order_of(shop, a_name("b.rw"))
    path = path_of(shop, order)
    for _ in range(PAY_POSTS_MAX):
        assert send(shop, path).status_code == 303
    answer = send(shop, path)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert "Please wait a minute" in answer.text
    assert len(attempts(shop, order)) == PAY_POSTS_MAX
    assert send(shop, path_of(shop, other)).status_code == 303
    shop.now += timedelta(seconds=61)
    assert send(shop, path).status_code == 303


def test_what_the_provider_refuses_is_said_in_words(shop):
    order = order_of(shop)
    shop.gateway.refuse("card_declined: secret detail", "start")
    answer = send(shop, path_of(shop, order))
    assert answer.status_code == 422
    assert "The payment was declined." in answer.text
    assert "secret detail" not in answer.text
    assert 'role="alert"' in answer.text
    assert send(shop, path_of(shop, order)).status_code == 303


def test_a_provider_that_is_away_is_said_in_words(shop):
    order = order_of(shop)
    path = path_of(shop, order)
    send(shop, path)
    shop.gateway.fail_with(RetryLater("connection refused by 10.0.0.1"), "close")
    answer = send(shop, path)
    assert answer.status_code == 503
    assert "can’t be reached just now" in answer.text
    assert "10.0.0.1" not in answer.text


def test_a_start_that_nobody_answered_leads_to_how_it_stands(shop):
    order = order_of(shop)
    path = path_of(shop, order)
    shop.gateway.lose_answer("start")
    answer = send(shop, path)
    assert answer.headers["Location"] == f"{CONFIG.public_url}{path}/status"
    again = send(shop, path)
    assert again.status_code == 409
    assert "another payment of this order is being decided" in again.text


def test_a_ledger_that_is_away_is_said_in_words(shop):
    path = path_of(shop, order_of(shop))
    shop.reopen(ledger=Ledger(_away, shop.queue, shop.telemetry))
    for answer in (shop.client.get(path), shop.client.get(f"{path}/status")):
        assert answer.status_code == 503
        assert answer.content_type.startswith("text/html")
        assert "We are busy just now." in answer.text
        assert "10.0.0.1" not in answer.text
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def _away(by: str, *, reading: bool = False):
    raise LedgerUnavailable("connection to 10.0.0.1 refused")


# ---------------------------------------------------------------------- how it stands


def test_the_status_page_asks_again_until_it_knows(shop):
    order = order_of(shop)
    path = path_of(shop, order)
    send(shop, path)
    page = look(shop, f"{path}/status")
    assert "We have not heard yet whether your payment went through." in page.text
    assert page.refresh == f"5; url={CONFIG.public_url}{path}/status?look=1"
    (payment,) = attempts(shop, order)
    (check,) = (job for job in shop.stored(Job) if job.subject == payment.id)
    assert check.due_at <= shop.now
    shop.gateway.pay(payment.id)
    hear(shop, payment)
    page = look(shop, f"{path}/status")
    assert "This order is paid. Thank you." in page.text
    assert page.refresh is None


def test_a_reader_can_have_the_page_stand_still_and_it_does_not_look_for_ever(shop):
    order = order_of(shop)
    path = path_of(shop, order)
    send(shop, path)
    for look_no in ("stop", "60", "-1", "9" * 30, "9" * 5000):
        page = look(shop, f"{path}/status?look={look_no}")
        assert page.refresh is None
        assert f"{CONFIG.public_url}{path}/status" in page.links


def test_after_a_failure_it_offers_to_try_again(shop):
    order = order_of(shop)
    path = path_of(shop, order)
    send(shop, path)
    (payment,) = attempts(shop, order)
    shop.gateway.submit(payment.id)
    shop.gateway.fail(payment.id)
    hear(shop, payment)
    page = look(shop, f"{path}/status")
    assert "The payment did not go through" in page.text
    assert CONFIG.public_url + path in page.links
    assert "You can try again." in look(shop, path).text
    assert send(shop, path).status_code == 303


def test_why_the_bank_declined_is_said_on_the_page_and_in_its_answer(shop):
    order = order_of(shop)
    path = path_of(shop, order)
    shop.gateway.refuse("insufficient_funds: secret detail", "start")
    refused = send(shop, path).text
    speak_french(shop)
    later = look(shop, path).text, look(shop, f"{path}/status").text
    assert "Your bank says that there was not enough money for it." in refused
    assert all("Selon votre banque, la provision était insuffisante." in page for page in later)
    assert not any("secret detail" in page for page in (refused, *later))


def test_a_payment_that_the_bank_decides_offers_no_second_one(shop):
    order = order_of(shop)
    path = path_of(shop, order)
    send(shop, path)
    (payment,) = attempts(shop, order)
    shop.gateway.submit(payment.id)
    hear(shop, payment)
    page = look(shop, path)
    assert "Your payment is under way." in page.text
    assert "form" not in page.tags


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("paid", "This order is paid. Thank you."),
        ("cancelled", "This order was cancelled."),
        ("expired", "The time to pay this order is over."),
        ("late", "The time to pay this order is over."),
        ("mismatched", "one of us must look at"),
    ],
)
def test_an_order_that_takes_no_payment_says_so(shop, end, words):
    order = order_of(shop)
    path = path_of(shop, order)
    sent = look(shop, path).fields

    def change(uow):
        locked = uow.orders.lock(order.id)
        if end in ("paid", "mismatched"):
            payment = locked.open_attempt("pay_9", "stripe", {}, NOW, locked.expires_at)
            locked.record_success(payment, locked.total.times(1 if end == "paid" else 2), NOW)
        elif end == "cancelled":
            locked.cancel()
        elif end == "expired":
            locked.expire(locked.expires_at)
        else:
            locked.expires_at = NOW

    shop.ledger.write("test", change)
    before = len(attempts(shop, order))
    for page in (look(shop, path), look(shop, f"{path}/status")):
        assert words in page.text
        assert "form" not in page.tags
    answer = shop.client.post(path, data=sent, base_url=CONFIG.public_url)
    assert answer.status_code == 409
    assert words in Page(answer.text).text
    assert len(attempts(shop, order)) == before


def test_nobody_has_begun_to_pay(shop):
    order = order_of(shop)
    assert "Nobody has begun to pay this order." in look(shop, f"{path_of(shop, order)}/status").text


def test_what_a_customer_is_called_is_not_on_the_page(shop):
    """Whoever has the link may pay, and learns no more than what."""
    order = order_of(shop)
    (customer,) = shop.stored(Customer)
    text = shop.client.get(path_of(shop, order)).text
    assert customer.name not in text
    assert customer.email not in text
    assert shop.stored(Mail) == []
