"""Paying by KPay over HTTP: on a phone or on a page, one attempt at a time, and by another gateway where it can't."""

import re
from datetime import timedelta

import pytest

from billing.application.outcomes import AccountRefused, RetryLater
from billing.application.parts import lock_attempt
from billing.application.ports import HINT_TOKEN
from billing.application.shop.access import Role
from billing.domain.job import Job, JobKind
from tests.unit.http.push_shop import RETRY_AFTER, PushShop, a_push
from tests.unit.http.shop import a_hosting, a_name, a_start


def ask(shop: PushShop, order: dict, **details):
    return shop.post(f"/v1/orders/{order['id']}/payments", a_push(**details))


def fields(answer) -> set[str]:
    return {one["field"] for one in answer.json["errors"]}


def test_the_customer_is_asked_on_the_phone_and_the_storefront_learns_where(kpay):
    order = kpay.order_in_rwf()
    answer = ask(kpay, order)
    payment = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/payments/{payment['id']}"
    assert (payment["status"], payment["next"], payment["redirect_url"]) == ("pending", "approve_on_phone", None)
    assert (payment["gateway"], payment["method"], payment["operator"]) == ("kpay", "momo", "MTN")
    assert payment["amount"] == {"amount": 1500, "currency": "RWF"}
    assert kpay.push.pushed == [payment["id"]]
    assert kpay.get(answer.headers["Location"]).json == payment
    (stored,) = kpay.attempts(order["id"])
    assert stored.options["phone"] == "+250788123434"
    assert stored.options["return_url"] == "https://shop.example/back"


def test_an_unknown_operator_is_shown_as_none(kpay):
    assert ask(kpay, kpay.order_in_rwf(), phone="0722 123 434").json["operator"] is None


def test_what_is_secret_of_an_attempt_is_not_shown(kpay):
    order = kpay.order_in_rwf()
    answer = ask(kpay, order)
    (stored,) = kpay.attempts(order["id"])
    for secret in (stored.options[HINT_TOKEN], stored.options["phone"], "0788 123 434"):
        assert secret not in answer.text


def test_a_card_is_put_in_on_the_providers_page(kpay):
    kpay.has_phone("+250788000000")
    order = kpay.order_in_rwf()
    payment = ask(kpay, order, method="cc", phone=...).json
    assert (payment["next"], payment["redirect_url"]) == ("redirect", "https://kpay.example/checkout/1")
    assert kpay.attempts(order["id"])[0].options["phone"] == "+250788000000"


def test_a_card_whose_page_was_lost_with_its_answer_is_not_to_be_approved_on_a_phone(kpay):
    payment = ask(kpay, kpay.order_in_rwf(), method="cc").json
    kpay.ledger.write("test", lambda uow: setattr(lock_attempt(uow, payment["id"])[1], "redirect_url", None))
    shown = kpay.get(f"/v1/payments/{payment['id']}").json
    assert (shown["method"], shown["next"], shown["redirect_url"]) == ("cc", "wait", None)


def test_a_card_may_come_with_another_phone_and_needs_some_phone(kpay):
    order = kpay.order_in_rwf()
    without = ask(kpay, order, method="cc", phone=...)
    assert (without.status_code, fields(without)) == (422, {"phone"})
    kpay.has_phone("+250788000000")
    ask(kpay, order, method="cc", phone="+32470123456")
    assert kpay.attempts(order["id"])[0].options["phone"] == "+32470123456"


@pytest.mark.parametrize("method", ["momo", "spenn"])
def test_a_push_goes_to_no_phone_that_was_not_named(kpay, method):
    kpay.has_phone("+250788000000")
    answer = ask(kpay, kpay.order_in_rwf(a_hosting()), method=method, phone=...)
    assert (answer.status_code, fields(answer)) == (422, {"phone"})
    assert kpay.push.calls == []


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"method": ...}, "method"),
        ({"method": "bank"}, "method"),
        ({"method": ["momo"]}, "method"),
        ({"phone": ""}, "phone"),
        ({"phone": None}, "phone"),
        ({"phone": 788123434}, "phone"),
        ({"phone": "not a number"}, "phone"),
        ({"phone": "0" * 41}, "phone"),
        ({"return_url": ...}, "return_url"),
        ({"return_url": "javascript:alert(1)"}, "return_url"),
        ({"success_url": "https://shop.example"}, "success_url"),
        ({"operator": "MTN"}, "operator"),
        ({HINT_TOKEN: "guessed"}, HINT_TOKEN),
    ],
)
def test_a_bad_request_is_named_and_nobody_is_asked(kpay, details, field):
    order = kpay.order_in_rwf()
    answer = ask(kpay, order, **details)
    assert (answer.status_code, fields(answer)) == (422, {field})
    assert "gateways" not in answer.json
    assert (kpay.attempts(order["id"]), kpay.push.calls) == ([], [])


def test_another_currency_is_refused_with_the_gateways_that_take_it(kpay):
    order = kpay.place().json
    answer = ask(kpay, order)
    assert (answer.status_code, fields(answer), answer.json["gateways"]) == (422, {"gateway"}, ["stripe"])
    assert kpay.attempts(order["id"]) == []


def test_a_sum_beyond_a_methods_limits_is_refused_before_anybody_is_asked(kpay):
    answer = ask(kpay, kpay.order_in_rwf(), method="spenn")
    assert (answer.status_code, fields(answer), answer.json["gateways"]) == (422, {"method"}, ["stripe"])
    assert kpay.push.calls == []


@pytest.mark.parametrize("lose", ["answer", "call"])
def test_where_the_answer_is_lost_the_attempt_waits(kpay, lose):
    if lose == "answer":
        kpay.push.lose_answer()
    else:
        kpay.push.fail_with(RetryLater("503"))
    answer = ask(kpay, kpay.order_in_rwf())
    assert (answer.status_code, answer.json["next"], answer.json["redirect_url"]) == (202, "wait", None)
    assert [job.kind for job in kpay.stored(Job)] == [JobKind.CHECK_PAYMENT]


def test_a_second_attempt_waits_and_is_told_how_long(kpay):
    order = kpay.order_in_rwf()
    first = ask(kpay, order).json
    kpay.now += timedelta(seconds=45)
    for details in (a_push(phone="0788 999 999"), a_start()):
        answer = kpay.post(f"/v1/orders/{order['id']}/payments", details)
        assert (answer.status_code, answer.json["retry_after"], answer.headers["Retry-After"]) == (409, 75, "75")
    kpay.now += RETRY_AFTER
    assert ask(kpay, order, phone="0788 999 999").status_code == 201
    assert kpay.get(f"/v1/payments/{first['id']}").json["status"] == "cancelled"


def test_repeated_under_its_key_the_time_to_wait_is_told_in_the_header_too(kpay):
    order = kpay.order_in_rwf()
    ask(kpay, order)
    path, key = f"/v1/orders/{order['id']}/payments", {"Idempotency-Key": "second-attempt"}
    answers = [kpay.post(path, a_push(), headers=key) for _ in range(2)]
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true"]
    for answer in answers:
        told = answer.json["retry_after"], answer.headers.get("Retry-After")
        assert (answer.status_code, *told) == (409, 120, "120")


def test_operators_alone_see_to_whom_a_refund_is_paid_by_hand_and_in_full_at_one_place(kpay):
    key = kpay.a_key(Role.OPERATOR)
    path = f"/v1/payments/{a_refund_by_hand(kpay, key)['id']}"
    (listed,) = kpay.get(f"{path}/refunds", key=key).json
    assert listed["pay_to"].startswith("+250788123434, ")
    assert listed["attention"].startswith("requires_manual_refund: ")
    (shown,) = kpay.get(path, key=key).json["refunds"]
    assert shown == {name: value for name, value in listed.items() if name != "pay_to"}
    for_shop = kpay.get(path)
    assert for_shop.json["refunds"] == [{**shown, "attention": None}]
    assert kpay.get(f"{path}/refunds").status_code == 403
    assert not re.search(r"788123434|25\*\*\*", for_shop.text)
    kpay.post(f"/v1/refunds/{shown['id']}/settle", {"succeeded": True, "why": "MTN 77"}, key=key)
    assert [one["pay_to"] for one in kpay.get(f"{path}/refunds", key=key).json] == [None]


def a_refund_by_hand(kpay: PushShop, operator: str) -> dict:
    """Of a payment by phone, left to a person as its job leaves it; the payment."""
    order = kpay.order_in_rwf()
    payment = ask(kpay, order).json
    kpay.push.approve(payment["id"])
    assert ask(kpay, order).status_code == 409  # which found out that it is paid
    asked = kpay.post(f"/v1/payments/{payment['id']}/refunds", {"reason": "as asked"}, key=operator)
    assert asked.status_code == 201

    def leave(uow) -> None:
        refund = lock_attempt(uow, payment["id"])[1].refunds[-1]
        refund.leave_to_hand("pay 1500 RWF back to +25***34, who paid kpay")

    kpay.ledger.write("test", leave)
    return payment


def test_a_paid_order_gives_no_time_to_wait_for(kpay):
    order = kpay.order_in_rwf()
    kpay.push.approve(ask(kpay, order).json["id"])
    answer = ask(kpay, order)
    assert (answer.status_code, "retry_after" in answer.json, "Retry-After" in answer.headers) == (409, False, False)


def test_while_it_is_away_the_other_gateways_are_named(kpay):
    order = kpay.order_in_rwf()
    kpay.is_away("kpay")
    answer = ask(kpay, order)
    assert (answer.status_code, answer.json["gateways"]) == (503, ["stripe"])
    assert answer.json["retry_after"] == int(answer.headers["Retry-After"]) > 0
    assert (kpay.attempts(order["id"]), kpay.push.calls) == ([], [])
    assert kpay.pay(order).status_code == 201


def test_another_gateway_that_is_away_too_is_not_named(kpay):
    order = kpay.order_in_rwf()
    kpay.is_away("stripe")
    assert kpay.pay(order).json["gateways"] == ["kpay"]
    kpay.is_away("kpay")
    assert kpay.pay(order).json["gateways"] == []


def test_a_gateway_that_does_not_take_the_order_is_not_named(kpay):
    kpay.is_away("stripe")
    assert kpay.pay(kpay.place().json).json["gateways"] == []


def test_an_account_that_is_refused_names_the_other_gateways_and_the_next_attempt_begins_at_once(kpay):
    order = kpay.order_in_rwf()
    kpay.push.fail_with(AccountRefused("600: bad username or password"))
    answer = ask(kpay, order)
    assert (answer.status_code, answer.json["gateways"]) == (503, ["stripe"])
    assert "600" not in answer.text
    assert [payment.status.value for payment in kpay.attempts(order["id"])] == ["failed"]
    assert ask(kpay, order).json["gateways"] == ["stripe"]
    assert len(kpay.push.calls) == 1  # told once, it is asked no more
    assert kpay.pay(order).status_code == 201


def test_what_it_refuses_names_the_other_gateways(kpay):
    order = kpay.order_in_rwf()
    kpay.push.refuse("the payment was not made: try again, or pay in another way")
    answer = ask(kpay, order)
    assert (answer.status_code, answer.json["gateways"]) == (422, ["stripe"])
    assert "pay in another way" in answer.json["detail"]


def test_an_unknown_order_is_not_paid(kpay):
    for method in ("momo", "cc"):
        assert ask(kpay, {"id": "ord_404"}, method=method).status_code == 404


def test_it_is_described(kpay):
    document = kpay.client.get("/openapi.json").json
    asked = document["paths"]["/v1/orders/{order_id}/payments"]["post"]["requestBody"]["content"]["application/json"]
    assert "#/components/schemas/StartPayment" in str(asked)
    start, schemas = document["components"]["schemas"]["StartPayment"], document["components"]["schemas"]
    assert set(start["discriminator"]["mapping"]) == {"stripe", "kpay"}
    assert schemas["KpayPayment"]["properties"]["method"]["enum"] == ["momo", "cc", "spenn"]
    assert set(schemas["KpayPayment"]["required"]) == {"gateway", "method", "return_url"}
    assert {"gateways", "retry_after"} <= schemas["Problem"]["properties"].keys()


def test_a_shop_without_it_does_not_offer_it(shop):
    order = shop.place(a_name()).json
    answer = shop.post(f"/v1/orders/{order['id']}/payments", a_push())
    assert (answer.status_code, fields(answer)) == (422, {"gateway"})
