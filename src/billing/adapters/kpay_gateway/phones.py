"""Phone numbers as people in Rwanda write them, and whose network they are on."""

import re
from dataclasses import dataclass

import phonenumbers

from billing.domain.errors import Invalid

_WRITTEN = re.compile(r"[+0-9 ().\-/]{3,40}")
_RWANDA = "RW"
_OPERATORS = {"78": "MTN", "79": "MTN", "72": "Airtel", "73": "Airtel"}
"""By the first digits after +250, as in phonenumbers' `carrier`, which costs 45 MB a process; a test compares them."""


@dataclass(frozen=True)
class Phone:
    """A number in E.164; `operator` is None where it is not told by the number."""

    e164: str
    operator: str | None
    is_rwandan_mobile: bool


def read_phone(text: str) -> Phone:
    """Invalid where it is none; without a country it is Rwanda's.

    >>> read_phone("0788 123-456"), read_phone("788123456").e164, read_phone("250728123456").operator
    (Phone(e164='+250788123456', operator='MTN', is_rwandan_mobile=True), '+250788123456', 'Airtel')
    """
    try:
        if not _WRITTEN.fullmatch(text.strip()):
            raise Invalid("phone", "must be a phone number, such as 0788 123 456")
        number = phonenumbers.parse(text.strip(), _RWANDA)
    except phonenumbers.NumberParseException as wrong:
        raise Invalid("phone", "must be a phone number, such as 0788 123 456") from wrong
    if not phonenumbers.is_valid_number(number):
        raise Invalid("phone", "there is no such number; in Rwanda it looks like 0788 123 456")
    is_rwandan = phonenumbers.region_code_for_number(number) == _RWANDA
    is_mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    return Phone(
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        operator=_OPERATORS.get(str(number.national_number)[:2]) if is_rwandan and is_mobile else None,
        is_rwandan_mobile=is_rwandan and is_mobile,
    )
