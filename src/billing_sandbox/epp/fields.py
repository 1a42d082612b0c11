"""Reading one command element: its children in the schema's order, each value checked and named."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from billing_sandbox.epp.documents import split
from billing_sandbox.epp.results import EppError, Field

VALUE_CHARS_MAX = 255
HANDLE = re.compile(r".{3,16}")


def token(element: Element) -> str:
    """The element's text as XML Schema's `token`: trimmed, inner white space single."""
    return " ".join((element.text or "").split())


class Fields:
    """The children of one element; anything unexpected or out of order is 2001."""

    def __init__(self, element: Element, *order: str) -> None:
        self.element = element
        self.uri = split(element.tag)[0]
        reached = 0
        for child in element:
            uri, name = split(child.tag)
            if uri != self.uri or name not in order[reached:]:
                raise EppError(2001, f"{name} is not expected here", Field(self.uri, name))
            reached = order.index(name)

    def children(self, name: str) -> list[Element]:
        """All children of that name."""
        return self.element.findall(f"{{{self.uri}}}{name}")

    def child(self, name: str) -> Element | None:
        """The one child of that name, if it is there; two are 2001."""
        found = self.children(name)
        if len(found) > 1:
            raise self.wrong(name, "", f"{name} is given {len(found)} times", code=2001)
        return found[0] if found else None

    def needed(self, name: str) -> Element:
        """The one child of that name; 2003 without it."""
        child = self.child(name)
        if child is None:
            raise self.missing(name)
        return child

    def optional(self, name: str, pattern: re.Pattern[str] | None = None) -> str:
        """The text of a child that may be absent or empty."""
        child = self.child(name)
        return "" if child is None else self.checked(name, token(child), pattern)

    def text(self, name: str, pattern: re.Pattern[str] | None = None) -> str:
        """The text of a child that must be there and not empty: 2003, or 2005 off its pattern."""
        value = token(self.needed(name))
        if not value:
            raise self.missing(name)
        return self.checked(name, value, pattern)

    def texts(self, name: str, pattern: re.Pattern[str] | None = None) -> list[str]:
        """The texts of all children of that name, none empty."""
        values = [token(child) for child in self.children(name)]
        if not all(values):
            raise self.missing(name)
        return [self.checked(name, value, pattern) for value in values]

    def checked(self, name: str, value: str, pattern: re.Pattern[str] | None) -> str:
        """The value itself; 2005 when it is too long or off its pattern."""
        if len(value) > VALUE_CHARS_MAX:
            raise self.wrong(name, value[:VALUE_CHARS_MAX], f"{name} is longer than {VALUE_CHARS_MAX} characters")
        if value and pattern is not None and not pattern.fullmatch(value):
            raise self.wrong(name, value, f"{name} is not of the required form")
        return value

    def password(self) -> str | None:
        """The `authInfo/pw` of this element, `None` where no authInfo is given."""
        info = self.child("authInfo")
        if info is None:
            return None
        choice = Fields(info, "pw", "ext")
        if choice.child("ext") is not None:
            raise self.wrong("ext", "", "only a password is understood", code=2102)
        secret = choice.needed("pw").text or ""
        if len(secret) > VALUE_CHARS_MAX:
            raise self.wrong("pw", "", f"pw is longer than {VALUE_CHARS_MAX} characters")
        return secret

    def needed_password(self) -> str:
        """The `authInfo/pw` of a create, which must not be empty."""
        secret = self.password()
        if not secret:
            raise self.missing("authInfo")
        return secret

    def missing(self, name: str) -> EppError:
        """2003, naming the element."""
        return self.wrong(name, "", f"{name} is required", code=2003)

    def wrong(self, name: str, value: str, reason: str, code: int = 2005) -> EppError:
        """An error that names one value of this element."""
        return EppError(code, reason, Field(self.uri, name, value))


def moment(text: str) -> datetime | None:
    """The moment in an EPP timestamp, or the midnight of a plain date; `None` if it is neither."""
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
