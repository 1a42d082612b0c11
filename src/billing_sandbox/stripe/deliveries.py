"""Delivering events to the webhook endpoints: signed, at least once, in parallel, in no order."""

import hashlib
import hmac
import json
import time

import requests

from billing_sandbox.couriers import Couriers, backoff_seconds, fate
from billing_sandbox.faults import Faults
from billing_sandbox.store import Condition, Json, Store
from billing_sandbox.stripe.endpoints import Endpoint, Endpoints
from billing_sandbox.stripe.generations import render_event
from billing_sandbox.stripe.versions import NEWEST

_Delivery = tuple[int, str, str, str | None, int, float]
"""Its id, event, endpoint, body if not the event as kept, attempts, and when it was begun."""

_WORKERS = 16
_CLAIM_MAX = 200
_TIMEOUT_SECONDS = 10
_GIVE_UP_SECONDS = 3 * 86_400

_SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'lost')),
    attempts INTEGER NOT NULL DEFAULT 0,
    begun REAL NOT NULL,
    due REAL NOT NULL,
    endpoint TEXT NOT NULL DEFAULT '',
    body TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_of_event ON deliveries (event_id, state);
UPDATE deliveries SET state = 'waiting' WHERE state = 'sending';
"""
_REACHED = "(SUM(state = 'delivered') > 0 AND SUM(state IN ('waiting', 'sending')) = 0)"
"""Whether one endpoint was told of one event, over all deliveries of it there."""
_CLAIM = (
    "UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE id IN "
    "(SELECT id FROM deliveries WHERE state = 'waiting' AND due <= ? AND (endpoint <> '' OR ?) ORDER BY due LIMIT ?) "
    "RETURNING id, event_id, endpoint, body, attempts, begun"
)
_AGAIN = (
    "INSERT INTO deliveries (event_id, endpoint, body, state, begun, due) "
    "SELECT event_id, endpoint, MAX(body), 'waiting', ?, ? FROM deliveries WHERE event_id = ? GROUP BY endpoint"
)


class Deliveries:
    """The deliveries owed, and the threads that make them; times here are real ones."""

    def __init__(self, store: Store, faults: Faults, endpoints: Endpoints) -> None:
        """What is owed to the endpoint of the control call is kept while it has no address."""
        self._store = store
        self._faults = faults
        self._endpoints = endpoints
        self._couriers = Couriers(self._claim, self._next_due, self._deliver, _WORKERS)
        _bring_up_to_date(store)
        store.define(_SCHEMA)

    def start(self) -> None:
        """Deliver from now on, what an earlier process left included."""
        self._couriers.start()

    def stop(self) -> None:
        """Begin no more deliveries."""
        self._couriers.stop()

    def wake(self) -> None:
        """Look again now: the address has changed."""
        self._couriers.wake()

    def announce(self, event: Json) -> None:
        """Owe the event's deliveries, in the caller's transaction, or what a fault makes of them."""
        copies, state, pause = fate(self._faults.take(f"stripe.webhooks.deliver.{event['type']}"))
        for endpoint in self._endpoints.wanting(event["type"]):
            body = self._body(endpoint, event)
            for _ in range(copies):
                self._owe(event["id"], endpoint, body, state=state, after_seconds=pause)

    def announce_thin(self, event: Json) -> None:
        """Owe an event without contents to the endpoint of the control call."""
        with self._store.transaction():
            self._owe(event["id"], self._endpoints.controlled(), json.dumps(event))

    def resend(self, event_id: str) -> None:
        """Deliver once more, now, to everybody whom it was for."""
        with self._store.transaction():
            self._store.execute(_AGAIN, (time.time(), time.time(), event_id))
        self._couriers.wake()

    def summaries(self) -> dict[str, Json]:
        """`{"delivered", "attempts"}` by event id."""
        rows = self._store.execute(
            "SELECT event_id, MIN(reached) AS delivered, SUM(attempts) AS attempts FROM "
            f"(SELECT event_id, {_REACHED} AS reached, SUM(attempts) AS attempts FROM deliveries "
            "GROUP BY event_id, endpoint) GROUP BY event_id"
        )
        return {event_id: {"delivered": bool(reached), "attempts": attempts} for event_id, reached, attempts in rows}

    def _body(self, endpoint: Endpoint, event: Json) -> str | None:
        """The event in the shape of the endpoint's version; None where that is the shape in which it is kept."""
        if endpoint.version == NEWEST:
            return None
        return json.dumps(render_event(self._store, event, endpoint.version))

    def _owe(
        self, event_id: str, endpoint: Endpoint, body: str | None, *, state: str = "waiting", after_seconds: float = 0.0
    ) -> None:
        self._store.execute(
            "INSERT INTO deliveries (event_id, endpoint, body, state, begun, due) VALUES (?, ?, ?, ?, ?, ?)",
            (event_id, endpoint.id, body, state, time.time(), time.time() + after_seconds),
        )
        self._couriers.wake()

    def _claim(self) -> list[_Delivery]:
        rows = self._store.execute(_CLAIM, (time.time(), self._has_address(), _CLAIM_MAX))
        return [tuple(row) for row in rows]

    def _next_due(self) -> float | None:
        sql = "SELECT MIN(due) FROM deliveries WHERE state = 'waiting' AND (endpoint <> '' OR ?)"
        due: float | None = self._store.execute(sql, (self._has_address(),))[0][0]
        return due

    def _has_address(self) -> bool:
        """Whether the control call has said where its endpoint is."""
        return self._endpoints.controlled().url is not None

    def _deliver(self, http: requests.Session, delivery: _Delivery) -> None:
        delivery_id, event_id, endpoint_id, body, attempts, begun = delivery
        endpoint = self._endpoints.named(endpoint_id)
        if endpoint and self._post(http, endpoint, event_id, body):
            self._record(delivery_id, "delivered")
        elif endpoint is None or time.time() > begun + _GIVE_UP_SECONDS:
            self._record(delivery_id, "lost")
        else:
            self._record(delivery_id, "waiting", due=time.time() + backoff_seconds(attempts))
            self._couriers.wake()

    def _record(self, delivery_id: int, state: str, *, due: float = 0.0) -> None:
        sql = "UPDATE deliveries SET state = ?, due = ? WHERE id = ?"
        self._store.execute(sql, (state, due, delivery_id))

    def _post(self, http: requests.Session, endpoint: Endpoint, event_id: str, body: str | None) -> bool:
        event = json.loads(body) if body else self._store.get("event", event_id)
        if endpoint.url is None or event is None:
            return False
        payload = json.dumps(event, indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(payload, endpoint.secret, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            answer = http.post(
                endpoint.url, data=payload, headers=headers, timeout=_TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException:
            return False
        return 200 <= answer.status_code < 300


def delivered(wanted: bool) -> Condition:
    """The condition that an event has (or has not) reached everybody whom it is for."""
    missed = (
        "EXISTS (SELECT 1 FROM deliveries WHERE event_id = documents.id "
        f"GROUP BY deliveries.endpoint HAVING NOT {_REACHED})"
    )
    return (f"NOT {missed}" if wanted else missed), ()


def pending(store: Store, event_id: str) -> int:
    """How many endpoints are still to be told of an event."""
    sql = "SELECT COUNT(DISTINCT endpoint) FROM deliveries WHERE event_id = ? AND state IN ('waiting', 'sending')"
    return int(store.execute(sql, (event_id,))[0][0])


def signature(payload: bytes, secret: str, timestamp: int) -> str:
    """The `Stripe-Signature` header: HMAC-SHA256 of `timestamp.payload`, scheme v1."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def _bring_up_to_date(store: Store) -> None:
    """Give the table of a sandbox that was begun when there was one endpoint what it lacks."""
    known = {row["name"] for row in store.execute("PRAGMA table_info(deliveries)")}
    if known and "endpoint" not in known:
        store.execute("ALTER TABLE deliveries ADD COLUMN endpoint TEXT NOT NULL DEFAULT ''")
        store.execute("ALTER TABLE deliveries ADD COLUMN body TEXT")
