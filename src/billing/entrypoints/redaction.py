"""What providers sent, as people may see it: nothing secret, and nobody's full name, address or number.

Masked is by the name of a field and by the look of a value, whichever hits; what is in doubt is masked.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

_SECRET = frozenset({
    "secret", "password", "passwd", "passphrase", "pin", "cvc", "cvv", "otp", "auth", "authorization",
    "authinfo", "authcode", "signature", "sign", "sig", "token", "apikey", "credential", "credentials", "jwt",
    "cookie",
})  # fmt: skip
_KEY = frozenset({"api key", "private key", "access key", "secret key", "auth key"})
_PHONE = frozenset({
    "phone", "msisdn", "mobile", "telephone", "tel", "fax", "voice", "payaccount", "cnumber",
})  # fmt: skip
_PERSON = frozenset({
    "name", "fullname", "firstname", "lastname", "surname", "organization", "line1", "line2", "street",
    "address", "city", "town", "postal", "postcode", "zip", "ip", "dob", "birthday", "birthdate", "iban",
})  # fmt: skip
_ENDS_IN_S = frozenset({"address", "credentials"})
_NAMES = frozenset({"event name", "plan name", "product name"})
"""Words of fields that name no person."""

# Every repetition is bounded: a body may be a mebibyte of whatever is slowest to search.
_EMAIL = re.compile(r"[\w.+'-]{1,64}@(?:[\w-]{1,63}\.){1,10}\w{1,63}")
_LOOKS_SECRET = re.compile(
    r"\b(?:(?:sk|rk|pk)_(?:test|live)_|whsec_|bk_|ey[\w-]{8,2000}\.)[\w.=-]+"  # keys of APIs, JSON web tokens
    r"|\w{1,100}_secret_\w+"  # pi_1_secret_2: enough to pay, or to change a payment
    r"|(?:Bearer|Basic) {1,9}[\w.~+/=-]+"
    r"|-----BEGIN.*",
    re.DOTALL,
)
_ADDRESS = re.compile(r"(https?://)(?:[^/\s@]{0,200}@)?([^/\s?#]{1,253})[/?#][^\s\"]*")
_NUMBER = re.compile(r"(?<![\w.-])(?!\d{4}-\d\d-\d\d)\+?\d[\d ().-]{5,40}\d(?![\w-])")
_DIGITS_MIN = 9
"""Fewer digits without a plus before them are amounts, years and the like."""


def redacted(body: bytes) -> str:
    """A stored body, indented; what is no JSON is not shown at all."""
    try:
        document = json.loads(body)
        return json.dumps(_masked(document, ""), indent=2)
    except (ValueError, RecursionError):
        return f"({len(body)} bytes that are not JSON)"


def redacted_text(text: str) -> str:
    """A sentence, such as an error that quotes its provider.

    >>> redacted_text("no account for aline@example.rw, +250 788 000 000, at https://pay.example/p/8c1f?t=x")
    'no account for a***@example.rw, +25***00, at https://pay.example/***'
    """
    text = _LOOKS_SECRET.sub(MASK, text)
    text = _ADDRESS.sub(rf"\1\2/{MASK}", text)
    text = _EMAIL.sub(lambda found: _email(found[0]), text)
    return _NUMBER.sub(lambda found: _number(found[0]), text)


def _masked(value: Any, field: str) -> Any:
    words = _words(field)
    if value is None or isinstance(value, bool) or words[-1] == "check":  # pass or fail
        return value
    if _SECRET.intersection(words) or any(name in " ".join(words) for name in _KEY):
        return MASK
    if isinstance(value, Mapping):
        above = field if _PERSON.union(_PHONE).intersection(words) else ""
        return {redacted_text(name): _masked(inner, f"{above} {name}") for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, field) for inner in value]
    if _PHONE.intersection(words):
        return _short(str(value), 3, 2)
    if " ".join(words) not in _NAMES and _PERSON.intersection(words):
        return _short(str(value), 1, 0)
    return redacted_text(value) if isinstance(value, str) else value


def _words(field: str) -> list[str]:
    """`clientSecret`, `client_secret` and `client-secrets` are the same."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", field)
    words = [word for word in re.split(r"[^a-z0-9]+", parted.lower()) if word]
    return [word if word in _ENDS_IN_S else word.removesuffix("s") for word in words] or [""]


def _email(text: str) -> str:
    name, _, host = text.partition("@")
    return f"{name[:1]}{MASK}@{host}"


def _number(text: str) -> str:
    digits = sum(character.isdigit() for character in text)
    if not text.startswith("+") and digits < _DIGITS_MIN:
        return text
    return _short(text, 3, 2)


def _short(text: str, first: int, last: int) -> str:
    """Its ends, where enough between them stays hidden."""
    if len(text) < 2 * (first + last):
        return MASK
    return f"{text[:first]}{MASK}{text[len(text) - last :]}"
