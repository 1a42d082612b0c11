"""The one registrar account of the sandbox: random at the first start, then kept."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from billing_sandbox.epp.certificates import write_private


@dataclass(frozen=True)
class Credentials:
    """A client identifier of 3 to 16 characters and a password of 6 to 16 (RFC 5730 §2.9.1.1)."""

    username: str
    password: str = field(repr=False)

    def match(self, username: str, password: str) -> bool:
        """Whether these are the account's own, told in constant time."""
        given, own = f"{username}\n{password}", f"{self.username}\n{self.password}"
        return hmac.compare_digest(given.encode(), own.encode())


def credentials(path: Path) -> Credentials:
    """The account kept in the file; a new one where there is none."""
    if not path.exists():
        made = Credentials(f"rar-{secrets.token_hex(4)}", secrets.token_hex(8))
        write_private(path, json.dumps(asdict(made)).encode())
    return Credentials(**json.loads(path.read_text()))
