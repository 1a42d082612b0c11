"""The mails that were taken: read once when they come, kept with their source."""

import base64
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import cast

from billing_sandbox.store import Json, Store

_KIND, _SOURCE = "mail", "mail_source"


class Letters:
    """The mails in the store, in the order they came."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> str:
        """Keep a mail as it came; gives its id."""
        letter: Json = {"id": f"mail_{secrets.token_hex(8)}", "received_at": self._now().isoformat()}
        letter |= _read(message_from_bytes(content, _class=EmailMessage, policy=SMTP))
        letter |= {"sender": sender, "to": list(recipients)}
        with self._store.transaction():
            self._store.put(_KIND, letter)
            self._store.put(_SOURCE, {"id": letter["id"], "base64": base64.b64encode(content).decode()})
        return str(letter["id"])

    def all(self) -> list[Json]:
        """Every mail, oldest first."""
        return self._store.find(_KIND, newest_first=False)

    def get(self, id: str) -> Json | None:
        """One mail, or None."""
        return self._store.get(_KIND, id)

    def source(self, id: str) -> bytes | None:
        """One mail as it came over the wire, or None."""
        kept = self._store.get(_SOURCE, id)
        return base64.b64decode(kept["base64"]) if kept else None

    def delete(self, id: str | None = None) -> int:
        """Forget one mail, or all; gives how many there were."""
        with self._store.transaction():
            self._store.delete(_SOURCE, id)
            return self._store.delete(_KIND, id)


def _read(message: EmailMessage) -> Json:
    """What people and tests want to know of a mail; a header that is given twice has a line for each."""
    headers: dict[str, str] = {}
    for name, value in message.items():
        headers[name] = f"{headers[name]}\n{value}" if name in headers else str(value)
    return {
        "from": str(message.get("From", "")),
        "subject": str(message.get("Subject", "")),
        "message_id": str(message.get("Message-ID", "")),
        "headers": headers,
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
        "attachments": [part.get_filename() or "" for part in message.iter_attachments()],
    }


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    if part is None:
        return None
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except LookupError:  # a character set that nobody knows
        return cast(bytes, part.get_payload(decode=True)).decode("ascii", "replace")
