"""Proof that a notification is Stripe's, fresh, and about this account's mode."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import stripe

from billing.adapters.stripe_gateway.events import READS
from billing.application.ports import Envelope, Forged
from billing.domain.errors import Invalid

SKEW_MAX_SECONDS = 300
"""Older is a replay; further in the future is a signature made to be replayed later, which Stripe's library takes."""

_SIGNATURE = "Stripe-Signature"
_SNAPSHOT, _THIN = "event", "v2.core.event"


@dataclass(frozen=True)
class WebhookVerifier:
    """Knows the endpoint's secrets, several while one is being replaced; `now` is the real clock."""

    secrets: Sequence[str] = field(repr=False)
    livemode: bool
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        if not self.secrets or not all(secret.strip() for secret in self.secrets):
            raise Invalid("webhook_secrets", "at least one is needed, and none may be blank")

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        """Forged, with the reason and nothing secret, where anything is wrong."""
        header = headers.get(_SIGNATURE) or _in_other_letters(headers)
        try:
            payload = body.decode()
        except UnicodeDecodeError as wrong:
            raise Forged("it is not UTF-8") from wrong
        signer = self._signer(payload, header)
        skew = self._skew_seconds(header)
        event = _parse(payload)
        kind = event.get("object")
        if kind == _SNAPSHOT:
            self._require_snapshot(event)
        elif kind != _THIN:
            raise Forged(f"it is signed, but no event: object is {kind!r}")
        return Envelope(
            event_id=_text(event, "id"),
            type=_text(event, "type"),
            api_version=event.get("api_version"),
            verdict=f"signed with secret {signer + 1} of {len(self.secrets)}, {skew} s ago",
            # A thin event has only the id of what it is about: our endpoint asks for snapshots.
            readable=kind == _SNAPSHOT and _text(event, "type") in READS,
        )

    def _signer(self, payload: str, header: str) -> int:
        if not header.isascii():  # the library can't compare it
            raise Forged("its signature is not ASCII")
        for index, secret in enumerate(self.secrets):
            try:
                stripe.WebhookSignature.verify_header(payload, header, secret)
            except stripe.SignatureVerificationError:
                continue
            return index
        raise Forged("no signature fits" if header else "it has no Stripe-Signature")

    def _skew_seconds(self, header: str) -> int:
        """How long ago it was signed; the header's first `t`, the one that was verified."""
        signed_at = next(int(part.split("=")[1]) for part in header.split(",") if part.startswith("t="))
        skew = int(self.now().timestamp()) - signed_at
        if abs(skew) > SKEW_MAX_SECONDS:
            raise Forged(f"it was signed {skew} s ago, not within {SKEW_MAX_SECONDS} s of now")
        return skew

    def _require_snapshot(self, event: Mapping[str, Any]) -> None:
        if event.get("livemode") is not self.livemode:
            raise Forged(f"its livemode is {event.get('livemode')!r}, our key's is {self.livemode}")
        data = event.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("object"), dict):
            raise Forged("it has no data.object")


def _in_other_letters(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == _SIGNATURE.lower()), "")


def _parse(payload: str) -> Mapping[str, Any]:
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError) as wrong:
        raise Forged("it is not JSON") from wrong
    if not isinstance(event, dict):
        raise Forged("it is no JSON object")
    return event


def _text(event: Mapping[str, Any], field: str) -> str:
    value = event.get(field)
    if not isinstance(value, str) or not value:
        raise Forged(f"it has no {field}")
    return value
