"""Every status, return code and shape of answer that is known of KPay, and what each of them means."""

import json
from datetime import timedelta
from typing import Any

import pytest
import responses

from billing.adapters.kpay_gateway.codes import CODES
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.outcomes import AccountRefused, NeedsPerson, OutcomeUnknown, Refused
from billing.application.ports import Started
from billing.domain.errors import BillingError
from billing.domain.facts import Fact, PaymentFailed, PaymentPending, PaymentSucceeded
from billing.domain.payment import Payment
from tests.contracts.payment_gateway import soon
from tests.unit.adapters.kpay import (
    GRACE,
    NOW,
    TID,
    URL,
    a_gateway,
    a_started_payment,
    accepted,
    rejected,
    stands,
    to_pay,
    unknown,
)

RETCODES = ["401", "500", *map(str, range(600, 612))]
"""Both tables of the reference, whole."""


def check(api: responses.RequestsMock, answer: Any, payment: Payment | None = None, **gateway: Any) -> Fact:
    """What a check says that is answered so."""
    api.post(URL, json=answer)
    (fact,) = a_gateway(**gateway).check(payment or a_started_payment(), soon())
    return fact


def start(api: responses.RequestsMock, payment: Payment, *answers: Any, call: str = "start") -> Started:
    """What a start says whose calls are answered so, one after the other."""
    for answer in answers:
        api.post(URL, json=answer)
    order, _ = to_pay()
    started = getattr(a_gateway(), call)(order, payment, soon())
    assert isinstance(started, Started)
    return started


def ends(api: responses.RequestsMock, payment: Payment, *answers: Any, call: str = "start") -> BillingError:
    """How it ends where nothing was started."""
    with pytest.raises(BillingError) as ended:
        start(api, payment, *answers, call=call)
    return ended.value


def actions(api: responses.RequestsMock) -> list[str]:
    return [json.loads(call.request.body or "")["action"] for call in api.calls]


# ---------------------------------------------------------------------- statuses


@pytest.mark.parametrize(
    ("statusid", "meaning"),
    [
        ("01", PaymentSucceeded),
        (" 01 ", PaymentSucceeded),
        ("02", PaymentFailed),
        (" 02 ", PaymentFailed),
        ("03", PaymentPending),
        ("0", PaymentPending),
        (0, PaymentPending),
        ("611", PaymentPending),
        (" 611 ", PaymentPending),
        (611, PaymentPending),
        ("682", PaymentFailed),
        (682, PaymentFailed),
        *((code, PaymentFailed) for code in RETCODES if code != "611"),
        # Nobody has documented these: never paid, never failed.
        ("1", PaymentPending),
        (1, PaymentPending),
        ("2", PaymentPending),
        ("00", PaymentPending),
        ("04", PaymentPending),
        ("0101", PaymentPending),
        ("+01", PaymentPending),
        ("01é", PaymentPending),
        ("\uff10\uff11", PaymentPending),  # full-width digits
        ("\uff16\uff18\uff12", PaymentPending),
        ("SUCCESSFUL", PaymentPending),
        ("PAID", PaymentPending),
    ],
)
def test_every_status_has_one_meaning(api: responses.RequestsMock, statusid: Any, meaning: type[Fact]) -> None:
    payment = a_started_payment()
    fact = check(api, stands(payment, statusid, "SUCCESSFUL"), payment)
    assert type(fact) is meaning
    assert (fact.payment_id, fact.payment_ref) == (payment.id, TID)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("statusid", "shown"),
    [("1", "1"), (1, "1"), ("2", "2"), (3, "3"), ("04", "04"), ("PAID", "PAID"), ("x" * 99, "(unreadable)")],
)
def test_a_status_that_nobody_has_documented_is_told_to_a_person(
    api: responses.RequestsMock, statusid: Any, shown: str
) -> None:
    telemetry = MemoryTelemetry()
    payment = a_started_payment()
    check(api, stands(payment, statusid), payment, telemetry=telemetry)
    ((name, fields),) = telemetry.alarms
    assert name == "kpay_status_unknown"
    assert fields == {"payment_id": payment.id, "statusid": shown}


@pytest.mark.parametrize("statusid", ["01", "02", "03", "0", "611", "682"])
def test_a_status_that_is_known_alarms_nobody(api: responses.RequestsMock, statusid: str) -> None:
    telemetry = MemoryTelemetry()
    check(api, stands(a_started_payment(), statusid, refid=""), telemetry=telemetry)
    assert telemetry.alarms == []


def test_the_sum_that_came_is_the_one_that_was_asked_since_kpay_echoes_none(api: responses.RequestsMock) -> None:
    payment = a_started_payment()
    fact = check(api, stands(payment, "01", amount=1, currency="USD"), payment)
    assert isinstance(fact, PaymentSucceeded)
    assert fact.received == payment.amount


@pytest.mark.parametrize("answer", [unknown(), unknown(611), unknown(" 611 "), {"retcode": 611, "success": 0}])
@pytest.mark.parametrize(("after", "meaning"), [(GRACE, PaymentPending), (GRACE + timedelta(seconds=1), PaymentFailed)])
def test_what_is_not_known_there_is_pending_for_a_while_only(
    api: responses.RequestsMock, answer: Any, after: timedelta, meaning: type[Fact]
) -> None:
    assert type(check(api, answer, now=NOW + after)) is meaning


def test_a_later_success_wins_over_an_earlier_failure(api: responses.RequestsMock) -> None:
    payment = a_started_payment()
    api.post(URL, json=stands(payment, "02"))
    api.post(URL, json=stands(payment, "01"))
    told = [type(fact) for _ in range(2) for fact in a_gateway().check(payment, soon())]
    assert told == [PaymentFailed, PaymentSucceeded]


@pytest.mark.parametrize("other", [{"refid": "pay_of_somebody"}, {"tid": "B999999999"}])
@pytest.mark.parametrize("statusid", ["01", "02", "03"])
def test_an_answer_about_another_payment_is_for_a_person(
    api: responses.RequestsMock, other: dict[str, str], statusid: str
) -> None:
    payment = a_started_payment()
    api.post(URL, json=stands(payment, statusid, **other))
    with pytest.raises(NeedsPerson):
        a_gateway().check(payment, soon())


@pytest.mark.parametrize("call", ["check", "close"])
@pytest.mark.parametrize("retcode", [code for code in RETCODES if code != "611"])
def test_a_question_that_is_refused_is_the_account_and_fails_nobodys_payment(
    api: responses.RequestsMock, call: str, retcode: str
) -> None:
    payment = a_started_payment()
    api.post(URL, json=rejected(payment, int(retcode)))
    with pytest.raises(AccountRefused, match=retcode):
        getattr(a_gateway(), call)(payment, soon())


# ---------------------------------------------------------------------- what a customer and an operator read


@pytest.mark.parametrize("code", [*CODES, "02", "699"])
def test_a_failure_says_what_to_do_and_keeps_the_raw_code(api: responses.RequestsMock, code: str) -> None:
    payment = a_started_payment()
    fact = check(api, stands(payment, code, "LOW BALANCE"), payment, now=NOW + GRACE * 2)
    assert isinstance(fact, PaymentFailed)
    sentence, _, told = fact.why.partition(" (")
    assert not any(character.isdigit() for character in sentence)
    assert f"KPay {code} LOW BALANCE" in told


@pytest.mark.parametrize("code", RETCODES)
def test_every_code_of_both_tables_is_in_the_registry(code: str) -> None:
    assert CODES[code].sentence
    assert CODES[code].guide


def test_words_of_kpay_are_told_without_numbers_names_and_secrets(api: responses.RequestsMock) -> None:
    payment = a_started_payment()
    words = "ALINE UWASE (250788123456, +250 788 123 456, aline@example.rw) pass-w0rd-of-ours key-of-ours-0123456789"
    fact = check(api, stands(payment, "682", words), payment)
    assert isinstance(fact, PaymentFailed)
    for secret in ("aline", "uwase", "788", "123", "456", "example.rw", "pass-w0rd", "key-of-ours"):
        assert secret not in fact.why.lower()


@pytest.mark.parametrize("words", ["x" * 5000, "<script>alert(1)</script>", "two\r\nlines", "a\x00b", "\u202eabc"])
def test_words_of_kpay_are_short_and_plain(api: responses.RequestsMock, words: str) -> None:
    payment = a_started_payment()
    fact = check(api, stands(payment, "02", words), payment)
    assert isinstance(fact, PaymentFailed)
    assert len(fact.why) < 250
    assert fact.why.isprintable()
    assert not set("<>\r\n\x00\u202e") & set(fact.why)


# ---------------------------------------------------------------------- answers to `pay`


@pytest.mark.parametrize(
    ("more", "url"),
    [
        ({}, None),
        ({"url": ""}, None),
        ({"url": None}, None),
        ({"url": "https://pay.kpay.example/checkout/1"}, "https://pay.kpay.example/checkout/1"),
        ({"url": " https://pay.kpay.example/checkout/1 "}, "https://pay.kpay.example/checkout/1"),
        ({"url": "javascript:alert(1)"}, None),
        ({"url": "https://[x"}, None),
        ({"url": "//pay.kpay.example/checkout/1"}, None),
        ({"url": "https://pay.kpay.example/<checkout>"}, None),
        ({"url": "https://pay.kpay.example/check out"}, None),
        ({"url": "https://pay.kpay.example/" + "1" * 2000}, None),
        ({"success": "1", "retcode": "0"}, None),
        ({"success": " 1 ", "retcode": " 0 ", "tid": f" {TID} "}, None),
        ({"card": "411111******1111", "another": [1, {"x": None}]}, None),
        ({"refid": ""}, None),
    ],
)
def test_an_accepted_payment_is_read_in_every_shape(
    api: responses.RequestsMock, more: dict[str, Any], url: str | None
) -> None:
    _, payment = to_pay()
    started = start(api, payment, accepted(payment, **more))
    assert started == Started(payment_ref=TID, redirect_url=url)
    assert actions(api) == ["pay"]


@pytest.mark.parametrize("statusid", ["02", "03", "0", "611", "682", "1", "paid"])
def test_of_what_was_just_taken_nothing_but_a_success_counts_at_once(
    api: responses.RequestsMock, statusid: str
) -> None:
    _, payment = to_pay()
    assert start(api, payment, accepted(payment, statusid=statusid)) == Started(payment_ref=TID)


@pytest.mark.parametrize("retcode", [0, "0", " 0 "])
@pytest.mark.parametrize("statusid", ["01", " 01 "])
def test_an_immediate_success_has_neither_reply_nor_page(
    api: responses.RequestsMock, retcode: Any, statusid: str
) -> None:
    _, payment = to_pay()
    started = start(api, payment, stands(payment, statusid, "SUCCESSFUL", retcode=retcode))
    (fact,) = started.facts
    assert fact == PaymentSucceeded(payment_id=payment.id, payment_ref=TID, received=payment.amount)


@pytest.mark.parametrize(
    "more",
    [
        {"retcode": 606},
        {"retcode": 606, "success": 1},
        {"retcode": 606, "statusid": "01"},
        {"success": 0},
        {"success": None},
        {"success": 0, "statusid": "0"},
        {"success": 0, "statusid": "1"},
        {"success": 0, "statusid": "02"},
        {"retcode": "", "reply": "OK", "statusid": "01"},
        {"tid": "E"},
        {"tid": ""},
        {"tid": None},
    ],
)
@pytest.mark.parametrize(
    ("found", "meanings"),
    [("01", [PaymentSucceeded]), ("02", [PaymentFailed]), ("682", [PaymentFailed]), ("03", []), ("0", []), ("??", [])],
)
def test_whatever_is_not_clearly_accepted_is_asked_about_and_that_decides(
    api: responses.RequestsMock, more: dict[str, Any], found: str, meanings: list[type[Fact]]
) -> None:
    _, payment = to_pay()
    started = start(api, payment, accepted(payment, **more), stands(payment, found))
    assert started.payment_ref == TID
    assert [type(fact) for fact in started.facts] == meanings
    assert actions(api) == ["pay", "checkstatus"]


@pytest.mark.parametrize("retcode", RETCODES)
@pytest.mark.parametrize("form", [int, str, " {} ".format])
def test_every_return_code_is_asked_about_before_it_counts_as_refused(
    api: responses.RequestsMock, retcode: str, form: Any
) -> None:
    _, payment = to_pay()
    refusal = ends(api, payment, rejected(payment, form(retcode)), unknown())
    assert type(refusal) is Refused
    assert f"KPay {retcode} TARGET_AUTHORIZATION_ERROR" in refusal.why
    assert json.loads(api.calls[1].request.body or "") == {"action": "checkstatus", "refid": payment.id}


@pytest.mark.parametrize("retcode", RETCODES)
def test_no_return_code_alone_fails_what_is_there(api: responses.RequestsMock, retcode: str) -> None:
    _, payment = to_pay()
    assert start(api, payment, rejected(payment, retcode), stands(payment, "03")) == Started(payment_ref=TID)


@pytest.mark.parametrize("retcode", [code for code in RETCODES if code != "611"])
def test_where_the_question_is_refused_too_it_is_the_account(api: responses.RequestsMock, retcode: str) -> None:
    _, payment = to_pay()
    refusal = ends(api, payment, rejected(payment, retcode), rejected(payment, retcode))
    assert type(refusal) is AccountRefused
    assert retcode in refusal.why


def test_an_answer_to_another_payment_settles_nothing(api: responses.RequestsMock) -> None:
    _, payment = to_pay()
    assert type(ends(api, payment, accepted(payment, refid="pay_other"))) is OutcomeUnknown


def test_what_is_taken_and_not_known_yet_is_unknown(api: responses.RequestsMock) -> None:
    _, payment = to_pay()
    assert type(ends(api, payment, accepted(payment, tid="E"), unknown())) is OutcomeUnknown


def test_what_is_taken_is_not_lost_with_an_account_that_is_refused_the_next_moment(api: responses.RequestsMock) -> None:
    _, payment = to_pay()
    assert type(ends(api, payment, accepted(payment, tid="E"), rejected(payment, 602))) is OutcomeUnknown


@pytest.mark.parametrize(("found", "end"), [("03", OutcomeUnknown), ("02", Refused)])
def test_without_a_tid_only_what_is_decided_is_told(api: responses.RequestsMock, found: str, end: type) -> None:
    _, payment = to_pay()
    assert type(ends(api, payment, rejected(payment), stands(payment, found, tid=" "))) is end


def test_money_without_a_tid_is_money(api: responses.RequestsMock) -> None:
    _, payment = to_pay()
    started = start(api, payment, rejected(payment), stands(payment, "01", tid=""))
    (fact,) = started.facts
    assert isinstance(fact, PaymentSucceeded)
    assert (fact.payment_id, started.payment_ref) == (payment.id, None)


# ---------------------------------------------------------------------- starting again


@pytest.mark.parametrize(
    ("found", "meanings"), [("01", [PaymentSucceeded]), ("02", [PaymentFailed]), ("03", []), ("0", [])]
)
def test_what_is_there_already_is_not_asked_for_again(
    api: responses.RequestsMock, found: str, meanings: list[type[Fact]]
) -> None:
    _, payment = to_pay()
    started = start(api, payment, stands(payment, found), call="start_again")
    assert started.payment_ref == TID
    assert [type(fact) for fact in started.facts] == meanings
    assert actions(api) == ["checkstatus"]


def test_what_never_arrived_is_asked_for_again(api: responses.RequestsMock) -> None:
    _, payment = to_pay()
    started = start(api, payment, unknown(), accepted(payment), call="start_again")
    assert started == Started(payment_ref=TID)
    assert actions(api) == ["checkstatus", "pay"]


@pytest.mark.parametrize("retcode", ["600", "602", "603"])
def test_an_account_that_is_refused_is_no_refusal_of_what_may_be_there(
    api: responses.RequestsMock, retcode: str
) -> None:
    _, payment = to_pay()
    assert type(ends(api, payment, rejected(payment, retcode), call="start_again")) is AccountRefused
