"""Column types: how the domain's values lie in a row."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Enum, String
from sqlalchemy.types import TypeDecorator

from billing.domain.catalogue import Cycle
from billing.domain.contact import Contact
from billing.domain.domain_name import DomainName
from billing.domain.money import Money
from billing.domain.purchase import PURCHASES, Purchase
from billing.domain.subscription_change import Change, ChangeKind

Id = String().with_variant(String(collation="C"), "postgresql")
"""An id: compared byte by byte, so that paging by it gives the same order on every database."""

Document = JSON(none_as_null=True)


class Moment(TypeDecorator[datetime]):
    """A time in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite gives back what was written, without its zone.
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Name(TypeDecorator[DomainName]):
    """A domain name as its text."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: DomainName | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> DomainName | None:
        return None if value is None else DomainName(value)


class Ids(TypeDecorator[list[str]]):
    """Ids as one text, spaces between them; none is NULL, as in rows from before there were any."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:
        return " ".join(value or ()) or None

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str]:
        return (value or "").split()


class ContactDocument(TypeDecorator[Contact]):
    """A contact as a JSON object."""

    impl = Document
    cache_ok = True

    def process_bind_param(self, value: Contact | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else value.to_document()

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> Contact | None:
        return None if value is None else Contact.from_document(value)


class Words(TypeDecorator[Mapping[str, str]]):
    """Texts by their keys, as a JSON object; where there are none, nothing."""

    impl = Document
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, str] | None, dialect: Dialect) -> dict[str, str] | None:
        return dict(value) if value else None

    def process_result_value(self, value: dict[str, str] | None, dialect: Dialect) -> Mapping[str, str]:
        return value or {}


class ChangeDocument(TypeDecorator[Change]):
    """What is wanted of a subscription, as a JSON object."""

    impl = Document
    cache_ok = True

    def process_bind_param(self, value: Change | None, dialect: Dialect) -> dict[str, Any] | None:
        if value is None:
            return None
        price = value.price and [value.price.minor, value.price.currency]
        return {"kind": value.kind.value, "plan": value.plan, "price": price}

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> Change | None:
        if value is None:
            return None
        price = value["price"] and Money(*value["price"])
        return Change(kind=ChangeKind(value["kind"]), plan=value["plan"], price=price)


class PurchaseDocument(TypeDecorator[Purchase]):
    """What was bought, as a JSON object whose `kind` says which of the purchases it is."""

    impl = Document
    cache_ok = True

    def process_bind_param(self, value: Purchase | None, dialect: Dialect) -> dict[str, Any] | None:
        if value is None:
            return None
        return {"kind": value.kind, **{f.name: _plain(getattr(value, f.name)) for f in fields(value)}}

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> Purchase | None:
        if value is None:
            return None
        details = {name: _READS.get(name, _as_is)(detail) for name, detail in value.items() if name != "kind"}
        return PURCHASES[value["kind"]](**details)


def _plain(value: object) -> object:
    match value:
        case DomainName():
            return value.value
        case tuple():
            return list(value)
    return value


def _as_is(value: Any) -> Any:
    return value


_READS: Mapping[str, Callable[[Any], Any]] = {
    "domain": lambda name: None if name is None else DomainName(name),
    "nameservers": tuple,
    "cycle": Cycle,
}


def status_of(statuses: type[StrEnum], name: str = "status") -> Enum:
    """A status as its word; a check of that name refuses any other."""
    return _words(statuses, name=name, create_constraint=True)


def word_of(words: type[StrEnum]) -> Enum:
    """A kind as its word; kinds come with releases, so the table does not list them."""
    return _words(words)


def _words(words: type[StrEnum], **options: Any) -> Enum:
    return Enum(
        words,
        native_enum=False,
        length=32,
        values_callable=lambda enum: [word.value for word in enum],
        **options,
    )
