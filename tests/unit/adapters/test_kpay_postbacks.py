"""Postbacks in every form in which they come, and what is none."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from billing.application.ports import Claim, Forged
from tests.unit.adapters.kpay import PHONE, TID, a_gateway, a_started_payment, stands

TOLD = stands(a_started_payment(), "01", "SUCCESSFUL & more = 100%", momtransactionid="90001", refid="pay_1")

FORMS: Mapping[str, bytes] = {
    "JSON": json.dumps(TOLD).encode(),
    "JSON in lines": json.dumps(TOLD, indent=2).encode(),
    "JSON after a mark": b"\xef\xbb\xbf" + json.dumps(TOLD).encode(),
    "fields of a form": urlencode(TOLD).encode(),
    "name of a form's field": urlencode({json.dumps(TOLD): ""}).encode(),
    "name of a form's field without a sign": quote_plus(json.dumps(TOLD)).encode(),
    "name of a form's field as it is": json.dumps(TOLD).encode() + b"=",
}


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
def test_a_postback_is_read_in_every_form(body: bytes) -> None:
    hint = a_gateway().hint(body)
    assert (hint.payment_id, hint.payment_ref, hint.claim) == ("pay_1", TID, Claim.PAID)
    assert hint.said == "01 SUCCESSFUL more 100"
    assert hint.answer == {"tid": TID, "refid": "pay_1", "reply": "OK"}


@pytest.mark.parametrize("words", ["50%22 off", "a+b", "a%", "%7B%7D", "x=y&refid=pay_2"])
def test_json_is_json_whatever_signs_of_a_form_are_in_it(words: str) -> None:
    hint = a_gateway().hint(json.dumps(TOLD | {"tid": "A1", "statusdesc": words}).encode())
    assert (hint.payment_id, hint.payment_ref, hint.claim) == ("pay_1", "A1", Claim.PAID)


@pytest.mark.parametrize(
    ("statusid", "claim"),
    [
        ("01", Claim.PAID),
        (" 01 ", Claim.PAID),
        ("02", Claim.UNPAID),
        ("682", Claim.UNPAID),
        (682, Claim.UNPAID),
        ("607", Claim.UNPAID),
        ("03", Claim.UNDECIDED),
        ("0", Claim.UNDECIDED),
        (0, Claim.UNDECIDED),
        ("611", Claim.UNDECIDED),
        ("1", Claim.UNDECIDED),
        ("paid", Claim.UNDECIDED),
    ],
)
def test_every_status_is_a_claim(statusid: Any, claim: Claim) -> None:
    hint = a_gateway().hint(json.dumps(TOLD | {"statusid": statusid}).encode())
    assert hint.claim is claim
    assert hint.said.startswith(str(statusid).strip())


@pytest.mark.parametrize(
    ("changed", "ref", "answered"),
    [
        ({"tid": f" {TID} ", "refid": " pay_1 "}, TID, TID),
        ({"tid": "E"}, None, "E"),
        ({"tid": " "}, None, ""),
        ({"tid": None}, None, ""),
        ({"tid": 123456}, "123456", "123456"),
        ({"another": {"x": [1]}, "amount": 1}, TID, TID),
    ],
)
def test_what_is_padded_blank_or_more_does_no_harm(changed: dict[str, Any], ref: str | None, answered: str) -> None:
    hint = a_gateway().hint(json.dumps(TOLD | changed).encode())
    assert (hint.payment_id, hint.payment_ref) == ("pay_1", ref)
    assert hint.answer == {"tid": answered, "refid": "pay_1", "reply": "OK"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"01",
        b"\xff\xfe",
        b"not json",
        b"<xml/>",
        b"a=1&b=2",
        b"refid=&statusid=01",
        b"refid=pay_1",
        b'{"statusid": "01"}',
        b'{"refid": "pay_1"}',
        b'{"refid": " ", "statusid": "01"}',
        b'{"refid": {"a": 1}, "statusid": "01"}',
        b'{"refid": true, "statusid": "01"}',
        b'{"refid": "pay\\u0000_1", "statusid": "01"}',
        b'{"refid": "' + b"p" * 101 + b'", "statusid": "01"}',
        b"[" * 100_000,
        b"&".join(b"f%d=1" % number for number in range(60)) + b"&refid=pay_1&statusid=01",
    ],
)
def test_what_is_no_postback_is_forged(body: bytes) -> None:
    with pytest.raises(Forged):
        a_gateway().hint(body)


def test_what_is_told_of_a_payer_is_not_repeated() -> None:
    words = f"{PHONE} aline@example.rw " + "x" * 1000
    said = a_gateway().hint(json.dumps(TOLD | {"statusdesc": words}).encode()).said
    assert "788" not in said
    assert "@" not in said
    assert len(said) <= 60
