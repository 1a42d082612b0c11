"""The postbacks of the sandbox's KPay: their forms, how long they are sent, and how they go wrong on order."""

import json
import time
from typing import Any

from tests.integration.sandbox.harness import Sandbox, eventually
from tests.integration.sandbox.kpay_merchant import MSISDN, Merchant, Shop

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def settled(merchant: Merchant, states: list[str], refid: str = "att_1") -> Any:
    """The postbacks of a payment, once they are in these states."""

    def look() -> Any:
        (sent,) = (payment["postbacks"] for payment in merchant.payments() if payment["refid"] == refid)
        return sent if [postback["state"] for postback in sent] == states else None

    return eventually(look)


def test_a_postback_comes_in_every_form_seen(merchant: Merchant, shop: Shop) -> None:
    forms = {
        "json": (JSON, '{"tid"'),
        "json_as_form": (FORM, '{"tid"'),
        "form": (FORM, "tid="),
        "form_key": (FORM, "%7B%22tid"),
    }
    for form, (content_type, start) in forms.items():
        merchant.switch(postbacks=form)
        tid = merchant.pay(refid=form)["tid"]
        merchant.act("approve", name=form)
        (sent,) = settled(merchant, ["delivered"], form)
        postback = shop.received.pop()
        assert shop.received == []
        assert postback.content_type == content_type
        assert postback.body.startswith(start)
        assert postback.told == merchant.check(refid=form)
        assert postback.told.keys() == {"tid", "refid", "momtransactionid", "payaccount", "statusid", "statusdesc"}

        assert (sent["statusid"], sent["form"], sent["attempts"]) == ("01", form, 1)
        (answer,) = sent["answers"]
        assert answer["status"] == 200
        assert json.loads(answer["body"]) == {"tid": tid, "refid": form, "reply": "OK"}


def test_a_failure_is_told_with_its_code_and_a_late_success_too(merchant: Merchant, shop: Shop) -> None:
    tid = merchant.pay()["tid"]
    merchant.act("decline", {"statusid": "682"})
    eventually(lambda: shop.statuses() == ["682"])
    told = shop.received[0].told
    assert (told["tid"], told["momtransactionid"], told["payaccount"]) == (tid, "", MSISDN)
    merchant.act("approve")
    eventually(lambda: shop.statuses() == ["682", "01"])
    assert shop.received[1].told["momtransactionid"]


def test_a_postback_is_sent_until_it_is_answered_well(merchant: Merchant, shop: Shop) -> None:
    tid = merchant.pay()["tid"]
    almost = {"tid": tid, "refid": "att_1", "reply": "ok"}
    other = {"tid": tid, "refid": "att_2", "reply": "OK"}
    shop.next_answers = [(404, {}), (200, almost), (200, [other]), (200, other)]
    merchant.act("approve")
    (sent,) = settled(merchant, ["delivered"])
    assert [answer["status"] for answer in sent["answers"]] == [404, 200, 200, 200, 200]
    assert shop.statuses() == ["01"] * 5


def test_a_postback_that_nobody_takes_is_given_up(merchant: Merchant, shop: Shop) -> None:
    merchant.pay()
    shop.next_answers = [(500, {})] * 10
    merchant.act("approve")
    (sent,) = settled(merchant, ["lost"])
    assert (sent["attempts"], len(shop.received)) == (5, 5)


def test_nobody_at_the_address_is_an_answer_too(merchant: Merchant) -> None:
    merchant.pay(returl="http://127.0.0.1:9/webhooks")
    merchant.act("approve")
    (sent,) = settled(merchant, ["lost"])
    assert [(answer["status"], answer["body"]) for answer in sent["answers"]] == [(None, "ConnectionError")] * 5


def test_a_postback_goes_wrong_on_order(merchant: Merchant, shop: Shop) -> None:
    cases: list[tuple[str, int | None, list[str]]] = [
        ("lose", None, []),
        ("duplicate", None, ["02", "02"]),
        ("lose_answer", None, ["02", "02"]),
        ("delay", None, ["02"]),
        ("forge", None, ["01"]),
        ("pad", None, [" 02 "]),
        ("misreport", 0, ["0"]),
        ("misreport", 777, ["777"]),
    ]
    for kind, code, told in cases:
        refid = f"{kind}_{code}"
        shop.received.clear()
        merchant.pay(refid=refid)
        merchant.sandbox.fault("kpay.postbacks.deliver", kind, code=code, seconds=0.3)
        begun = time.monotonic()
        merchant.act("decline", name=refid)
        settled(merchant, ["delivered"] * len(told) or ["lost"], refid)
        assert shop.statuses() == told, kind
        assert kind != "delay" or time.monotonic() - begun >= 0.3
        assert merchant.check(refid=refid)["statusid"] == "02"


def test_a_fault_may_be_for_one_status_only(merchant: Merchant, shop: Shop) -> None:
    merchant.pay()
    merchant.sandbox.fault("kpay.postbacks.deliver.01", "lose")
    merchant.act("decline")
    eventually(lambda: shop.statuses() == ["02"])
    merchant.act("approve")
    settled(merchant, ["delivered", "lost"])
    assert (shop.statuses(), merchant.statusid()) == (["02"], "01")


def test_a_postback_may_be_sent_by_hand_true_or_not(merchant: Merchant, shop: Shop) -> None:
    merchant.pay()
    assert merchant.act("postback").ok
    eventually(lambda: shop.statuses() == ["03"])
    assert merchant.act("postback", {"statusid": "01"}).ok
    eventually(lambda: shop.statuses() == ["03", "01"])
    forged = shop.received[1].told
    assert (forged["refid"], forged["statusdesc"]) == ("att_1", "SUCCESSFUL")
    assert forged["momtransactionid"]
    assert merchant.act("postback", {"statusid": 1}).status_code == 400
    assert merchant.statusid() == "03"
    assert merchant.payment()["status"] == "pending"


def test_a_postback_survives_a_kill(sandbox: Sandbox, merchant: Merchant, shop: Shop) -> None:
    merchant.pay()
    sandbox.fault("kpay.postbacks.deliver", "delay", seconds=4)
    merchant.act("approve")
    sandbox.kill()
    assert shop.received == []
    sandbox.start()
    eventually(lambda: shop.statuses() == ["01"])
