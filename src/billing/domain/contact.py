"""Who registers a name, within the limits a registry sets (RFC 5733), and the rules for the parts of an address."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from billing.domain.errors import InvalidContact

# ISO 3166-1 alpha-2, the 249 officially assigned codes (as in iso3166.tab of the IANA time zone database).
_COUNTRY_CODES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_COUNTRY_CODES.split())

_LINE_CHARS_MAX = 255
_POSTAL_CODE_CHARS_MAX = 16
_PHONE_CHARS_MAX = 17
_EMAIL_CHARS_MAX = 254
_STREET_LINES_MAX = 3
_PHONE = re.compile(r"\+[0-9]{1,3}\.[0-9]{1,14}")
_EMAIL = re.compile(r"[!-?A-~]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
# Control characters and the code points XML cannot carry.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Cn"})

_Rule = Callable[[object], str | None]


def line_problem(value: object, chars_max: int = _LINE_CHARS_MAX) -> str | None:
    """Why this is not one line of text (postalLineType, RFC 5733 §4), or None.

    >>> line_problem("  ")
    'must not be blank'
    """
    if value is None:
        return "is required"
    if not isinstance(value, str):
        return "must be text"
    if not value.strip():
        return "must not be blank"
    if len(value) > chars_max:
        return f"must have at most {chars_max} characters"
    if any(unicodedata.category(char) in _UNPRINTABLE for char in value):
        return "must be one line without control characters"
    return None


def email_problem(value: object) -> str | None:
    """Why this does not look like an ASCII mail address (RFC 5321 §4.1.2), or None.

    >>> email_problem("ada@example"), email_problem("ada@example.rw")
    ('must look like name@example.com', None)
    """
    problem = line_problem(value, _EMAIL_CHARS_MAX)
    if problem is None and not _EMAIL.fullmatch(str(value)):
        return "must look like name@example.com"
    return problem


def country_problem(value: object) -> str | None:
    """Why this is not an assigned ISO 3166-1 alpha-2 code in upper case, or None.

    >>> country_problem("rw"), country_problem("RW")
    ('must be an upper-case ISO 3166-1 alpha-2 code', None)
    """
    problem = line_problem(value)
    if problem is None and value not in COUNTRIES:
        return "must be an upper-case ISO 3166-1 alpha-2 code"
    return problem


def _phone_problem(value: object) -> str | None:
    problem = line_problem(value, _PHONE_CHARS_MAX)
    if problem is None and not _PHONE.fullmatch(str(value)):
        return "must look like +250.788000000 (country code, dot, number)"
    return problem


def _street_problem(value: object) -> str | None:
    if value is None:
        return "is required"
    if not isinstance(value, tuple) or not 1 <= len(value) <= _STREET_LINES_MAX:
        return f"must be a list of 1 to {_STREET_LINES_MAX} lines"
    problems = ((number, line_problem(line)) for number, line in enumerate(value, start=1))
    return next((f"line {number} {problem}" for number, problem in problems if problem), None)


def _optional(rule: _Rule) -> _Rule:
    return lambda value: None if value is None else rule(value)


_RULES: Mapping[str, _Rule] = {
    "name": line_problem,
    "organization": _optional(line_problem),
    "email": email_problem,
    "phone": _phone_problem,
    "street": _street_problem,
    "city": line_problem,
    "region": _optional(line_problem),
    "postal_code": _optional(lambda value: line_problem(value, _POSTAL_CODE_CHARS_MAX)),
    "country": country_problem,
}


def _problems(fields: Mapping[str, object]) -> dict[str, str]:
    found = {field: rule(fields[field]) for field, rule in _RULES.items()}
    return {field: problem for field, problem in found.items() if problem is not None}


@dataclass(frozen=True, slots=True)
class Contact:
    """A registrant that a registry will take: phone as `+CC.NUMBER`, one to three street lines (RFC 5733 §2).

    `InvalidContact` names every wrong field at once. A registrar that needs region or postal code says so itself.

    >>> Contact("Ada", None, "ada@example.rw", "+250.788000000", ("KN 5 Rd",), "Kigali", None, None, "RW").country
    'RW'
    """

    name: str
    organization: str | None
    email: str
    phone: str
    street: tuple[str, ...]
    city: str
    region: str | None
    postal_code: str | None
    country: str

    def __post_init__(self) -> None:
        if problems := _problems({field: getattr(self, field) for field in _RULES}):
            raise InvalidContact(problems)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read a JSON object whose keys are the field names; `InvalidContact` names unknown keys too.

        >>> Contact.from_document({"name": "Ada", "fax": "1"})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        billing.domain.errors.InvalidContact: ...'fax': 'is not a field of a contact'...
        """
        unknown = {key: "is not a field of a contact" for key in document if key not in _RULES}
        fields: dict[str, Any] = {field: document.get(field) for field in _RULES}
        if isinstance(fields["street"], list):
            fields["street"] = tuple(fields["street"])
        if problems := unknown | _problems(fields):
            raise InvalidContact(problems)
        return cls(**fields)

    def to_document(self) -> dict[str, Any]:
        """A JSON object with every field by its name; what is absent is null.

        >>> ada = Contact("Ada", None, "ada@example.rw", "+250.788000000", ("KN 5 Rd",), "Kigali", None, None, "RW")
        >>> Contact.from_document(ada.to_document()) == ada
        True
        """
        return {**asdict(self), "street": list(self.street)}
