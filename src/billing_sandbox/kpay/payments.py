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
from billing_sandbox.store import Json, Store, field_is

_KIND, _REFERENCE = "kpay_payment", "kpay_refid"


class Payments:
    """All of them in the store; every move is told by a postback."""

    def __init__(self, store: Store, now: Callable[[], datetime], faults: Faults, postbacks: Postbacks) -> None:
        self._store, self._now, self._faults, self._postbacks = store, now, faults, postbacks

    def count_call(self, refid: str) -> None:
        """Remember that `pay` was called with this reference, whatever comes of it."""
        with self._store.transaction():
            known = self._reference(refid)
            self._store.put(_REFERENCE, known | {"pay_calls": known["pay_calls"] + 1})

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
                "checkout": secrets.token_urlsafe(16) if by_card else None,
                "pushes": 0,
                "checks": 0,
            }
            self._store.put(_KIND, payment)
            self._store.put(_REFERENCE, self._reference(asked["refid"]) | {"tid": tid})
            return payment if by_card else self._push(payment)

    def find(self, *, tid: str | None = None, refid: str | None = None) -> Json | None:
        """The payment with the number, the reference, or both."""
        payment = self._store.get(_KIND, tid or self._reference(refid)["tid"])
        return payment if payment and (not refid or refid == payment["refid"]) else None

    def named(self, name: str) -> Json | None:
        """The payment with this number or reference."""
        return self.find(tid=name) or self.find(refid=name)

    def on_page(self, checkout: str) -> Json | None:
        """The payment of a card page."""
        found = self._store.find(_KIND, [field_is("checkout", checkout)], limit=1)
        return found[0] if found else None

    def check(self, payment: Json) -> None:
        """Count that its status was asked for."""
        with self._store.transaction():
            payment = self._kept(payment["tid"])
            self._save(payment, checks=payment["checks"] + 1)

    def approve(self, payment: Json, card: Card | None = None) -> Json:
        """The payer pays: also late, after a failure, but once."""
        with self._store.transaction():
            payment = self._not_paid(payment)
            payaccount = card.masked if card else payment["payaccount"]
            number = str(secrets.randbelow(9 * 10**9) + 10**9)
            paid = {"statusid": statuses.SUCCESS, "momtransactionid": number, "payaccount": payaccount}
            moved = self._save(payment, **paid)
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
        """The pushes that reached a phone, by its number, newest first, each with its status in words."""
        phones: dict[str, list[Json]] = {}
        for payment in self._store.find(_KIND):
            if payment["pushes"]:
                phones.setdefault(payment["msisdn"], []).append(_in_words(payment))
        return phones

    def all(self) -> list[Json]:
        """Every payment, shown, oldest first."""
        with self._store.transaction():
            return [self.shown(payment["tid"]) for payment in self._store.find(_KIND, newest_first=False)]

    def shown(self, tid: str) -> Json:
        """A payment with its status in words, the calls that asked for it, and its postbacks."""
        payment = self._kept(tid)
        return _in_words(payment) | {
            "statusdesc": statuses.describe(payment["statusid"]),
            "pay_calls": self._reference(payment["refid"])["pay_calls"],
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

    def _reference(self, refid: str | None) -> Json:
        """What is known of a reference: whose it is, if anybody's, and how often `pay` was called with it."""
        return self._store.get(_REFERENCE, refid or "") or {"id": refid, "tid": "", "pay_calls": 0}


def _in_words(payment: Json) -> Json:
    return payment | {"status": statuses.word(payment["statusid"])}
