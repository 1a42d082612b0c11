"""Declared parameters: each endpoint lists what it accepts, and this reads it as strictly as Stripe does."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.form import Raw, Tree
from billing_sandbox.stripe.money import CURRENCIES

_METADATA_KEYS_MAX = 50
_METADATA_KEY_LENGTH_MAX = 40
_METADATA_VALUE_LENGTH_MAX = 500


@dataclass(frozen=True, kw_only=True)
class Parameter(ABC):
    """One accepted parameter."""

    required: bool = False

    @abstractmethod
    def read(self, raw: Raw, name: str) -> Any:
        """The value of what was sent under this full name, or a StripeError."""


Fields = Mapping[str, Parameter]


@dataclass(frozen=True, kw_only=True)
class Text(Parameter):
    """A string that is not empty."""

    length_max: int = 5000

    def read(self, raw: Raw, name: str) -> str:
        if isinstance(raw, dict):
            raise StripeError(f"Invalid string: {name}", param=name)
        if not raw:
            raise StripeError(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a "
                f"parameter; however '{name}' cannot be unset. You should remove '{name}' from your request "
                "or supply a non-empty value.",
                code="parameter_invalid_empty",
                param=name,
            )
        if len(raw) > self.length_max:
            raise StripeError(f"Invalid string: {name} must be at most {self.length_max} characters", param=name)
        return raw


@dataclass(frozen=True, kw_only=True)
class Whole(Parameter):
    """An integer within bounds."""

    least: int = 0
    most: int = 2**53

    def read(self, raw: Raw, name: str) -> int:
        text = Text().read(raw, name)
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise StripeError(f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
        value = int(text)
        if not self.least <= value <= self.most:
            raise StripeError(f"This value must be from {self.least} to {self.most}.", param=name)
        return value


@dataclass(frozen=True, kw_only=True)
class Flag(Parameter):
    """`true` or `false`."""

    def read(self, raw: Raw, name: str) -> bool:
        if raw not in ("true", "false"):
            raise StripeError(f"Invalid boolean: {raw}", param=name)
        return raw == "true"


@dataclass(frozen=True)
class Choice(Parameter):
    """One of a closed set of words."""

    options: tuple[str, ...]

    def read(self, raw: Raw, name: str) -> str:
        value = Text().read(raw, name)
        if value not in self.options:
            raise StripeError(f"Invalid {name}: must be one of {', '.join(self.options)}", param=name)
        return value


@dataclass(frozen=True, kw_only=True)
class Currency(Parameter):
    """An ISO 4217 code that Stripe charges in, in lower case from here on."""

    def read(self, raw: Raw, name: str) -> str:
        value = Text().read(raw, name).lower()
        if value not in CURRENCIES:
            supported = ", ".join(sorted(CURRENCIES))
            message = f"Invalid currency: {value}. Stripe currently supports these currencies: {supported}"
            raise StripeError(message, param=name)
        return value


@dataclass(frozen=True, kw_only=True)
class Url(Parameter):
    """An absolute web address."""

    def read(self, raw: Raw, name: str) -> str:
        value = Text().read(raw, name)
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise StripeError("Not a valid URL", code="url_invalid", param=name)
        return value


@dataclass(frozen=True, kw_only=True)
class Metadata(Parameter):
    """Free keys and values; an empty value unsets the key, an empty whole unsets all."""

    def read(self, raw: Raw, name: str) -> dict[str, str]:
        if raw == "":
            return {}
        if isinstance(raw, str):
            raise StripeError("Invalid hash", param=name)
        if len(raw) > _METADATA_KEYS_MAX:
            raise StripeError(f"You can have at most {_METADATA_KEYS_MAX} metadata keys", param=name)
        metadata = {}
        for key, value in raw.items():
            if isinstance(value, dict) or len(value) > _METADATA_VALUE_LENGTH_MAX:
                message = f"Metadata values must be strings of at most {_METADATA_VALUE_LENGTH_MAX} characters"
                raise StripeError(message, param=f"{name}[{key}]")
            if len(key) > _METADATA_KEY_LENGTH_MAX:
                message = f"Metadata keys must be at most {_METADATA_KEY_LENGTH_MAX} characters"
                raise StripeError(message, param=f"{name}[{key}]")
            metadata[key] = value
        return metadata


@dataclass(frozen=True)
class Unsettable(Parameter):
    """A parameter that an empty string takes away."""

    of: Parameter

    def read(self, raw: Raw, name: str) -> Any:
        return None if raw == "" else self.of.read(raw, name)


@dataclass(frozen=True)
class Group(Parameter):
    """A set of named parameters of its own."""

    fields: Fields

    def read(self, raw: Raw, name: str) -> dict[str, Any]:
        if isinstance(raw, str):
            raise StripeError("Invalid object", param=name)
        return read_parameters(raw, self.fields, name)


@dataclass(frozen=True)
class Many(Parameter):
    """A list."""

    of: Parameter
    length_max: int = 100

    def read(self, raw: Raw, name: str) -> list[Any]:
        if isinstance(raw, str) or not all(index.isdecimal() for index in raw):
            raise StripeError("Invalid array", param=name)
        if len(raw) > self.length_max:
            raise StripeError(f"Array {name} exceeded maximum {self.length_max} allowed elements.", param=name)
        in_order = sorted(raw.items(), key=lambda item: int(item[0]))
        return [self.of.read(value, f"{name}[{index}]") for index, value in in_order]


@dataclass(frozen=True)
class Moment(Parameter):
    """Unix seconds, or one of these words, such as `now`."""

    words: tuple[str, ...] = ()

    def read(self, raw: Raw, name: str) -> int | str:
        return raw if isinstance(raw, str) and raw in self.words else Whole().read(raw, name)


@dataclass(frozen=True, kw_only=True)
class TimeRange(Parameter):
    """A moment, or bounds `gt`, `gte`, `lt`, `lte`; in Unix seconds."""

    def read(self, raw: Raw, name: str) -> dict[str, int]:
        if isinstance(raw, str):
            moment = Whole().read(raw, name)
            return {"gte": moment, "lte": moment}
        return read_parameters(raw, {bound: Whole() for bound in ("gt", "gte", "lt", "lte")}, name)


def read_parameters(tree: Tree, fields: Fields, within: str = "") -> dict[str, Any]:
    """What was sent, read by its declarations; the unknown and the missing are refused."""
    values = {}
    for key, raw in tree.items():
        name = f"{within}[{key}]" if within else key
        if key not in fields:
            raise StripeError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
        values[key] = fields[key].read(raw, name)
    for key, field in fields.items():
        if field.required and key not in values:
            name = f"{within}[{key}]" if within else key
            raise StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return values
