"""Notifications as Stripe signs them. https://docs.stripe.com/webhooks#verify-manually"""

import hashlib
import hmac
import json
import secrets
import time
from copy import deepcopy
from typing import Any

EVENT_ID = "evt_NEW_EVENT_ID"
"""Stands in a template where every delivery has an id of its own."""


def signature(body: bytes, secret: str) -> str:
    """The `Stripe-Signature` header of this second."""
    signed_at = int(time.time())
    digest = hmac.new(secret.encode(), f"{signed_at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={signed_at},v1={digest}"


def body_of(event: Any) -> str:
    """The text that is delivered."""
    return json.dumps(event, indent=2)


def template_of(event: Any) -> str:
    """The same event, to be delivered under ever new ids."""
    like = deepcopy(event)
    like["id"] = EVENT_ID
    return body_of(like)


def new_event_id() -> str:
    """As long as Stripe's own."""
    return f"evt_1{secrets.token_hex(12)}"


def stranger() -> dict[str, Any]:
    """A genuine event about a payment that is nobody's here, as long as those about ours."""
    intent = {
        "id": f"pi_3{secrets.token_hex(12)}",
        "object": "payment_intent",
        "amount": 500,
        "amount_received": 500,
        "currency": "usd",
        "latest_charge": f"ch_3{secrets.token_hex(12)}",
        "livemode": False,
        "metadata": {"order": "of another shop"},
        "payment_method": f"pm_1{secrets.token_hex(12)}",
        "status": "succeeded",
        "description": "x" * 1500,
    }
    return {
        "id": new_event_id(),
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "data": {"object": intent},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "payment_intent.succeeded",
    }
