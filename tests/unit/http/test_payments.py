from dataclasses import replace

import pytest

from billing.application.outcomes import RetryLater
from billing.domain.job import Job, JobKind
from billing.domain.money import Money
from billing.domain.order import Order
from tests.unit.http.shop import a_start


@pytest.fixture
def order(shop) -> dict:
    return shop.place().json


def payments(shop) -> list:
    return [payment for order in shop.stored(Order) for payment in order.payments]


def test_an_attempt_sends_the_customer_to_the_providers_page(shop, order):
    answer = shop.pay(order)
    payment = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/payments/{payment['id']}"
    assert (payment["status"], payment["next"], payment["attempt"]) == ("pending", "redirect", 1)
    assert payment["redirect_url"].startswith("https://memory.example/")
    assert (payment["amount"], payment["received"]) == (order["total"], None)
    assert shop.get(answer.headers["Location"]).json == payment


def test_the_provider_is_asked_with_the_return_addresses(shop, order):
    shop.pay(order)
    (payment,) = payments(shop)
    start = a_start()
    assert payment.options["success_url"] == start["success_url"]
    assert payment.options["cancel_url"] == start["cancel_url"]
    assert "gateway" not in payment.options


def test_an_attempt_is_summed_up_in_its_order(shop, order):
    payment = shop.pay(order).json
    (summary,) = shop.get(f"/v1/orders/{order['id']}").json["payments"]
    assert summary == {name: payment[name] for name in ("id", "attempt", "gateway", "amount", "status", "disputes")}


@pytest.mark.parametrize("lose", ["answer", "call"])
def test_where_the_provider_does_not_answer_the_attempt_waits(shop, order, lose):
    if lose == "answer":
        shop.gateway.lose_answer()
    else:
        shop.gateway.fail_with(RetryLater("503"))
    answer = shop.pay(order)
    assert (answer.status_code, answer.json["next"], answer.json["redirect_url"]) == (202, "wait", None)
    assert [job.kind for job in shop.stored(Job)] == [JobKind.CHECK_PAYMENT]


def test_a_refusal_of_the_provider_is_told_for_good_and_ends_the_attempt(shop, order):
    shop.gateway.refuse("amount_too_small")
    key = {"Idempotency-Key": "pay-once"}
    path, body = f"/v1/orders/{order['id']}/payments", a_start()
    for _ in range(2):
        answer = shop.post(path, body, headers=key)
        assert (answer.status_code, answer.json["detail"]) == (422, "amount_too_small")
        assert answer.json["type"] == "urn:billing:problem:provider-refused"
    (payment,) = payments(shop)
    assert payment.status == "failed"
    assert shop.pay(order).status_code == 201


def test_a_second_attempt_closes_the_first(shop, order):
    first, second = shop.pay(order).json, shop.pay(order).json
    closed = shop.get(f"/v1/payments/{first['id']}").json
    assert (closed["status"], closed["next"], closed["redirect_url"]) == ("expired", None, None)
    assert second["attempt"] == 2


def test_a_first_attempt_that_turns_out_paid_is_a_conflict(shop, order):
    shop.gateway.pay(shop.pay(order).json["id"])
    assert shop.pay(order).status_code == 409
    assert shop.get(f"/v1/orders/{order['id']}").json["status"] == "paid"


def test_another_sum_than_asked_is_shown_and_explained(shop, order):
    payment = shop.pay(order).json
    shop.gateway.pay(payment["id"], Money(1, "USD"))
    shop.pay(order)
    shown = shop.get(f"/v1/payments/{payment['id']}").json
    assert (shown["status"], shown["received"]) == ("requires_attention", {"amount": 1, "currency": "USD"})
    assert shown["reason"] == "0.01 USD received, 15.00 USD asked"


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"gateway": "kpay"}, "gateway"),
        ({"gateway": ["stripe"]}, "gateway"),
        ({"gateway": ...}, "gateway"),
        ({"amount": 1}, "amount"),
        ({"success_url": ...}, "success_url"),
        ({"success_url": 5}, "success_url"),
        ({"success_url": "/thanks"}, "success_url"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"success_url": "https://"}, "success_url"),
        ({"success_url": "https://[::"}, "success_url"),
        ({"success_url": "https://shop.example:99999/"}, "success_url"),
        ({"success_url": "https://shop.example/a b"}, "success_url"),
        ({"cancel_url": "https://shop.example/\n"}, "cancel_url"),
        ({"cancel_url": "https://shop.example/" + "a" * 2000}, "cancel_url"),
    ],
)
def test_a_bad_request_to_pay_is_named_and_nothing_is_stored(shop, order, details, field):
    answer = shop.pay(order, **details)
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json["errors"]} == {field}
    assert payments(shop) == []
    assert shop.gateway.calls == []


def test_a_gateway_that_is_not_offered_is_refused(shop, order):
    shop.config = replace(shop.config, gateways=("memory",))
    shop.reopen()
    assert shop.pay(order).status_code == 422


def test_a_body_that_is_no_object_is_refused(shop, order):
    answer = shop.post(f"/v1/orders/{order['id']}/payments", ["stripe"])
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "body")


def test_an_unknown_order_is_not_paid(shop):
    assert shop.pay({"id": "ord_404"}).status_code == 404


def test_a_refresh_wakes_the_check_and_answers_what_is_known(shop, order):
    payment = shop.pay(order).json
    before = shop.stored(Job)[0].due_at
    answer = shop.post(f"/v1/payments/{payment['id']}/refresh")
    assert (answer.status_code, answer.json) == (202, payment)
    (check,) = shop.stored(Job)
    assert check.due_at <= shop.now < before


@pytest.mark.parametrize("method_path", ["GET /v1/payments/pay_404", "POST /v1/payments/pay_404/refresh"])
def test_an_unknown_payment_is_not_found(shop, method_path):
    assert shop.call(*method_path.split()).status_code == 404
