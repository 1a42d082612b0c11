"""The endpoint of the sandbox's KPay, asked as merchants ask it: what it takes, what it refuses and how it says so."""

from typing import Any

import requests

from tests.integration.sandbox.harness import Sandbox
from tests.integration.sandbox.kpay_merchant import MSISDN, Merchant


def test_a_push_is_pending_until_it_is_approved(merchant: Merchant) -> None:
    answer = merchant.pay()
    assert (answer["reply"], answer["url"], answer["success"], answer["retcode"]) == ("PENDING", " ", 1, 0)
    assert answer["refid"] == "att_1"
    assert answer["authkey"]
    assert answer["tid"][0].isalpha()
    assert answer["tid"][1:].isdigit()
    assert answer.keys() == {"reply", "url", "success", "authkey", "tid", "refid", "retcode"}

    pending = {"tid": answer["tid"], "refid": "att_1", "momtransactionid": "", "payaccount": MSISDN}
    assert merchant.check() == pending | {"statusid": "03", "statusdesc": "PENDING"}

    assert merchant.act("approve").ok
    paid = merchant.check(tid=answer["tid"])
    assert (paid["statusid"], paid["statusdesc"], paid["payaccount"]) == ("01", "SUCCESSFUL", MSISDN)
    assert paid["momtransactionid"].isdigit()
    assert merchant.check(tid=answer["tid"], refid="att_1") == paid
    payment = merchant.payment()
    assert (payment["status"], payment["pay_calls"], payment["pushes"], payment["checks"]) == ("success", 1, 1, 3)
    assert (payment["method"], payment["amount"], payment["currency"]) == ("momo", 15_000, "RWF")


def test_a_declined_push_fails_with_a_code(merchant: Merchant) -> None:
    def declined(refid: str, body: Any) -> Any:
        tid = merchant.pay(refid=refid)["tid"]
        assert merchant.act("decline", body, tid).json()["status"] == "failed"
        failed = merchant.check(refid=refid)
        assert failed["momtransactionid"] == ""
        return failed["statusid"], failed["statusdesc"]

    assert declined("att_1", None) == ("02", "FAILED")
    internal = "An internal error caused the operation to fail"
    assert declined("att_2", {"statusid": "682"}) == ("682", internal)
    assert declined("att_3", {"statusid": 529}) == ("529", "The operator says 529")


def test_a_failed_payment_may_succeed_late_and_a_paid_one_is_paid(merchant: Merchant) -> None:
    merchant.pay()
    assert merchant.act("decline").ok
    assert merchant.act("decline").status_code == 409
    assert merchant.statusid() == "02"
    assert merchant.act("approve").ok
    assert merchant.statusid() == "01"
    assert merchant.act("approve").status_code == 409
    assert merchant.act("decline").status_code == 409
    assert merchant.statusid() == "01"


def test_a_decline_with_the_code_of_something_else_is_refused(merchant: Merchant) -> None:
    merchant.pay()
    for code in ("01", "1", "03", "0", "611", "", "6 2", "12345", "two", None):
        assert merchant.act("decline", {"statusid": code}).status_code == 400, code
    assert merchant.statusid() == "03"


def test_control_calls_name_what_there_is(merchant: Merchant) -> None:
    merchant.pay()
    assert merchant.act("approve", name="att_2").status_code == 404
    assert merchant.act("refund").status_code == 404
    assert merchant.sandbox.control("PUT", "/kpay/switches", {"retcodes": "old"}).status_code == 400
    assert merchant.sandbox.control("PUT", "/kpay/switches", {"needs_key": 1}).status_code == 400
    assert merchant.sandbox.control("PUT", "/kpay/switches", {"postback": "form"}).status_code == 400
    untouched = {"retcodes": "esicia", "postbacks": "json", "needs_key": True, "knows_address": True}
    assert merchant.sandbox.control("GET", "/kpay/switches").json() == untouched


def test_what_nobody_asked_for_is_not_found(merchant: Merchant) -> None:
    blank = {"tid": "", "refid": "", "momtransactionid": "", "payaccount": ""}
    for named in ({"refid": "att_1"}, {"tid": "A1"}, {"tid": "", "refid": "att_1"}):
        assert merchant.check(**named) == blank | {"statusid": "611", "statusdesc": "Transaction not found"}, named


def test_a_number_and_a_reference_of_two_payments_are_not_found(merchant: Merchant) -> None:
    tid = merchant.pay()["tid"]
    merchant.pay(refid="att_2")
    assert merchant.check(tid=tid, refid="att_2")["statusid"] == "611"


def test_a_reference_is_taken_once_and_for_ever(merchant: Merchant) -> None:
    first = merchant.pay()
    merchant.act("decline")
    again = merchant.pay()
    assert (again["reply"], again["success"], again["retcode"]) == ("DUPLICATE_REFID", 0, 608)
    assert (again["tid"], again["url"], again["refid"]) == ("E", " ", "att_1")
    payment = merchant.payment()
    assert (payment["tid"], payment["pay_calls"], payment["pushes"]) == (first["tid"], 2, 1)


def test_each_method_has_its_limits(merchant: Merchant) -> None:
    limits = {"momo": (100, 5_000_000), "cc": (1_000, 10_000_000), "spenn": (100, 1_000_000)}
    for table, retcode in (("esicia", 606), ("package", 605)):
        merchant.switch(retcodes=table)
        for method, (least, most) in limits.items():
            for amount in (least - 1, most + 1, 0, -least):
                answer = merchant.pay(pmethod=method, amount=amount)
                assert (answer["success"], answer["retcode"]) == (0, retcode), (method, amount)
    assert merchant.payments() == []
    for method, amounts in limits.items():
        for amount in amounts:
            assert merchant.pay(pmethod=method, amount=amount, refid=f"{method}_{amount}")["retcode"] == 0


_NEEDED = (
    "action", "msisdn", "email", "details", "refid", "amount", "cname", "cnumber", "pmethod", "retailerid", "returl",
    "redirecturl",
)  # fmt: skip
_WRONG: list[tuple[Any, int]] = [
    *(({name: None}, 603) for name in _NEEDED),
    ({"redirecturl": "javascript:alert(1)"}, 603),
    ({"returl": "http://[oops"}, 603),
    ({"email": " "}, 603),
    ({"refid": 7}, 603),
    ({"msisdn": "+250788123456"}, 603),
    ({"amount": "15000"}, 603),
    ({"amount": 15000.5}, 603),
    ({"amount": True}, 603),
    ({"currency": "USD"}, 603),
    ({"action": "refund"}, 603),
    ({"retailerid": "00"}, 604),
    ({"pmethod": "bitcoin"}, 609),
    ({"bankid": "99999"}, 610),
]


def test_what_is_missing_or_wrong_is_refused_with_http_200(merchant: Merchant) -> None:
    for change, retcode in _WRONG:
        answer = merchant.pay(**change)
        assert (answer["success"], answer["retcode"], answer["tid"]) == (0, retcode, "E"), change
    merchant.switch(retcodes="package")
    for change, _ in _WRONG:
        assert merchant.pay(**change)["retcode"] == 600, change
    assert merchant.payments() == []
    assert merchant.pay(bankid="63510", logourl="http://shop.test/logo.png")["retcode"] == 0


def test_a_body_that_asks_nothing_is_refused(merchant: Merchant) -> None:
    for body in ([], "pay", None, {"action": "checkstatus"}, {"action": "checkstatus", "refid": 1}):
        answer = merchant.post(body)
        assert (answer.status_code, answer.json()["retcode"]) == (200, 603), body


def test_only_post_and_only_so_much_is_taken(merchant: Merchant) -> None:
    assert requests.get(merchant.sandbox.settings["BILLING_KPAY_URL"], timeout=10).status_code == 405
    assert merchant.post(merchant.asks(details="x" * 100_000)).status_code == 413
    assert merchant.pay(details="x" * 3_000)["retcode"] == 603


def test_who_asks_must_say_who_they_are(merchant: Merchant) -> None:
    username = merchant.sandbox.settings["BILLING_KPAY_USERNAME"]
    wrong_key = {"Kpay-Key": "wrong"}

    def refusals(**options: Any) -> list[int]:
        found = []
        for table in ("esicia", "package"):
            merchant.switch(retcodes=table)
            answer = merchant.post(merchant.asks(), **options)
            assert answer.status_code == 200
            assert answer.json()["success"] == 0
            found.append(answer.json()["retcode"])
        return found

    assert refusals(auth=None) == [401, 602]
    assert refusals(auth=(username, "wrong")) == [600, 602]
    assert refusals(auth=("somebody", "else")) == [600, 602]
    assert refusals(headers=wrong_key) == [601, 601]
    assert refusals(headers={}) == [601, 601]
    merchant.switch(knows_address=False)
    assert refusals() == [602, 603]
    assert merchant.post({"action": "checkstatus", "refid": "att_1"}).json()["retcode"] == 603
    assert merchant.payments() == []

    merchant.switch(knows_address=True, needs_key=False)
    assert merchant.post(merchant.asks(), headers={}).json()["retcode"] == 0


def test_a_card_payment_has_a_page_and_a_wallets_has_none(merchant: Merchant) -> None:
    card = merchant.pay(pmethod="cc")
    assert card["url"].startswith(merchant.sandbox.settings["BILLING_KPAY_URL"] + "checkout/")
    assert merchant.check()["payaccount"] == ""
    wallet = merchant.pay(pmethod="spenn", refid="att_2")
    assert (wallet["reply"], wallet["url"]) == ("PENDING", " ")
    assert [payment["pushes"] for payment in merchant.payments()] == [0, 1]
    assert [payment["url"] for payment in merchant.payments()] == [card["url"], None]


def test_no_payment_is_forgotten_when_the_process_is_killed(sandbox: Sandbox, merchant: Merchant) -> None:
    merchant.switch(retcodes="package")
    merchant.shop.next_answers = [(500, "")] * 100
    merchant.pay()
    assert merchant.act("approve").ok
    before = sandbox.settings
    sandbox.kill()
    merchant.shop.next_answers = []
    sandbox.start()
    assert sandbox.settings == before
    assert merchant.statusid() == "01"
    assert merchant.pay()["retcode"] == 604
