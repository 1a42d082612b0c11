"""Notifications of the in-memory provider: written, signed, and proven to be its own."""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from billing.application.ports import Clock, Forged

SIGNATURE = "Memory-Signature"
_SKEW_MAX_SECONDS = 300


class Notices:
    """Every notification that was made, and one secret that signs them; `now` is the real clock."""

    told: list[tuple[datetime, bytes]]
    _now: Clock
    _secret: bytes

    def tell(self, type: str, **details: object) -> bytes:
        """A new notification of that type."""
        told = {"id": f"ntf_{len(self.told) + 1}", "type": type, **details}
        self.told.append((self._now(), json.dumps(told, sort_keys=True).encode()))
        return self.told[-1][1]

    def sign(self, body: bytes, signed_at: int | None = None) -> dict[str, str]:
        """The headers that prove it; signed now unless at a given Unix second."""
        at = int(self._now().timestamp()) if signed_at is None else signed_at
        return {SIGNATURE: f"{at},{self._digest(body, at)}"}

    def _signed_ago(self, body: bytes, headers: Mapping[str, str]) -> int:
        """How many seconds ago it was signed; Forged where it was not, or not now."""
        given = {name.lower(): value for name, value in headers.items()}.get(SIGNATURE.lower(), "")
        sent, _, digest = given.partition(",")
        if not sent.isdecimal() or not hmac.compare_digest(digest.encode(), self._digest(body, int(sent)).encode()):
            raise Forged("its signature does not fit")
        age = int(self._now().timestamp()) - int(sent)
        if abs(age) > _SKEW_MAX_SECONDS:
            raise Forged(f"it was signed {age} s ago")
        return age

    def _digest(self, body: bytes, at: int) -> str:
        return hmac.new(self._secret, b"%d." % at + body, sha256).hexdigest()


def read_notice(body: bytes) -> tuple[str, str]:
    """The id of a notification and its type; Forged where it is none."""
    try:
        told = json.loads(body)
        return str(told["id"]), str(told["type"])
    except (ValueError, KeyError, TypeError) as wrong:
        raise Forged("it is no notification") from wrong
