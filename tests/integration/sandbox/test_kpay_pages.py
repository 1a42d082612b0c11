"""The pages on which people play KPay's customers: a phone that is asked to pay, and a form for a card."""

from typing import Any

import pytest
import requests

from tests.integration.sandbox.harness import eventually
from tests.integration.sandbox.kpay_merchant import MSISDN, Merchant, Shop

EVIL = "<script>alert(1)</script>"
BACK = "http://shop.test/thanks?order=1&again"


def press(url: str, **fields: str) -> requests.Response:
    return requests.post(url, data=fields, timeout=10, allow_redirects=False)


def runs_nothing(page: requests.Response) -> bool:
    policy = page.headers["Content-Security-Policy"]
    return "<script" not in page.text and "default-src 'none'" in policy and "script-src" not in policy


@pytest.mark.parametrize(("act", "statusid", "shown"), [("approve", "01", "Paid."), ("decline", "02", "Failed (02).")])
def test_a_push_is_answered_on_its_phone(merchant: Merchant, shop: Shop, act: str, statusid: str, shown: str) -> None:
    tid = merchant.pay(details=EVIL)["tid"]
    control = merchant.sandbox.settings["SANDBOX_CONTROL_URL"]
    assert f'href="/phone/{MSISDN}"' in merchant.sandbox.control("GET", "/phone/").text
    phone = merchant.sandbox.control("GET", f"/phone/{MSISDN}")
    assert runs_nothing(phone)
    assert "&lt;script&gt;" in phone.text
    assert "15,000 RWF" in phone.text

    assert press(f"{control}/phone/{MSISDN}", tid=tid, act="burn").status_code == 400
    assert press(f"{control}/phone/250780000000", tid=tid, act=act).status_code == 404
    assert press(f"{control}/phone/{MSISDN}", tid="A1", act=act).status_code == 404
    pressed = press(f"{control}/phone/{MSISDN}", tid=tid, act=act)
    assert (pressed.status_code, pressed.headers["Location"]) == (303, f"/phone/{MSISDN}")
    eventually(lambda: shop.statuses() == [statusid])
    again = press(f"{control}/phone/{MSISDN}", tid=tid, act="decline")
    assert (again.status_code, shown in again.text) == (409, True)
    assert shown in merchant.sandbox.control("GET", f"/phone/{MSISDN}").text


def test_a_phone_shows_only_what_reached_it(merchant: Merchant) -> None:
    merchant.pay(pmethod="cc")
    merchant.sandbox.fault("kpay.push", "lose")
    lost = merchant.pay(refid="att_2")["tid"]
    url = f"{merchant.sandbox.settings['SANDBOX_CONTROL_URL']}/phone/{MSISDN}"
    assert "Nothing is asked" in requests.get(url, timeout=10).text
    assert press(url, tid=lost, act="approve").status_code == 404


def test_a_test_card_pays_and_leads_back_to_the_shop(merchant: Merchant, shop: Shop) -> None:
    cards = {
        "4111 1111 1111 1111": "411111******1111",
        "5555-4444-3333-1111": "555544******1111",
        "378282246310005": "378282*****0005",
    }
    for number, masked in cards.items():
        shop.received.clear()
        url = merchant.pay(pmethod="cc", details=EVIL, cname=EVIL, refid=masked)["url"]
        page = requests.get(url, timeout=10)
        assert runs_nothing(page)
        assert "15,000 RWF" in page.text
        assert 'href="http://shop.test/thanks?order=1&amp;again"' in page.text

        pressed = press(url, act="pay", card=number)
        assert (pressed.status_code, pressed.headers["Location"]) == (303, BACK)
        eventually(lambda: shop.statuses() == ["01"])
        paid = merchant.check(refid=masked)
        assert (paid["statusid"], paid["payaccount"]) == ("01", masked)
        assert "This has been paid." in requests.get(url, timeout=10).text
        assert press(url, act="pay", card=number).status_code == 409
    state = merchant.sandbox.control("GET", "/state").text
    assert not any(digits in state for digits in ("4111111111111111", "5555444433331111", "378282246310005"))


def test_a_card_that_is_no_test_card_charges_nothing_and_a_declined_one_may_be_followed_by_another(
    merchant: Merchant, shop: Shop
) -> None:
    url: Any = merchant.pay(pmethod="cc")["url"]
    for number in ("4242424242424242", "", EVIL):
        refused = press(url, act="pay", card=number)
        assert refused.status_code == 402
        assert "Nothing was charged" in refused.text
    assert press(url, act="steal").status_code == 400
    assert merchant.statusid() == "03"

    pressed = press(url, act="decline")
    assert (pressed.status_code, pressed.headers["Location"]) == (303, BACK)
    assert merchant.statusid() == "02"
    assert "Another card may still pay" in requests.get(url, timeout=10).text
    assert press(url, act="decline").status_code == 409
    assert press(url, act="pay", card="4111111111111111").status_code == 303
    eventually(lambda: shop.statuses() == ["02", "01"])


def test_a_page_that_nobody_was_sent_to_is_not_there(merchant: Merchant) -> None:
    base = merchant.sandbox.settings["BILLING_KPAY_URL"]
    assert requests.get(f"{base}checkout/none", timeout=10).status_code == 404
    assert press(f"{base}checkout/none", act="decline").status_code == 404


def test_the_control_page_shows_payments_and_has_buttons(merchant: Merchant) -> None:
    card = merchant.pay(pmethod="cc", refid="<i>att</i>")
    push = merchant.pay()
    page = merchant.sandbox.control("GET", "/").text
    assert "&lt;i&gt;att" in page
    assert card["url"] in page
    for act in ("approve", "decline", "postback"):
        assert f'action="/kpay/payments/{push["tid"]}/{act}"' in page
    control = merchant.sandbox.settings["SANDBOX_CONTROL_URL"]
    person = {"Accept": "text/html"}
    pressed = requests.post(f"{control}/kpay/payments/{push['tid']}/decline", headers=person, timeout=10)
    assert pressed.url == f"{control}/"
    assert merchant.statusid() == "02"
