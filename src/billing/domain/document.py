"""Strict reading of a parsed TOML or JSON document, whose errors name the exact path."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from billing.domain.errors import Invalid

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a document and its path there, written as TOML writes keys.

    >>> Node({"tlds": {"co.rw": {}}}).member("tlds").member("co.rw").path
    'tlds."co.rw"'
    """

    value: object
    path: str = ""

    def refuse(self, why: str) -> Invalid:
        """The error that names this node, for the caller to raise."""
        return Invalid(self.path or "document", why)

    def members(self) -> dict[str, "Node"]:
        """The members of a table with free keys; `Invalid` unless it is one.

        >>> list(Node({"RWF": 18000}).members())
        ['RWF']
        """
        if not isinstance(self.value, Mapping):
            raise self.refuse("must be a table")
        return {key: self._below(key, value) for key, value in self.value.items()}

    def record(self, *required: str, optional: tuple[str, ...] = ()) -> "Node":
        """This node, once it is known as a table with all the required keys and no unknown ones.

        >>> Node({"name": "Pro", "nmae": "Pro"}).record("name")
        Traceback (most recent call last):
        ...
        billing.domain.errors.Invalid: nmae: is not a known key
        """
        members = self.members()
        for key, member in members.items():
            if key not in required + optional:
                raise member.refuse("is not a known key")
        for key in required:
            if key not in members:
                raise self._below(key, None).refuse("is missing")
        return self

    def member(self, key: str, default: object = None) -> "Node":
        """The member under that key, or the default under its path."""
        return self.members().get(key, self._below(key, default))

    def items(self) -> list["Node"]:
        """The elements of an array; `Invalid` unless it is one.

        >>> Node({"currencies": ["USD"]}).member("currencies").items()[0].path
        'currencies[0]'
        """
        if not isinstance(self.value, list):
            raise self.refuse("must be an array")
        return [Node(value, f"{self.path}[{index}]") for index, value in enumerate(self.value)]

    def text(self, chars_max: int = 255) -> str:
        """A text that is not blank; `Invalid` for anything else.

        >>> Node("Starter").text()
        'Starter'
        """
        if not isinstance(self.value, str) or not self.value.strip() or len(self.value) > chars_max:
            raise self.refuse(f"must be a text of 1 to {chars_max} characters")
        return self.value

    def number(self, least: int, most: int | None = None) -> int:
        """A whole number within bounds; `Invalid` for anything else, a float or a bool included.

        >>> Node(True, "years_max").number(least=1)
        Traceback (most recent call last):
        ...
        billing.domain.errors.Invalid: years_max: must be a whole number from 1
        """
        if type(self.value) is not int or self.value < least or (most is not None and self.value > most):
            bounds = f"from {least}" if most is None else f"from {least} to {most}"
            raise self.refuse(f"must be a whole number {bounds}")
        return self.value

    def _below(self, key: object, value: object) -> "Node":
        name = str(key) if _BARE_KEY.fullmatch(str(key)) else f'"{key}"'
        return Node(value, f"{self.path}.{name}" if self.path else name)
