"""What operators see of a stored body: nothing secret, and nobody's full name, address or number."""

import doctest
import json
import time
from pathlib import Path
from typing import Any

import pytest

from billing.entrypoints import redaction
from billing.entrypoints.redaction import MASK, redacted, redacted_text

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures/stripe").glob("*.json"))


def shown(**fields: Any) -> Any:
    return json.loads(redacted(json.dumps(fields).encode()))


@pytest.mark.parametrize(
    "field",
    [
        "secret", "client_secret", "clientSecret", "webhook-secrets", "signature", "auth", "auth_code", "authInfo",
        "password", "passphrase", "token", "access_token", "api_key", "apikey", "privateKey", "cvc", "Authorization",
    ],
)  # fmt: skip
def test_what_is_called_secret_is_masked_whole(field: str) -> None:
    for value in ("hunter2", 1234, ["hunter2"], {"value": "hunter2"}):
        assert shown(**{field: value}) == {field: MASK}


@pytest.mark.parametrize(
    "secret",
    [
        "sk_live_51Abc", "rk_test_51Abc", "whsec_abc123", "bk_abc-123", "pi_3Abc_secret_Def", "Bearer abc.def",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "-----BEGIN PRIVATE KEY-----\nabc",
    ],
)  # fmt: skip
def test_what_looks_secret_is_masked_wherever_it_stands(secret: str) -> None:
    assert shown(note=secret) == {"note": MASK}
    assert secret not in redacted_text(f"refused: {secret}")
    assert secret not in redacted(json.dumps({"data": [{secret: secret}]}).encode())


@pytest.mark.parametrize(
    ("field", "value", "seen"),
    [
        ("email", "aline@example.rw", "a***@example.rw"),
        ("note", "write to aline@example.rw", "write to a***@example.rw"),
        ("phone", "+250788000000", "+25***00"),
        ("msisdn", 250788000000, "250***00"),
        ("payaccount", 250788000000, "250***00"),
        ("payaccount", "4111 11XX XXXX 1111", "411***11"),
        ("cnumber", 250788000000, "250***00"),
        ("phone", "1234", MASK),
        ("phones", ["+250788000000"], ["+25***00"]),
        ("note", "+250 788 000 000", "+25***00"),
        ("note", "250788000000", "250***00"),
        ("note", "4242 4242 4242 4242", "424***42"),
        ("name", "Aline Uwase", "A***"),
        ("name", {"first": "Aline"}, {"first": "A***"}),
        ("line1", "KN 5 Rd", "K***"),
        ("address", {"anything": "KN 5 Rd", "city": None}, {"anything": "K***", "city": None}),
        ("ip_address", "203.0.113.7", "2***"),
        ("url", "https://user:pass@pay.example/p/8c1f?token=x#y", "https://pay.example/***"),
    ],
)
def test_of_a_person_only_a_hint_is_left(field: str, value: Any, seen: Any) -> None:
    assert shown(**{field: value}) == {field: seen}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "evt_1QAbCdEfGhIjKlMn"),
        ("payment_intent", "pi_3Abc"),
        ("payment_id", "pay_01jd8qxk6v0f3w1x2y3z4a5b6c"),
        ("amount", 1_299_000_000),
        ("created", 1793610008),
        ("paid", True),
        ("nothing", None),
        ("cvc_check", "pass"),
        ("last4", "4242"),
        ("at", "2027-01-31 09:30:00"),
        ("message", "Your card was declined."),
        ("idempotency_key", "refund:ref_1:1"),
        ("type", "checkout.session.completed"),
    ],
)
def test_what_tells_what_happened_stays(field: str, value: Any) -> None:
    assert shown(**{field: value}) == {field: value}


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.stem)
def test_real_events_keep_their_ids_and_lose_their_people(fixture: Path) -> None:
    body = fixture.read_bytes()
    seen = redacted(body)
    assert json.loads(body)["id"] in seen
    assert json.loads(body)["data"]["object"]["id"] in seen
    for personal in ("aline@", "Aline", "Uwase", "_secret_"):
        assert personal not in seen


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"phone=%2B250788000000", b"[" * 100_000, b"9" * 5_000])
def test_what_is_no_json_is_not_shown(body: bytes) -> None:
    assert redacted(body) == f"({len(body)} bytes that are not JSON)"


@pytest.mark.parametrize("filler", ["a", "1 ", "a@", "a.", "ey", "https://", "_secret", "-----BEGIN", "(", "+1"])
def test_a_body_made_to_be_slow_is_not(filler: str) -> None:
    text = filler * (200_000 // len(filler))
    started = time.perf_counter()
    redacted(json.dumps({"note": text}).encode())
    assert time.perf_counter() - started < 5


def test_its_example_is_true() -> None:
    assert doctest.testmod(redaction).failed == 0
