"""Delivering events to the webhook endpoint: signed, at least once, in parallel, in no order."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

import requests

from billing_sandbox.faults import Faults
from billing_sandbox.store import Condition, Json, Store

_WORKERS = 16
_CLAIM_MAX = 200
_TIMEOUT_SECONDS = 10
_BACKOFF_FIRST_SECONDS = 0.2
_BACKOFF_MAX_SECONDS = 10.0
_GIVE_UP_SECONDS = 3 * 86_400
_IDLE_SECONDS = 1.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'lost')),
    attempts INTEGER NOT NULL DEFAULT 0,
    begun REAL NOT NULL,
    due REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_of_event ON deliveries (event_id, state);
UPDATE deliveries SET state = 'waiting' WHERE state = 'sending';
"""
_CLAIM = (
    "UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE id IN "
    "(SELECT id FROM deliveries WHERE state = 'waiting' AND due <= ? ORDER BY due LIMIT ?) "
    "RETURNING id, event_id, attempts, begun"
)


class Deliveries:
    """The deliveries owed, and the threads that make them; times here are real ones."""

    def __init__(self, store: Store, faults: Faults, secret: str, url: Callable[[], str | None]) -> None:
        """Nothing is delivered, and nothing lost, while `url` gives None."""
        self._store = store
        self._faults = faults
        self._secret = secret
        self._url = url
        self._claimed: SimpleQueue[tuple[int, str, int, float]] = SimpleQueue()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        store.define(_SCHEMA)

    def start(self) -> None:
        """Deliver from now on, what an earlier process left included."""
        threading.Thread(target=self._dispatch, daemon=True).start()
        for _ in range(_WORKERS):
            threading.Thread(target=self._work, daemon=True).start()

    def stop(self) -> None:
        """Begin no more deliveries."""
        self._stopped.set()
        self._wake.set()

    def wake(self) -> None:
        """Look again now: the address has changed."""
        self._wake.set()

    def announce(self, event: Json) -> None:
        """Owe the event's delivery, in the caller's transaction, or what a fault makes of it."""
        fault = self._faults.take(f"stripe.webhooks.deliver.{event['type']}")
        kind = fault.kind if fault else None
        if kind == "lose":
            self._owe(event["id"], state="lost")
        elif fault and kind in ("delay", "slow"):
            self._owe(event["id"], after_seconds=1.0 if fault.seconds is None else fault.seconds)
        else:
            # An answer that is lost makes a second delivery, just as a duplicate is one.
            for _ in range(2 if kind in ("duplicate", "lose_answer") else 1):
                self._owe(event["id"])

    def resend(self, event_id: str) -> None:
        """Deliver once more, now."""
        with self._store.transaction():
            self._owe(event_id)

    def summaries(self) -> dict[str, Json]:
        """`{"delivered", "attempts"}` by event id."""
        rows = self._store.execute(
            "SELECT event_id, COUNT(*) FILTER (WHERE state = 'delivered') AS delivered, "
            "COUNT(*) FILTER (WHERE state IN ('waiting', 'sending')) AS pending, "
            "SUM(attempts) AS attempts FROM deliveries GROUP BY event_id"
        )
        return {
            event_id: {"delivered": bool(delivered and not pending), "attempts": attempts}
            for event_id, delivered, pending, attempts in rows
        }

    def _owe(self, event_id: str, *, state: str = "waiting", after_seconds: float = 0.0) -> None:
        self._store.execute(
            "INSERT INTO deliveries (event_id, state, begun, due) VALUES (?, ?, ?, ?)",
            (event_id, state, time.time(), time.time() + after_seconds),
        )
        self._wake.set()

    def _dispatch(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            if self._url():
                for row in self._store.execute(_CLAIM, (time.time(), _CLAIM_MAX)):
                    self._claimed.put(tuple(row))
            self._wake.wait(self._pause_seconds())

    def _pause_seconds(self) -> float:
        rows = self._store.execute("SELECT MIN(due) FROM deliveries WHERE state = 'waiting'")
        due = rows[0][0]
        if due is None or not self._url():
            return _IDLE_SECONDS
        return float(min(max(due - time.time(), 0.0), _IDLE_SECONDS))

    def _work(self) -> None:
        http = requests.Session()
        http.trust_env = False
        while not self._stopped.is_set():
            delivery_id, event_id, attempts, begun = self._claimed.get()
            if self._post(http, event_id):
                self._record(delivery_id, "delivered")
            elif time.time() > begun + _GIVE_UP_SECONDS:
                self._record(delivery_id, "lost")
            else:
                pause = _BACKOFF_FIRST_SECONDS * 2 ** min(attempts - 1, 10)
                self._record(delivery_id, "waiting", due=time.time() + min(pause, _BACKOFF_MAX_SECONDS))
                self._wake.set()

    def _record(self, delivery_id: int, state: str, *, due: float = 0.0) -> None:
        sql = "UPDATE deliveries SET state = ?, due = ? WHERE id = ?"
        self._store.execute(sql, (state, due, delivery_id))

    def _post(self, http: requests.Session, event_id: str) -> bool:
        url, event = self._url(), self._store.get("event", event_id)
        if url is None or event is None:
            return False
        payload = json.dumps(event, indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(payload, self._secret, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            answer = http.post(url, data=payload, headers=headers, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
        except requests.RequestException:
            return False
        return 200 <= answer.status_code < 300


def delivered(wanted: bool) -> Condition:
    """The condition that an event has (or has not) reached the endpoint."""
    reached = (
        "id IN (SELECT event_id FROM deliveries WHERE state = 'delivered') AND id NOT IN "
        "(SELECT event_id FROM deliveries WHERE state IN ('waiting', 'sending'))"
    )
    return (reached if wanted else f"NOT ({reached})"), ()


def pending(store: Store, event_id: str) -> int:
    """How many endpoints are still to be told of an event: one or none."""
    sql = "SELECT 1 FROM deliveries WHERE event_id = ? AND state IN ('waiting', 'sending') LIMIT 1"
    return len(store.execute(sql, (event_id,)))


def signature(payload: bytes, secret: str, timestamp: int) -> str:
    """The `Stripe-Signature` header: HMAC-SHA256 of `timestamp.payload`, scheme v1."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
