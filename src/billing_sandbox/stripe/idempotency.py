"""Idempotency keys, as Stripe's v1 API honours them: the first result under a key is the only one.

Source: https://docs.stripe.com/api/idempotent_requests
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from billing_sandbox.store import Json, Store
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.form import Tree

_KEPT_SECONDS = 24 * 3600
_KEY_LENGTH_MAX = 255


@dataclass(frozen=True)
class Answer:
    """A result that may be given again."""

    status: int
    body: Json
    request_id: str
    replayed: bool = False


class IdempotencyKeys:
    """The keys in use now, and the results of those used within a day of the business clock."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._running: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def claimed(self, key: str | None) -> Iterator[None]:
        """Have the key to oneself; a second request at the same time is refused with 409."""
        if key is None:
            yield
            return
        if not 0 < len(key) <= _KEY_LENGTH_MAX:
            raise StripeError(f"Idempotency keys have from 1 to {_KEY_LENGTH_MAX} characters.")
        with self._lock:
            if key in self._running:
                raise StripeError(
                    "There is currently another in-progress request using this Idempotent Key (that probably "
                    "means you submitted twice, and the other request is still going through): "
                    f"{key}. Please try again later.",
                    status=409,
                    code="idempotency_key_in_use",
                )
            self._running.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(key)

    def earlier(self, key: str, path: str, parameters: Tree) -> Answer | None:
        """The first result under this key, or None; another request under it is refused."""
        kept = self._store.get("idempotency", key)
        if kept is None or kept["created"] + _KEPT_SECONDS < self._now().timestamp():
            return None
        if kept["path"] != path:
            raise _reused(key, f"for the same endpoint they were first used for ('{kept['path']}')")
        if kept["fingerprint"] != _fingerprint(parameters):
            raise _reused(key, "with the same parameters they were first used with")
        return Answer(kept["status"], kept["body"], kept["request_id"], replayed=True)

    def remember(self, key: str, path: str, parameters: Tree, answer: Answer) -> None:
        """Keep the result, in the transaction of what it tells of."""
        kept = {
            "id": key,
            "created": int(self._now().timestamp()),
            "path": path,
            "fingerprint": _fingerprint(parameters),
            "status": answer.status,
            "body": answer.body,
            "request_id": answer.request_id,
        }
        self._store.put("idempotency", kept)


def _fingerprint(parameters: Tree) -> str:
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


def _reused(key: str, how: str) -> StripeError:
    message = f"Keys for idempotent requests can only be used {how}. Try using a key other than '{key}'"
    return StripeError(f"{message} if you meant to execute a different request.", type="idempotency_error")
