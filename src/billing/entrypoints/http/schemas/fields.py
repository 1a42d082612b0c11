"""Fields that are stricter than marshmallow's own, and those that speak the domain's values."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import idna
import phonenumbers
from marshmallow import Schema, ValidationError, fields, validate

from billing.domain.domain_name import DomainName
from billing.domain.errors import Invalid

_NAME_CHARS_MAX = 253
_URL_CHARS_MAX = 2000
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class Whole(validate.Regexp):
    """A pattern for the whole value: `$` alone would let a newline at the end pass."""

    def __call__(self, value: Any) -> Any:
        """The value, or ValidationError."""
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value


class Flag(fields.Boolean):
    """true or false, and neither "yes" nor 1."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Name(fields.String):
    """A domain name; other scripts are converted to A-labels here (UTS 46, RFC 5891)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return domain_name(super()._deserialize(value, attr, data, **kwargs))
        except Invalid as wrong:
            raise ValidationError(wrong.why) from wrong


class Hostname(Name):
    """A host's name as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return str(super()._deserialize(value, attr, data, **kwargs))


class Phone(fields.String):
    """A telephone number as registries write it; E.164 is converted."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        number = super()._deserialize(value, attr, data, **kwargs)
        return _registry_phone(number) if _E164.fullmatch(number) else number


class Country(fields.String):
    """An ISO 3166-1 alpha-2 code in any case."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return super()._deserialize(value, attr, data, **kwargs).upper()


class MoneySchema(Schema):
    """Whole minor units of a currency."""

    amount = fields.Integer(attribute="minor", required=True)
    currency = fields.String(required=True)


def domain_name(text: str) -> DomainName:
    """The name in A-labels; `Invalid` where it can't be one."""
    if len(text) > _NAME_CHARS_MAX:
        raise Invalid("domain", f"must have at most {_NAME_CHARS_MAX} characters")
    if text.isascii() and "xn--" not in text.lower():
        return DomainName(text)
    try:
        return DomainName(idna.encode(text, uts46=True).decode())
    except idna.IDNAError as wrong:
        raise Invalid("domain", "must be a name that IDNA 2008 allows") from wrong


def identifier(prefix: str = "", **options: Any) -> fields.String:
    """An id of ours; with a prefix, one of that kind."""
    pattern = rf"^{prefix}_[a-z0-9]{{1,60}}$" if prefix else r"^[A-Za-z0-9_-]{1,64}$"
    return fields.String(validate=Whole(pattern, error="Not an id."), **options)


def currency(**options: Any) -> fields.String:
    """An upper-case ISO 4217 code; the catalogue knows which are sold in."""
    rule = Whole(r"^[A-Z]{3}$", error="Must be three upper-case letters (ISO 4217).")
    return fields.String(validate=rule, **options)


def web_address(**options: Any) -> fields.String:
    """An absolute http or https address of bounded length."""
    rules: list[Callable[[Any], Any]] = [
        validate.Length(max=_URL_CHARS_MAX),
        Whole(r"^https?://[!-~]+$", error=_NOT_WEB),
        _require_host,
    ]
    return fields.String(validate=rules, **options)


_NOT_WEB = "Must be an absolute http or https address."


def _require_host(value: str) -> None:
    try:
        parts = urlsplit(value)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValidationError(_NOT_WEB)


def _registry_phone(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException as wrong:
        raise ValidationError("Not a telephone number.") from wrong
    return f"+{parsed.country_code}.{phonenumbers.national_significant_number(parsed)}"
