"""/pay with KPay: ways that fit the order, a phone that is asked, a wait for its owner, and another try."""

import re
from datetime import timedelta
from functools import partial

import pytest

from billing.adapters.kpay_gateway.codes import explain_status
from billing.application.outcomes import AccountRefused, Deadline
from billing.domain.job import Job
from billing.domain.order import Order
from billing.domain.payment import Payment
from tests.unit.http.push_shop import RETRY_AFTER, PushShop
from tests.unit.http.shop import CONFIG, a_hosting, a_name
from tests.unit.http.test_pay_page import look, order_of, path_of, send, speak_french

PHONE = "0788 123 434"
WAYS = ["stripe", "kpay.momo", "kpay.cc"]


def rwf_order(shop: PushShop, *items: dict) -> Order:
    placed = shop.order_in_rwf(*items)
    return shop.ledger.read(lambda uow: uow.orders.get(placed["id"]))


@pytest.fixture
def order(kpay) -> Order:
    return rwf_order(kpay)


@pytest.fixture
def path(kpay, order) -> str:
    return path_of(kpay, order)


@pytest.fixture
def pushed(kpay, order, path) -> Payment:
    assert send(kpay, path, way="kpay.momo", phone=PHONE).status_code == 303
    (payment,) = kpay.attempts(order.id)
    return payment


def take(shop: PushShop, payment: Payment) -> None:
    """What the provider says of it is taken into the ledger."""
    taken = shop.use_cases().start_payment.open_attempt.take
    for fact in shop.push.check(payment, Deadline.after(9, shop.seconds)):
        shop.ledger.write("test", partial(taken, gateway="kpay", fact=fact))


# ---------------------------------------------------------------------- what is offered


def test_the_ways_are_those_that_take_the_currency_and_the_sum(kpay, order, path):
    assert look(kpay, path).ways == WAYS  # 1500 RWF are too much for SPENN here
    small = rwf_order(kpay, a_hosting())  # 499 RWF are too little for a card
    assert look(kpay, path_of(kpay, small)).ways == ["stripe", "kpay.momo", "kpay.spenn"]
    in_dollars = look(kpay, path_of(kpay, order_of(kpay, a_name("b.rw"))))
    assert (in_dollars.ways, "phone" in in_dollars.fields) == ([], False)


def test_looking_asks_nobody(kpay, order, path):
    for _ in range(3):
        look(kpay, path)
        look(kpay, f"{path}/status")
    assert (kpay.attempts(order.id), kpay.push.calls) == ([], [])


def test_the_phone_field_is_named_explained_and_empty(kpay, path):
    kpay.has_phone("+250788000000")
    text = kpay.client.get(path).text
    assert '<label for="phone">Phone number</label>' in text
    assert re.search(r'<input id="phone" name="phone" type="tel" [^>]*value=""[^>]*aria-describedby="phone-hint"', text)
    assert 'id="phone-hint"' in text
    assert "788000000" not in text


def test_a_gateway_that_is_away_is_said_to_be_and_the_other_one_offered(kpay, path):
    kpay.is_away("kpay")
    page = look(kpay, path)
    assert page.fields["way"] == "stripe"
    assert "Not available just now: By mobile money (MTN or Airtel) By card, on KPay’s page" in page.text
    assert "phone" not in page.fields


def test_with_the_usual_gateway_away_the_phone_is_offered(kpay, path):
    kpay.is_away("stripe")
    page = look(kpay, path)
    assert page.ways == ["kpay.momo", "kpay.cc"]
    assert "Not available just now: By card or another means, on Stripe’s page" in page.text


def test_while_a_phone_is_asked_nothing_is_said_of_what_is_away(kpay, path, pushed):
    kpay.is_away("stripe")
    assert "Not available" not in look(kpay, path).text
    kpay.now += RETRY_AFTER
    kpay.is_away("stripe")
    assert "Not available" in look(kpay, path).text


def test_with_all_of_them_away_it_says_so(kpay, path):
    kpay.is_away("kpay")
    kpay.is_away("stripe")
    page = look(kpay, path)
    assert ("form" in page.tags, "At the moment it can’t be paid here." in page.text) == (False, True)


# ---------------------------------------------------------------------- being asked on the phone


def test_the_button_has_the_phone_asked_and_leads_to_how_it_stands(kpay, order, path):
    answer = send(kpay, path, way="kpay.momo", phone=PHONE)
    link = CONFIG.public_url + path
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{link}/status")
    (payment,) = kpay.attempts(order.id)
    assert kpay.push.pushed == [payment.id]
    assert (payment.options["method"], payment.options["phone"]) == ("momo", "+250788123434")
    assert payment.options["return_url"] == f"{link}/status"


def test_it_says_where_to_approve_without_telling_the_number(kpay, path, pushed):
    for page in (look(kpay, path), look(kpay, f"{path}/status")):
        assert "Please approve the payment on your MTN phone, the number ending in 34." in page.text
        assert "8123434" not in page.text.replace(" ", "")
        assert "You can try again in 120 seconds" in page.text
        assert "form" not in page.tags
    assert look(kpay, f"{path}/status").refresh == f"5; url={CONFIG.public_url}{path}/status?look=1"


def test_it_says_so_in_french(kpay, order):
    speak_french(kpay)
    path = path_of(kpay, order)
    assert "Par mobile money (MTN ou Airtel)" in look(kpay, path).text
    bad = send(kpay, path, way="kpay.momo", phone="x")
    assert "Ce numéro ne peut pas être utilisé." in bad.text
    send(kpay, path, way="kpay.momo", phone=PHONE)
    text = look(kpay, f"{path}/status").text
    assert "Veuillez approuver le paiement sur votre téléphone MTN, numéro se terminant par 34." in text
    assert "Vous pourrez réessayer dans 120 secondes" in text


def test_a_number_of_an_unknown_operator_is_named_by_its_end_alone(kpay, path):
    send(kpay, path, way="kpay.momo", phone="0722 123 478")
    assert "approve the payment on your phone, the number ending in 78." in look(kpay, f"{path}/status").text


def test_when_it_is_approved_the_page_says_that_it_is_paid(kpay, path, pushed):
    kpay.push.approve(pushed.id)
    take(kpay, pushed)
    page = look(kpay, f"{path}/status")
    assert "This order is paid. Thank you." in page.text
    assert page.refresh is None


def test_when_it_is_declined_another_try_is_offered_at_once(kpay, path, pushed):
    kpay.push.decline(pushed.id)
    take(kpay, pushed)
    page = look(kpay, f"{path}/status")
    assert "The payment did not go through" in page.text
    assert page.refresh is None
    assert CONFIG.public_url + path in page.links
    assert send(kpay, path, way="kpay.momo", phone=PHONE).status_code == 303


SAID = [
    ("02", "was not approved", "n’a pas été approuvé"),
    ("607", "enough money on the account", "suffisamment approvisionné"),
    ("611", "was not made in time", "pas été effectué à temps"),
    ("609", "was called off", "a été annulé"),
    ("602", "from us at present", "pour nous actuellement"),
]


@pytest.mark.parametrize(("code", "english", "french"), SAID)
def test_why_it_failed_is_said_in_the_customers_language(kpay, path, pushed, code, english, french):
    kpay.push.decline(pushed.id, explain_status(code, "RAW_WORDS"))
    take(kpay, pushed)
    assert all(english in look(kpay, page).text for page in (path, f"{path}/status"))
    speak_french(kpay)
    assert all(french in look(kpay, page).text for page in (path, f"{path}/status"))
    assert not any(raw in look(kpay, path).text for raw in ("RAW_WORDS", f"KPay {code}"))


@pytest.mark.parametrize("why", [explain_status("682", "RAW_WORDS"), "02: RAW_WORDS"])
def test_a_code_that_says_nothing_to_a_customer_is_not_shown(kpay, path, pushed, why):
    kpay.push.decline(pushed.id, why)
    take(kpay, pushed)
    page = look(kpay, path).text
    assert "did not go through" in page
    assert not any(raw in page for raw in ("RAW_WORDS", "682", "Your bank said"))


def test_why_the_last_one_failed_is_not_told_beside_what_is_wrong_now(kpay, path, pushed):
    kpay.push.decline(pushed.id, explain_status("02"))
    take(kpay, pushed)
    assert "was not approved" in look(kpay, path).text
    assert "was not approved" not in send(kpay, path, way="kpay.momo", phone="x").text


def test_after_a_while_another_number_is_offered_and_asked(kpay, order, path, pushed):
    kpay.now += RETRY_AFTER - timedelta(seconds=1)
    assert "You can try again in 1 second," in look(kpay, f"{path}/status").text
    kpay.now += timedelta(seconds=1)
    page = look(kpay, f"{path}/status")
    assert "Try again, with another number or in another way" in page.text
    assert CONFIG.public_url + path in page.links
    assert kpay.push.pushed == [pushed.id]
    send(kpay, path, way="kpay.momo", phone="0788 999 999")
    assert [payment.status.value for payment in kpay.attempts(order.id)] == ["cancelled", "pending"]
    assert len(kpay.push.pushed) == 2


def test_sent_again_too_soon_nothing_is_begun_and_it_says_how_it_stands(kpay, order, path):
    sent = {**look(kpay, path).fields, "way": "kpay.momo", "phone": PHONE}
    kpay.client.post(path, data=sent, base_url=CONFIG.public_url)
    answer = kpay.client.post(path, data=sent, base_url=CONFIG.public_url)
    assert answer.status_code == 409
    assert "Please approve the payment on your MTN phone" in answer.text
    assert len(kpay.attempts(order.id)) == len(kpay.push.pushed) == 1


def test_a_start_that_nobody_answered_leads_to_how_it_stands(kpay, path):
    kpay.push.lose_answer()
    send(kpay, path, way="kpay.momo", phone=PHONE)
    page = look(kpay, f"{path}/status")
    assert "We have not heard yet whether your payment went through." in page.text
    assert "You can try again in 120 seconds" in page.text


# ---------------------------------------------------------------------- cards, and what is wrong


def test_a_card_is_put_in_on_the_providers_page(kpay, path):
    kpay.has_phone("+250788000000")
    answer = send(kpay, path, way="kpay.cc")
    assert answer.headers["Location"] == "https://kpay.example/checkout/1"
    page = look(kpay, f"{path}/status")
    assert "https://kpay.example/checkout/1" in page.links
    assert "approve" not in page.text


def test_another_card_that_pays_what_was_declined_is_seen_by_whoever_comes_back(kpay, order, path):
    send(kpay, path, way="kpay.cc", phone=PHONE)
    (payment,) = kpay.attempts(order.id)
    kpay.push.decline(payment.id)
    take(kpay, payment)
    page = look(kpay, f"{path}/status")
    assert "The payment did not go through" in page.text
    assert page.refresh is not None
    assert CONFIG.public_url + path in page.links
    (check,) = (job for job in kpay.stored(Job) if job.subject == payment.id)
    assert check.due_at <= kpay.now
    kpay.push.approve(payment.id)
    take(kpay, payment)
    assert "This order is paid. Thank you." in look(kpay, f"{path}/status").text


def test_when_the_time_of_a_declined_page_is_over_nobody_waits_for_another_card(kpay, order, path):
    send(kpay, path, way="kpay.cc", phone=PHONE)
    (payment,) = kpay.attempts(order.id)
    kpay.push.decline(payment.id)
    take(kpay, payment)
    kpay.now = payment.expires_at - timedelta(seconds=1)
    assert look(kpay, f"{path}/status").refresh is not None
    kpay.now = payment.expires_at
    assert look(kpay, f"{path}/status").refresh is None


def test_a_card_asks_for_a_number_where_the_customer_has_told_none(kpay, order, path):
    assert send(kpay, path, way="kpay.cc").status_code == 422
    assert re.search(r'value="kpay.cc" class="by-phone"', kpay.client.get(path).text)
    assert send(kpay, path, way="kpay.cc", phone="+32470123456").status_code == 303
    assert kpay.attempts(order.id)[0].options["phone"] == "+32470123456"


def test_a_card_asks_for_no_number_where_the_customer_has_told_one(kpay, path):
    kpay.has_phone("+250788000000")
    text = kpay.client.get(path).text
    assert re.search(r'value="kpay.momo" class="by-phone"', text)
    assert not re.search(r'value="kpay.cc" class="by-phone"', text)


@pytest.mark.parametrize("phone", ["", "  ", "not a number", "x" * 500])
def test_a_phone_that_can_not_be_asked_is_said_at_its_field_and_kept_to_be_mended(kpay, order, path, phone):
    kpay.has_phone("+250788000000")
    answer = send(kpay, path, way="kpay.momo", phone=phone)
    assert answer.status_code == 422
    assert re.search(r'<p id="phone-trouble" class="trouble">This number can’t be used', answer.text)
    assert 'aria-describedby="phone-hint phone-trouble" aria-invalid="true"' in answer.text
    assert f'value="{phone[:40]}"' in answer.text
    assert re.search(r'value="kpay.momo"[^>]* checked', answer.text)
    assert "Please check the phone number. No payment was begun." in answer.text
    assert (kpay.attempts(order.id), kpay.push.calls) == ([], [])


def test_what_was_sent_can_not_break_the_page(kpay, path):
    answer = send(kpay, path, way="kpay.momo", phone='"><script>alert(1)</script>')
    assert answer.status_code == 422
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in answer.text
    assert "<script>" not in answer.text


def test_what_another_site_sends_is_not_shown(kpay, path):
    answer = kpay.client.post(path, data={"way": "kpay.momo", "phone": "send it to me"}, base_url=CONFIG.public_url)
    assert (answer.status_code, "send it to me" in answer.text) == (403, False)


def test_a_way_that_does_not_take_the_sum_is_not_taken(kpay, order, path):
    answer = send(kpay, path, way="kpay.spenn", phone=PHONE)
    assert (answer.status_code, kpay.attempts(order.id)) == (422, [])


def test_an_account_that_is_refused_is_said_in_words_and_the_other_way_open(kpay, order, path):
    kpay.push.fail_with(AccountRefused("600: bad username or password"))
    answer = send(kpay, path, way="kpay.momo", phone=PHONE)
    assert answer.status_code == 503
    assert "can’t be reached just now" in answer.text
    assert "600" not in answer.text
    page = look(kpay, path)
    assert page.fields["way"] == "stripe"
    assert "Not available just now: By mobile money" in page.text
    assert send(kpay, path, way="stripe").headers["Location"].startswith("https://memory.example/")


# ---------------------------------------------------------------------- the browser's return


@pytest.mark.parametrize("query", ["statusid=01", "statusid=02&refid=pay_1&tid=A1", "retcode=0&look=1"])
def test_the_return_is_not_believed_and_has_the_provider_asked(kpay, path, pushed, query):
    before = [job.due_at for job in kpay.stored(Job) if job.subject == pushed.id]
    page = look(kpay, f"{path}/status?{query}")
    assert "Please approve the payment on your MTN phone" in page.text
    (payment,) = kpay.attempts(pushed.order_id)
    assert (payment.status, payment.received) == (pushed.status, None)
    after = [job.due_at for job in kpay.stored(Job) if job.subject == pushed.id]
    assert after[0] <= kpay.now < before[0]


def test_the_page_loads_nothing_and_runs_nothing(kpay, path, pushed):
    for where in (path, f"{path}/status"):
        text = kpay.client.get(where).text
        assert "Please approve the payment" in text
        assert not re.search(r"<script|javascript:|\son\w+=|<img|<link", text)
