"""Who buys: the person or company that orders belong to and mails go to."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from billing.domain.contact import country_problem, email_problem, line_problem
from billing.domain.errors import Invalid

LANGUAGES = ("en", "fr")
_PHONE = re.compile(r"\+[1-9][0-9]{0,2}\.?[0-9]{4,14}")


@dataclass(eq=False, kw_only=True)
class Customer:
    """A customer; `version` counts the writes, so that two of them cannot overwrite each other.

    >>> from datetime import UTC
    >>> ada = Customer.open(id="cus_1", name="Ada", email="ada@example.rw", created_at=datetime(2027, 1, 1, tzinfo=UTC))
    >>> ada.change(language="fr", country="RW")
    >>> ada.language, ada.country
    ('fr', 'RW')
    """

    id: str
    name: str
    email: str
    phone: str | None
    country: str | None
    language: str
    created_at: datetime
    version: int = 1

    @classmethod
    def open(
        cls,
        *,
        id: str,
        name: str,
        email: str,
        created_at: datetime,
        phone: str | None = None,
        country: str | None = None,
        language: str = "en",
    ) -> Self:
        """A new customer; `Invalid` names the first field that cannot stand.

        >>> Customer.open(id="cus_1", name="Ada", email="nobody", created_at=datetime(2027, 1, 1))
        Traceback (most recent call last):
        ...
        billing.domain.errors.Invalid: email: must look like name@example.com
        """
        _require_valid({"name": name, "email": email, "phone": phone, "country": country, "language": language})
        if created_at.utcoffset() is None:
            raise Invalid("created_at", "must carry a time zone")
        return cls(
            id=id,
            name=name,
            email=email,
            phone=phone,
            country=country,
            language=language,
            created_at=created_at,
        )

    def change(self, **details: str | None) -> None:
        """Set name, email, phone, country or language: all that are given, or none of them (`Invalid`).

        None clears phone and country, which are optional.
        """
        _require_valid(details)
        for field, value in details.items():
            setattr(self, field, value)


def _phone_problem(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _PHONE.fullmatch(value):
        return "must be international (E.164), such as +250788000000"
    return None


def _language_problem(value: object) -> str | None:
    return None if value in LANGUAGES else f"must be one of {', '.join(LANGUAGES)}"


_RULES: Mapping[str, Callable[[object], str | None]] = {
    "name": line_problem,
    "email": email_problem,
    "phone": _phone_problem,
    "country": lambda value: None if value is None else country_problem(value),
    "language": _language_problem,
}


def _require_valid(details: Mapping[str, str | None]) -> None:
    for field, value in details.items():
        if field not in _RULES:
            raise Invalid(field, "cannot be changed")
        if problem := _RULES[field](value):
            raise Invalid(field, problem)
