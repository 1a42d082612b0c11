"""How the sandbox's KPay goes wrong on order: answers lost, late, untrue, early, in shapes that nobody expects."""

import threading
import time
from typing import Any

import pytest
import requests

from tests.integration.sandbox.harness import eventually
from tests.integration.sandbox.kpay_merchant import MSISDN, Merchant, Shop


def test_a_lost_answer_leaves_a_push_that_the_reference_finds(merchant: Merchant) -> None:
    merchant.sandbox.fault("kpay.pay", "lose_answer")
    with pytest.raises(requests.ConnectionError):
        merchant.pay()
    assert merchant.statusid() == "03"
    assert merchant.pay()["retcode"] == 608
    assert merchant.payment()["pushes"] == 1


@pytest.mark.parametrize("point", ["kpay.pay", "kpay.checkstatus"])
def test_a_call_may_be_cut_hang_or_be_refused_before_it_does_anything(merchant: Merchant, point: str) -> None:
    body = merchant.asks() if point == "kpay.pay" else {"action": "checkstatus", "refid": "att_1"}
    merchant.sandbox.fault(point, "close")
    with pytest.raises(requests.ConnectionError):
        merchant.post(body)
    merchant.sandbox.fault(point, "hang")
    with pytest.raises(requests.ReadTimeout):
        merchant.post(body, timeout=0.5)
    merchant.sandbox.fault(point, "refuse", code=500)
    assert merchant.post(body).status_code == 500
    merchant.sandbox.fault(point, "refuse", code=607)
    refused = merchant.post(body)
    assert (refused.status_code, refused.json()["success"], refused.json()["retcode"]) == (200, 0, 607)
    assert merchant.payments() == []


def test_a_slow_call_takes_its_time(merchant: Merchant) -> None:
    merchant.sandbox.fault("kpay.pay.momo", "slow", seconds=0.4)
    begun = time.monotonic()
    assert merchant.pay()["retcode"] == 0
    assert time.monotonic() - begun >= 0.4


def test_a_fault_may_be_for_one_method_only(merchant: Merchant) -> None:
    merchant.sandbox.fault("kpay.pay.cc", "refuse", code=606)
    assert merchant.pay(refid="att_1")["retcode"] == 0
    assert merchant.pay(refid="att_2", pmethod="cc")["retcode"] == 606


def test_a_payment_may_succeed_at_once(merchant: Merchant, shop: Shop) -> None:
    merchant.sandbox.fault("kpay.pay", "instant")
    answer = merchant.pay()
    assert (answer["statusid"], answer["statusdesc"], answer["retcode"]) == ("01", "SUCCESSFUL", 0)
    assert answer.keys() == {"tid", "refid", "momtransactionid", "statusdesc", "statusid", "retcode"}
    assert answer["momtransactionid"] == merchant.check()["momtransactionid"]
    eventually(lambda: shop.statuses() == ["01"])


def test_the_postback_may_come_before_the_answer(merchant: Merchant, shop: Shop) -> None:
    answered, before = threading.Event(), []
    shop.meanwhile = lambda: before.append(not answered.wait(0.5))
    merchant.sandbox.fault("kpay.pay", "notify_first")
    answer = merchant.pay()
    answered.set()
    assert before == [True]
    assert shop.statuses() == ["01"]
    assert (answer["reply"], answer["tid"]) == ("PENDING", shop.received[0].told["tid"])
    assert merchant.statusid() == "01"


def test_an_answer_waits_only_so_long_for_a_postback_that_never_comes(merchant: Merchant, shop: Shop) -> None:
    first = {"point": "kpay.pay", "kind": "notify_first", "seconds": 0.3}
    never = {"point": "kpay.postbacks.deliver", "kind": "lose"}
    assert merchant.sandbox.control("PUT", "/faults", {"faults": [first, never]}).ok
    assert merchant.pay()["reply"] == "PENDING"
    assert (shop.received, merchant.statusid()) == ([], "01")


def test_a_success_may_be_forged_while_the_payment_is_pending(merchant: Merchant, shop: Shop) -> None:
    merchant.sandbox.fault("kpay.pay", "forge")
    assert merchant.pay()["reply"] == "PENDING"
    eventually(lambda: shop.statuses() == ["01"])
    assert merchant.statusid() == "03"


def test_a_payment_may_be_taken_and_called_refused(merchant: Merchant) -> None:
    for code in (0, 604, 608, 999):
        refid = f"att_{code}"
        merchant.sandbox.fault("kpay.pay", "misreport", code=code)
        answer = merchant.pay(refid=refid)
        assert (answer["success"], answer["retcode"], answer["tid"], answer["refid"]) == (0, code, "E", refid)
        assert merchant.check(refid=refid)["statusid"] == "03"


def test_a_status_may_be_misreported(merchant: Merchant) -> None:
    tid = merchant.pay()["tid"]
    for code, told in ((0, "0"), (2, "02"), (3, "03"), (682, "682"), (999, "999")):
        merchant.sandbox.fault("kpay.checkstatus", "misreport", code=code)
        answer = merchant.check()
        assert (answer["tid"], answer["statusid"], answer["momtransactionid"]) == (tid, told, "")
    merchant.sandbox.fault("kpay.checkstatus", "misreport", code=611)
    lost = merchant.check()
    assert (lost["tid"], lost["refid"], lost["statusid"]) == ("", "", "611")
    assert merchant.statusid() == "03"


def test_values_may_be_padded_or_texts(merchant: Merchant) -> None:
    merchant.sandbox.fault("kpay.pay", "pad")
    padded = merchant.pay(pmethod="cc")
    assert (padded["reply"], padded["refid"], padded["success"]) == (" PENDING ", " att_1 ", 1)
    assert padded["url"].strip() == merchant.payment()["url"] == padded["url"][1:-1]
    merchant.act("decline")
    merchant.sandbox.fault("kpay.checkstatus", "pad")
    assert merchant.statusid() == " 02 "
    merchant.sandbox.fault("kpay.pay", "stringify")
    texts = merchant.pay(refid="att_2")
    assert (texts["success"], texts["retcode"], texts["reply"]) == ("1", "0", "PENDING")


def test_an_answer_may_be_a_web_page(merchant: Merchant) -> None:
    merchant.sandbox.fault("kpay.pay", "html")
    page = merchant.post(merchant.asks())
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.text.startswith("<!doctype html>")
    assert merchant.statusid() == "03"
    merchant.sandbox.fault("kpay.checkstatus", "html", code=502)
    assert merchant.post({"action": "checkstatus", "refid": "att_1"}).status_code == 502


def test_an_operator_may_fail_a_push_or_never_send_it(merchant: Merchant, shop: Shop) -> None:
    merchant.sandbox.fault(f"kpay.push.{MSISDN}", "refuse", code=682)
    assert merchant.pay(refid="att_1")["reply"] == "PENDING"
    eventually(lambda: shop.statuses() == ["682"])
    assert merchant.check(refid="att_1")["statusid"] == "682"
    merchant.sandbox.fault("kpay.push", "refuse")
    merchant.pay(refid="att_2")
    assert merchant.check(refid="att_2")["statusid"] == "02"
    merchant.sandbox.fault("kpay.push", "lose")
    assert merchant.pay(refid="att_3")["reply"] == "PENDING"
    assert [payment["pushes"] for payment in merchant.payments()] == [1, 1, 0]
    assert merchant.check(refid="att_3")["statusid"] == "03"


def test_two_who_use_one_reference_at_once_make_one_payment(merchant: Merchant) -> None:
    answers: list[Any] = []
    callers = [threading.Thread(target=lambda: answers.append(merchant.pay()), daemon=True) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=20)
    assert sorted(answer["retcode"] for answer in answers) == [0] + [608] * 7
    assert (merchant.payment()["pay_calls"], merchant.payment()["pushes"]) == (8, 1)
