"""Postbacks: told to the `returl` of a payment, a few times, until the merchant says that they came."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from billing_sandbox.couriers import Couriers, backoff_seconds, fate
from billing_sandbox.faults import Fault, Faults
from billing_sandbox.kpay import forms, statuses
from billing_sandbox.kpay.switches import Switches
from billing_sandbox.store import Json, Store

_WORKERS = 8
_CLAIM_MAX = 200
_ATTEMPTS_MAX = 5
_TIMEOUT_SECONDS = 10
_ANSWER_CHARACTERS_MAX = 1000
_LOOK_SECONDS = 0.02

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kpay_postbacks (
    id INTEGER PRIMARY KEY,
    tid TEXT NOT NULL,
    refid TEXT NOT NULL,
    url TEXT NOT NULL,
    statusid TEXT NOT NULL,
    form TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'lost')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL,
    answers TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX IF NOT EXISTS kpay_postbacks_due ON kpay_postbacks (due) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS kpay_postbacks_of_payment ON kpay_postbacks (tid);
UPDATE kpay_postbacks SET state = 'waiting' WHERE state = 'sending';
"""
_OWE = (
    "INSERT INTO kpay_postbacks (tid, refid, url, statusid, form, content_type, body, state, due) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_CLAIM = (
    "UPDATE kpay_postbacks SET state = 'sending', attempts = attempts + 1 WHERE id IN "
    "(SELECT id FROM kpay_postbacks WHERE state = 'waiting' AND due <= ? ORDER BY due LIMIT ?) "
    "RETURNING id, tid, refid, url, content_type, body, attempts"
)
_RECORD = "UPDATE kpay_postbacks SET state = ?, due = ?, answers = json_insert(answers, '$[#]', json(?)) WHERE id = ?"


@dataclass(frozen=True)
class _Postback:
    id: int
    tid: str
    refid: str
    url: str
    content_type: str
    body: str
    attempts: int


class Postbacks:
    """The postbacks owed, sent and answered; times here are real ones."""

    def __init__(self, store: Store, faults: Faults, switches: Switches) -> None:
        self._store, self._faults, self._switches = store, faults, switches
        self._couriers = Couriers(self._claim, self._next_due, self._send, _WORKERS)
        store.define(_SCHEMA)

    def start(self) -> None:
        """Send from now on, what an earlier process left included."""
        self._couriers.start()

    def stop(self) -> None:
        """Begin no more of them."""
        self._couriers.stop()

    def tell(self, payment: Json) -> None:
        """Owe the postback of a payment's status, in the caller's transaction, or what a fault makes of it."""
        told = statuses.report(payment)
        fault = self._faults.take(f"kpay.postbacks.deliver.{told['statusid']}")
        match fault:
            case Fault(kind="forge"):
                told = statuses.misreported(told, statuses.SUCCESS)
            case Fault(kind="misreport"):
                told = statuses.misreported(told, statuses.statusid(fault.code or 0))
            case Fault(kind="pad"):
                told = statuses.padded(told)
        copies, state, pause = fate(fault)
        for _ in range(copies):
            self._owe(payment, told, state=state, after_seconds=pause)

    def say(self, payment: Json, status: str) -> None:
        """Owe a postback that says this, whatever is true."""
        self._owe(payment, statuses.misreported(statuses.report(payment), status))

    def of(self, tid: str) -> list[Json]:
        """`[{"statusid", "form", "state", "attempts", "answers": [{"at", "status", "body"}]}]`, oldest first."""
        sql = "SELECT statusid, form, state, attempts, answers FROM kpay_postbacks WHERE tid = ? ORDER BY id"
        return [dict(row) | {"answers": json.loads(row["answers"])} for row in self._store.execute(sql, (tid,))]

    def await_answer(self, tid: str, seconds: float) -> None:
        """Wait until a postback of the payment was answered in any way, or the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not any(sent["answers"] for sent in self.of(tid)):
            time.sleep(_LOOK_SECONDS)

    def _owe(self, payment: Json, told: Json, *, state: str = "waiting", after_seconds: float = 0.0) -> None:
        form = self._switches.postbacks
        body, content_type = forms.write(told, form)
        who = (payment["tid"], payment["refid"], payment["returl"])
        due = time.time() + after_seconds
        self._store.execute(_OWE, (*who, told["statusid"].strip(), form, content_type, body, state, due))
        self._couriers.wake()

    def _claim(self) -> list[_Postback]:
        return [_Postback(**dict(row)) for row in self._store.execute(_CLAIM, (time.time(), _CLAIM_MAX))]

    def _next_due(self) -> float | None:
        row = self._store.execute("SELECT MIN(due) AS due FROM kpay_postbacks WHERE state = 'waiting'")[0]
        return None if row["due"] is None else float(row["due"])

    def _send(self, http: requests.Session, postback: _Postback) -> None:
        answer = _post(http, postback)
        missed = "waiting" if postback.attempts < _ATTEMPTS_MAX else "lost"
        state = "delivered" if _taken(postback, answer) else missed
        due = time.time() + backoff_seconds(postback.attempts)
        self._store.execute(_RECORD, (state, due, json.dumps(answer), postback.id))
        self._couriers.wake()


def _post(http: requests.Session, postback: _Postback) -> Json:
    """Send it; gives what came back, `status` None where nothing did."""
    at = datetime.now(UTC).isoformat()
    headers = {"Content-Type": postback.content_type}
    try:
        answer = http.post(
            postback.url,
            data=postback.body.encode(),
            headers=headers,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        return {"at": at, "status": None, "body": type(error).__name__}
    return {"at": at, "status": answer.status_code, "body": answer.text[:_ANSWER_CHARACTERS_MAX]}


def _taken(postback: _Postback, answer: Json) -> bool:
    """Whether the merchant says so: 200 with `{"tid", "refid", "reply": "OK"}`."""
    if answer["status"] != 200:
        return False
    try:
        body: Any = json.loads(answer["body"])
    except ValueError:
        return False
    expected = {"tid": postback.tid, "refid": postback.refid, "reply": "OK"}
    return isinstance(body, dict) and expected.items() <= body.items()
