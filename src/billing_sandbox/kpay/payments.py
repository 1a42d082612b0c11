"""The payments of the account: asked for once, then approved or declined by whoever pays."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from billing_sandbox.faults import Faults
from billing_sandbox.kpay import statuses
from billing_sandbox.kpay.cards import Card
from billing_sandbox.kpay.postbacks import Postbacks
from billing_sandbox.kpay.refusals import Reason, Refusal
from billing_sandbox.kpay.statuses import NotPossible
from billing_sandbox.store import Condition, Json, Store, field_is

_KIND, _CALLS = "kpay_payment", "kpay_refid"
_INDEX = "CREATE INDEX IF NOT EXISTS documents_by_refid ON documents (kind, json_extract(json, '$.refid'));"


class Payments:
    """All of them in the store; every move is told by a postback."""

    def __init__(self, store: Store, now: Callable[[], datetime], faults: Faults, postbacks: Postbacks) -> None:
        self._store, self._now, self._faults, self._postbacks = store, now, faults, postbacks
        store.define(_INDEX)

    def count_call(self, refid: str) -> None:
        """Remember that `pay` was called with this reference, whatever comes of it."""
        with self._store.transaction():
            calls = self._calls(refid) + 1
            self._store.put(_CALLS, {"id": refid, "pay_calls": calls})

    def begin(self, asked: Json) -> Json:
        """A new pending payment, its push sent; a reference is never taken twice."""
        with self._store.transaction():
            if self.find(refid=asked["refid"]):
                raise Refusal(Reason.USED_REFID)
            by_card = asked["method"] == "cc"
            tid = f"A{secrets.randbelow(9 * 10**14) + 10**14}"
            payment = asked | {
                "id": tid,
                "tid": tid,
                "authkey": secrets.token_hex(16),
                "created": int(self._now().timestamp()),
                "statusid": statuses.PENDING,
                "momtransactionid": "",
                "payaccount": "" if by_card else asked["msisdn"],
                "card": None,
                "checkout": secrets.token_urlsafe(16) if by_card else None,
                "pushes": 0,
                "checks": 0,
            }
            self._store.put(_KIND, payment)
            return payment if by_card else self._push(payment)

    def find(self, *, tid: Any = None, refid: Any = None) -> Json | None:
        """The payment with the number, the reference, or both."""
        if tid:
            payment = self._store.get(_KIND, tid)
            return payment if payment and refid in (None, "", payment["refid"]) else None
        return self._first([field_is("refid", refid)]) if refid else None

    def named(self, name: str) -> Json | None:
        """The payment with this number or reference."""
        return self.find(tid=name) or self.find(refid=name)

    def on_page(self, checkout: str) -> Json | None:
        """The payment of a card page."""
        return self._first([field_is("checkout", checkout)])

    def check(self, payment: Json) -> None:
        """Count that its status was asked for."""
        with self._store.transaction():
            payment = self._kept(payment["tid"])
            self._save(payment, checks=payment["checks"] + 1)

    def approve(self, payment: Json, card: Card | None = None) -> Json:
        """The payer pays: also late, after a failure, but once."""
        with self._store.transaction():
            payment = self._not_paid(payment)
            paid_with: Json = {"payaccount": card.masked, "card": card.masked} if card else {}
            number = str(secrets.randbelow(9 * 10**9) + 10**9)
            moved = self._save(payment, statusid=statuses.SUCCESS, momtransactionid=number, **paid_with)
            self._postbacks.tell(moved)
            return moved

    def decline(self, payment: Json, statusid: Any = statuses.FAILED) -> Json:
        """The payer says no, or the operator does, with a code of its own."""
        code = statuses.failure(statusid)
        with self._store.transaction():
            payment = self._not_paid(payment)
            if payment["statusid"] != statuses.PENDING:
                raise NotPossible("the payment has failed already")
            moved = self._save(payment, statusid=code)
            self._postbacks.tell(moved)
            return moved

    def on_phones(self) -> dict[str, list[Json]]:
        """The pushes that reached a phone, by its number, newest first."""
        phones: dict[str, list[Json]] = {}
        for payment in self._store.find(_KIND):
            if payment["pushes"]:
                phones.setdefault(payment["msisdn"], []).append(payment)
        return phones

    def all(self) -> list[Json]:
        """Every payment, shown, oldest first."""
        with self._store.transaction():
            return [self.shown(payment["tid"]) for payment in self._store.find(_KIND, newest_first=False)]

    def shown(self, tid: str) -> Json:
        """A payment with its status in words, the calls that asked for it, and its postbacks."""
        payment = self._kept(tid)
        return payment | {
            "status": statuses.word(payment["statusid"]),
            "statusdesc": statuses.describe(payment["statusid"]),
            "pay_calls": self._calls(payment["refid"]),
            "postbacks": self._postbacks.of(payment["tid"]),
        }

    def _push(self, payment: Json) -> Json:
        fault = self._faults.take(f"kpay.push.{payment['msisdn']}")
        if fault and fault.kind == "lose":
            return payment
        payment = self._save(payment, pushes=1)
        if fault and fault.kind == "refuse":
            return self.decline(payment, statuses.statusid(2 if fault.code is None else fault.code))
        return payment

    def _not_paid(self, payment: Json) -> Json:
        kept = self._kept(payment["tid"])
        if kept["statusid"] == statuses.SUCCESS:
            raise NotPossible("the payment has succeeded, which is final")
        return kept

    def _kept(self, tid: str) -> Json:
        """The payment as it is at this moment."""
        kept = self._store.get(_KIND, tid)
        assert kept is not None, tid
        return kept

    def _save(self, payment: Json, **changed: Any) -> Json:
        self._store.put(_KIND, payment | changed)
        return payment | changed

    def _first(self, conditions: list[Condition]) -> Json | None:
        found = self._store.find(_KIND, conditions, limit=1)
        return found[0] if found else None

    def _calls(self, refid: str) -> int:
        kept = self._store.get(_CALLS, refid)
        return kept["pay_calls"] if kept else 0
