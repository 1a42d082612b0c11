"""What a command ends in: a result code with the text of RFC 5730 §3, and what goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

MESSAGES = {
    1000: "Command completed successfully",
    1300: "Command completed successfully; no messages",
    1500: "Command completed successfully; ending session",
    2000: "Unknown command",
    2001: "Command syntax error",
    2002: "Command use error",
    2003: "Required parameter missing",
    2004: "Parameter value range error",
    2005: "Parameter value syntax error",
    2100: "Unimplemented protocol version",
    2101: "Unimplemented command",
    2102: "Unimplemented option",
    2103: "Unimplemented extension",
    2104: "Billing failure",
    2105: "Object is not eligible for renewal",
    2106: "Object is not eligible for transfer",
    2200: "Authentication error",
    2201: "Authorization error",
    2202: "Invalid authorization information",
    2300: "Object pending transfer",
    2301: "Object not pending transfer",
    2302: "Object exists",
    2303: "Object does not exist",
    2304: "Object status prohibits operation",
    2305: "Object association prohibits operation",
    2306: "Parameter value policy error",
    2307: "Unimplemented object service",
    2308: "Data management policy violation",
    2400: "Command failed",
    2500: "Command failed; server closing connection",
    2501: "Authentication error; server closing connection",
    2502: "Session limit exceeded; server closing connection",
}

CLOSING = frozenset({1500, 2500, 2501, 2502})


@dataclass(frozen=True)
class Field:
    """One element of a command, named so that an error can show which value it means."""

    uri: str
    name: str
    value: str = ""


@dataclass(frozen=True)
class Answer:
    """A result code, with the data or the objection that explains it."""

    code: int = 1000
    data: Element | None = None
    extension: Element | None = None
    reason: str = ""
    field: Field | None = None

    @property
    def closing(self) -> bool:
        """Whether the server ends the connection after this answer."""
        return self.code in CLOSING


class EppError(Exception):
    """The command is refused with a result code; nothing of it took effect."""

    def __init__(self, code: int, reason: str, field: Field | None = None) -> None:
        super().__init__(f"{code} {MESSAGES.get(code, '')}: {reason}")
        self.answer = Answer(code, reason=reason, field=field)
