"""KPay's postbacks: stored, answered and never believed; they only have the provider asked sooner."""

import json
from dataclasses import replace
from io import BytesIO

import pytest

from billing.adapters.memory.pages import Told
from billing.application.ports import HINT_TOKEN
from billing.application.unit_of_work import LedgerUnavailable
from billing.domain.event import InboxEvent
from billing.domain.job import Job
from billing.domain.payment import Payment
from tests.unit.http.push_shop import PushShop, a_push


@pytest.fixture
def payment(kpay) -> Payment:
    order = kpay.order_in_rwf()
    kpay.post(f"/v1/orders/{order['id']}/payments", a_push())
    kpay.push.calls.clear()
    kpay.queue.rung.clear()
    (started,) = kpay.attempts(order["id"])
    return started


def deliver(shop: PushShop, payment: Payment, body: bytes, token: str | None = None, **options):
    token = payment.options[HINT_TOKEN] if token is None else token
    return shop.client.post(f"/webhooks/kpay/{token}", data=body, **options)


def is_untouched(shop: PushShop) -> bool:
    return shop.stored(InboxEvent) == [] and not shop.queue.rung


def test_it_is_stored_wakes_the_check_and_is_answered_as_its_sender_wants(kpay, payment):
    answer = deliver(kpay, payment, kpay.push.approve(payment.id))
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == {"tid": payment.payment_ref, "refid": payment.id, "reply": "OK"}
    (event,) = kpay.stored(InboxEvent)
    assert (event.gateway, event.status.value) == ("kpay", "processed")
    (check,) = kpay.stored(Job)
    assert check.due_at <= kpay.now
    assert check.id in [job_id for job_id, _ in kpay.queue.rung]


def test_a_repeat_is_answered_alike(kpay, payment):
    body = kpay.push.approve(payment.id)
    answers = [deliver(kpay, payment, body) for _ in range(3)]
    assert [(answer.status_code, answer.json) for answer in answers] == [(200, answers[0].json)] * 3


def test_what_it_claims_is_not_believed_and_nobody_outside_is_called(kpay, payment):
    body = kpay.push.postback(payment.id, Told.PAID)
    assert deliver(kpay, payment, body).status_code == 200
    assert kpay.get(f"/v1/payments/{payment.id}").json["status"] == "pending"
    assert (kpay.push.calls, kpay.gateway.calls) == ([], [])


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""]
)
def test_it_is_read_whatever_it_says_that_it_is(kpay, payment, content_type):
    body = kpay.push.postback(payment.id)
    answer = deliver(kpay, payment, body, headers={"Content-Type": content_type})
    assert (answer.status_code, [event.body for event in kpay.stored(InboxEvent)]) == (200, [body])


def test_no_key_is_asked_for_and_no_cookie_set(kpay, payment):
    body = kpay.push.postback(payment.id)
    answer = deliver(kpay, payment, body, headers={"Authorization": "Bearer nobody", "Cookie": "pay_form=x"})
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)


@pytest.mark.parametrize("token", ["guessed", "x" * 200, "é", "x" * 201, "a/b"])
def test_another_address_is_not_found_and_stores_nothing(kpay, payment, token):
    answer = deliver(kpay, payment, kpay.push.postback(payment.id), token)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert is_untouched(kpay)


def test_the_address_of_one_attempt_is_not_that_of_another(kpay, payment):
    other = kpay.order_in_rwf({"kind": "hosting", "plan": "starter", "cycle": "monthly"})
    kpay.post(f"/v1/orders/{other['id']}/payments", a_push())
    (second,) = kpay.attempts(other["id"])
    kpay.queue.rung.clear()
    assert deliver(kpay, payment, kpay.push.postback(second.id)).status_code == 404
    assert is_untouched(kpay)


def test_an_attempt_that_nobody_knows_is_not_found(kpay, payment):
    assert deliver(kpay, payment, kpay.push.postback("pay_404")).status_code == 404
    assert is_untouched(kpay)


@pytest.mark.parametrize("body", [b"", b"{}", b"nonsense", b"[]", b"\xff\xfe", b'{"refid": 1'])
def test_nonsense_is_a_bad_request_and_stores_nothing(kpay, payment, body):
    answer = deliver(kpay, payment, body)
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert is_untouched(kpay)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_it_is_posted_or_not_at_all(kpay, payment, method):
    answer = kpay.client.open(f"/webhooks/kpay/{payment.options[HINT_TOKEN]}", method=method)
    assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, True)


@pytest.mark.parametrize("path", ["/webhooks/kpay", "/webhooks/kpay/", "/webhooks/stripe/token"])
def test_without_an_address_of_an_attempt_there_is_nothing(kpay, path):
    assert kpay.client.post(path, data=b"{}").status_code == 404


def test_an_oversized_one_is_refused_and_not_stored(kpay, payment):
    body = b" " * (kpay.config.body_bytes_max + 1)
    assert deliver(kpay, payment, body).status_code == 413
    chunked = {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    path = f"/webhooks/kpay/{payment.options[HINT_TOKEN]}"
    assert kpay.client.post(path, environ_overrides=chunked).status_code == 413
    assert is_untouched(kpay)


def test_its_sender_is_asked_to_come_again_while_the_ledger_is_away(kpay, payment):
    def away(by, *, reading=False):
        raise LedgerUnavailable("postgresql://billing@10.0.0.5 refused")

    body, receive = kpay.push.postback(payment.id), kpay.use_cases().receive_hint
    kpay.reopen(receive_hint=replace(receive, ledger=replace(kpay.ledger, begin=away)))
    try:
        answer = deliver(kpay, payment, body)
    finally:
        kpay.reopen()
    assert (answer.status_code, answer.json["type"]) == (503, "urn:billing:problem:ledger-unavailable")
    assert "10.0.0.5" not in answer.text


def test_its_route_is_reported_without_the_address(kpay, payment):
    kpay.telemetry.events.clear()
    deliver(kpay, payment, kpay.push.postback(payment.id))
    told = [fields["route"] for name, fields in kpay.telemetry.events if name == "http_request"]
    assert told == ["/webhooks/kpay/<string(maxlength=200):token>"]
    assert payment.options[HINT_TOKEN] not in json.dumps(kpay.telemetry.events, default=str)
