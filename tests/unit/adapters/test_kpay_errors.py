"""Every way in which a call to KPay can go wrong, and what it means to a payment and to a question."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses

from billing.adapters.kpay_gateway import KpayAccount
from billing.adapters.kpay_gateway.client import ANSWER_BYTES_MAX
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.outcomes import AccountRefused, OutcomeUnknown, Refused, RetryLater
from billing.domain.errors import BillingError
from billing.domain.facts import PaymentPending
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.unit.adapters.kpay import (
    ACCOUNT,
    KEY,
    NAME,
    NOW,
    OPTIONS,
    PASSWORD,
    PHONE,
    TOKEN,
    URL,
    a_gateway,
    a_started_payment,
    accepted,
    rejected,
    stands,
    to_pay,
    unknown,
)
from tests.unit.adapters.unanswered import UnansweredContract


def start(api: responses.RequestsMock, **answer: Any) -> BillingError:
    """How a start ends that is answered so."""
    api.post(URL, **answer)
    with pytest.raises(BillingError) as ended:
        a_gateway().start(*to_pay(), soon())
    return ended.value


def check(api: responses.RequestsMock, **answer: Any) -> BillingError:
    """How a check ends that is answered so."""
    api.post(URL, **answer)
    with pytest.raises(BillingError) as ended:
        a_gateway().check(a_started_payment(), soon())
    return ended.value


# ---------------------------------------------------------------------- answers


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"retcode": 0, "success": 1, "tid": "A1", "statusid": "01"}'])
def test_a_server_that_has_failed_settles_nothing(api: responses.RequestsMock, status: int, body: bytes) -> None:
    assert type(start(api, status=status, body=body)) is OutcomeUnknown
    assert type(check(api, status=status, body=body)) is RetryLater


@pytest.mark.parametrize("status", [200, 201, 301, 302, 307, 308, 400, 404, 405, 413])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>a proxy</html>",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'"01"',
        b'{"statusdesc": "SUCCESSFUL"}',
        b"{" * 9000,
    ],
    ids=["nothing", "a page", "no text", "a list", "null", "empty", "a text", "no code", "too deep"],
)
def test_what_is_none_of_kpays_answers_settles_nothing(api: responses.RequestsMock, status: int, body: bytes) -> None:
    assert type(start(api, status=status, body=body)) is OutcomeUnknown
    assert type(check(api, status=status, body=body)) is RetryLater


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_is_sent_on_to_another_address(api: responses.RequestsMock, status: int) -> None:
    start(api, status=status, headers={"Location": "https://elsewhere.example/"})
    assert len(api.calls) == 1


@pytest.mark.parametrize("fields", [{"retcode": 0, "success": 1}, {"statusid": "01"}])
def test_an_answer_that_does_not_end_is_cut_off(api: responses.RequestsMock, fields: dict[str, Any]) -> None:
    endless = json.dumps({**fields, "tid": "A1", "more": "x" * ANSWER_BYTES_MAX}).encode()
    assert type(start(api, body=endless)) is OutcomeUnknown
    assert type(check(api, body=endless)) is RetryLater


@pytest.mark.parametrize("status", [200, 202, 400, 404, 422])
def test_what_kpay_says_counts_and_not_what_http_does(api: responses.RequestsMock, status: int) -> None:
    order, payment = to_pay()
    api.post(URL, status=status, json=accepted(payment))
    assert a_gateway().start(order, payment, soon()).payment_ref
    api.reset()
    api.post(URL, status=status, json=rejected(payment))
    api.post(URL, status=status, json=unknown())
    with pytest.raises(Refused):
        a_gateway().start(order, payment, soon())


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"retcode": 0, "success": 1, "tid": "A1", "statusid": "01"}'])
def test_who_is_not_let_in_is_refused_as_an_account(api: responses.RequestsMock, status: int, body: bytes) -> None:
    assert type(start(api, status=status, body=body)) is AccountRefused
    assert len(api.calls) == 2
    assert type(check(api, status=status, body=body)) is AccountRefused


# ---------------------------------------------------------------------- no answer


class TestKpayUnanswered(UnansweredContract):
    start, check = staticmethod(start), staticmethod(check)


@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 429}, {"body": requests.ReadTimeout()}])
def test_a_rejection_that_cannot_be_asked_about_is_no_refusal(
    api: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    order, payment = to_pay()
    api.post(URL, json=rejected(payment))
    api.post(URL, **answer)
    with pytest.raises(OutcomeUnknown, match="606"):
        a_gateway().start(order, payment, soon())


def test_a_pause_asked_for_by_the_question_after_a_rejection_is_kept(api: responses.RequestsMock) -> None:
    order, payment = to_pay()
    api.post(URL, json=rejected(payment))
    api.post(URL, status=429, headers={"Retry-After": "70"})
    with pytest.raises(OutcomeUnknown) as unknown:
        a_gateway().start(order, payment, soon())
    assert (unknown.value.after_seconds, unknown.value.is_answer) == (70.0, True)


@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 429}, {"body": requests.ReadTimeout()}])
def test_nothing_is_asked_for_again_before_it_is_known_that_nothing_is_there(
    api: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    api.post(URL, **answer)
    with pytest.raises(RetryLater):
        a_gateway().start_again(*to_pay(), soon())
    assert len(api.calls) == 1


# ---------------------------------------------------------------------- what is sent


def sent(api: responses.RequestsMock, number: int = 0) -> tuple[dict[str, Any], Any]:
    request = api.calls[number].request
    return json.loads(request.body or ""), request.headers


def test_a_payment_is_asked_for_with_all_that_kpay_wants(api: responses.RequestsMock) -> None:
    order, payment = to_pay()
    api.post(URL, json=accepted(payment))
    a_gateway().start(order, payment, soon())
    body, headers = sent(api)
    assert body == {
        "action": "pay",
        "msisdn": "250788123456",
        "email": "aline@example.rw",
        "details": f"Order {order.number}",
        "refid": payment.id,
        "amount": 1800,
        "currency": "RWF",
        "cname": NAME,
        "cnumber": "250788123456",
        "pmethod": "momo",
        "retailerid": "02",
        "returl": f"https://shop.example/webhooks/kpay/{TOKEN}",
        "redirecturl": "https://shop.example/thanks",
        "bankid": "63510",
    }
    assert type(body["amount"]) is int
    assert headers["Authorization"] == "Basic " + base64.b64encode(f"shop1234:{PASSWORD}".encode()).decode()
    assert headers["Kpay-Key"] == KEY
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("key", [None, ""])
def test_an_older_account_sends_no_key(api: responses.RequestsMock, key: str | None) -> None:
    payment = a_started_payment()
    api.post(URL, json=stands(payment, "03"))
    a_gateway(api_key=key).check(payment, soon())
    body, headers = sent(api)
    assert body == {"action": "checkstatus", "refid": payment.id}
    assert "Kpay-Key" not in headers


@pytest.mark.parametrize(
    ("options", "bank"),
    [
        ({"method": "momo", "operator": "MTN"}, "63510"),
        ({"method": "momo", "operator": "Airtel"}, "63514"),
        ({"method": "momo", "operator": ""}, None),
        ({"method": "cc"}, "000"),
        ({"method": "spenn"}, "63502"),
    ],
)
def test_the_institution_is_named_where_it_is_known(
    api: responses.RequestsMock, options: dict[str, str], bank: str | None
) -> None:
    order, payment = to_pay(**options)
    api.post(URL, json=accepted(payment))
    a_gateway().start(order, payment, soon())
    assert sent(api)[0].get("bankid") == bank


def test_a_repeated_payment_has_the_same_body(api: responses.RequestsMock) -> None:
    order, payment = to_pay()
    api.post(URL, status=500)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            a_gateway().start(order, payment, soon())
    assert sent(api, 0)[0] == sent(api, 1)[0]


def test_cookies_of_one_customer_are_not_sent_for_another(api: responses.RequestsMock) -> None:
    payment = a_started_payment()
    api.post(URL, json=stands(payment, "03"), headers={"Set-Cookie": "session=of-aline; Path=/"})
    gateway = a_gateway()
    for _ in range(2):
        gateway.check(payment, soon())
    assert "Cookie" not in sent(api, 1)[1]


def test_another_currency_is_never_sent(api: responses.RequestsMock) -> None:
    with pytest.raises(Refused):
        a_gateway().start(*an_order_to_pay(NOW, "kpay", "USD", OPTIONS), soon())
    assert not api.calls


# ---------------------------------------------------------------------- what is told


def test_every_call_is_reported_by_its_name_and_how_it_ended(api: responses.RequestsMock) -> None:
    telemetry = MemoryTelemetry()
    gateway, payment = a_gateway(telemetry), a_started_payment()
    api.post(URL, json=stands(payment, "03"))
    gateway.check(payment, soon())
    api.reset()
    api.post(URL, status=500)
    with pytest.raises(OutcomeUnknown):
        gateway.start(*to_pay(), soon())
    assert [(name, fields["call"], fields["outcome"]) for name, fields in telemetry.events] == [
        ("kpay_call", "checkstatus", "answered"),
        ("kpay_call", "pay", "OutcomeUnknown"),
    ]
    assert all(fields["seconds"] >= 0 for _, fields in telemetry.events)


ECHO = f"{PASSWORD} {KEY} {PHONE} {PHONE[1:]} {NAME} aline@example.rw {TOKEN}"


@pytest.mark.parametrize(
    "answer",
    [
        {"json": {"retcode": 602, "success": 0, "reply": ECHO, "tid": ECHO, "url": ECHO}},
        {"json": {"retcode": ECHO, "success": 0}},
        {"json": {"retcode": PASSWORD, "success": 0, "tid": PASSWORD}},
        {"json": {"retcode": 0, "statusid": PASSWORD, "tid": PHONE[1:]}},
        {"json": {"retcode": 602, "statusid": ECHO, "statusdesc": ECHO}},
        {"status": 401, "body": ECHO},
        {"status": 500, "body": ECHO},
        {"body": ECHO},
        {"body": requests.ConnectionError(ECHO)},
    ],
)
@pytest.mark.parametrize("call", ["start", "start_again", "check", "close"])
def test_nothing_secret_is_told(api: responses.RequestsMock, answer: dict[str, Any], call: str) -> None:
    telemetry = MemoryTelemetry()
    api.post(URL, **answer)
    order, payment = to_pay()
    gateway = a_gateway(telemetry)
    calls: dict[str, Callable[[], object]] = {
        "start": lambda: gateway.start(order, payment, soon()),
        "start_again": lambda: gateway.start_again(order, payment, soon()),
        "check": lambda: gateway.check(payment, soon()),
        "close": lambda: gateway.close(payment, soon()),
    }
    try:
        told = str(calls[call]())
    except BillingError as failure:
        told = f"{failure} {failure!r} {failure.__cause__!r}"
    told += f"{telemetry.events} {telemetry.alarms}"
    for secret in (PASSWORD, KEY, PHONE, PHONE[1:], NAME, "aline@example.rw", TOKEN):
        assert secret not in told


def test_an_account_is_shown_without_its_secrets() -> None:
    shown = repr(KpayAccount(**ACCOUNT))
    assert str(ACCOUNT["username"]) in shown
    assert PASSWORD not in shown
    assert KEY not in shown


def test_an_attempt_still_open_says_so_with_its_number(api: responses.RequestsMock) -> None:
    payment = a_started_payment()
    api.post(URL, json=stands(payment, "03"))
    assert list(a_gateway().check(payment, soon())) == [
        PaymentPending(payment_id=payment.id, payment_ref=payment.payment_ref)
    ]
