"""Notifications that prove nothing: they wake the check of their attempt, and what they claim is compared with it."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.application.ledger import Ledger
from billing.application.money.attempts import check_of, wake_check
from billing.application.parts import read_attempt
from billing.application.ports import HINT_TOKEN, Claim, Forged, Hint, HintingGateway, Ids, Telemetry
from billing.application.telling.alerts import raise_alert
from billing.application.unit_of_work import UnitOfWork
from billing.domain.alert import AlertKind
from billing.domain.errors import NotFound
from billing.domain.event import EventStatus, InboxEvent
from billing.domain.order import Order
from billing.domain.payment import Payment

_LINE_CHARS_MAX = 200


@dataclass(frozen=True)
class HintLimits:
    """How many hints of an attempt are kept, and how often at most they have its provider asked."""

    kept_max: int
    interval_min: timedelta


@dataclass(frozen=True)
class ReceiveHint:
    """The whole of such a request: one short transaction, and nobody outside is called."""

    ledger: Ledger
    gateways: Mapping[str, HintingGateway]
    limits: HintLimits
    ids: Ids

    def __call__(self, gateway: str, token: str, body: bytes) -> Mapping[str, str]:
        """What its sender wants to read, for a repeat too; the attempt's provider will be asked soon.

        Forged where it is no notification of this provider's; NotFound, and nothing stored, where its address or the
        attempt that it names is none of ours.
        """
        if gateway not in self.gateways:
            raise NotFound("gateway", gateway)
        telemetry = self.ledger.telemetry
        try:
            hint = self.gateways[gateway].hint(body)
            stored = self.ledger.write(f"{gateway} hint", lambda uow: self._take_in(uow, gateway, token, hint, body))
        except Forged as forged:
            telemetry.event("webhook_forged", gateway=gateway, why=forged.why)
            raise
        except NotFound:
            telemetry.event("webhook_forged", gateway=gateway, why="its address, or what it names, is none of ours")
            raise
        outcome = "stored" if stored else "known"
        telemetry.event(
            "webhook_received", gateway=gateway, type="postback", outcome=outcome, payment_id=hint.payment_id
        )
        return hint.answer

    def _take_in(self, uow: UnitOfWork, gateway: str, token: str, hint: Hint, body: bytes) -> bool:
        """Whether it was stored: not what is beyond the limit."""
        payment = _at(uow, gateway, token, hint.payment_id)
        check = uow.jobs.lock_for(check_of(payment.id))
        stored = self._store(uow, gateway, hint, body)
        wake_check(uow, payment, check, self.limits.interval_min)
        return stored

    def _store(self, uow: UnitOfWork, gateway: str, hint: Hint, body: bytes) -> bool:
        kept = len(kept_hints(uow, gateway, hint.payment_id, self.limits.kept_max))
        if kept >= self.limits.kept_max:
            return False
        row_id, event_id = self.ids("evt"), _event_id(hint.payment_id, kept + 1)
        return uow.inbox.add_if_new(_row(row_id, gateway, event_id, hint, body, uow.now()))


@dataclass(frozen=True)
class CompareHint:
    """What the latest hint of an attempt claims against what its provider said when it was asked."""

    gateways: Mapping[str, HintingGateway]
    kept_max: int
    telemetry: Telemetry

    def __call__(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """A person is told, once an attempt, where they differ: somebody may be forging payments."""
        if payment.gateway not in self.gateways:
            return
        kept = kept_hints(uow, payment.gateway, payment.id, self.kept_max)
        latest = uow.inbox.find(payment.gateway, _event_id(payment.id, len(kept))) if kept else None
        if latest is None or latest.body is None:
            return
        try:
            hint = self.gateways[payment.gateway].hint(latest.body)
        except Forged:  # it was read by an older version: what that understood is not to be known any more
            return
        if hint.claim is (Claim.UNPAID if payment.has_money else Claim.PAID) and not _is_asked_again(uow, payment):
            self._tell(uow, order, payment, hint)

    def _tell(self, uow: UnitOfWork, order: Order, payment: Payment, hint: Hint) -> None:
        why = f"order {order.number}: a notification claims {hint.said!r}; asked, {payment.gateway} says otherwise"
        if raise_alert(uow, AlertKind.HINT_CONTRADICTED, payment.id, f"{why}: {_standing(payment)}"):
            uow.report(self.telemetry.event, "hint_contradicted", gateway=payment.gateway, payment_id=payment.id)


def _is_asked_again(uow: UnitOfWork, payment: Payment) -> bool:
    """Whether it was woken while its provider was asked: the hint may have come after the answer, and be true."""
    check = uow.jobs.lock_for(check_of(payment.id))
    return not payment.has_money and check is not None and check.wake_at is not None


def kept_hints(uow: UnitOfWork, gateway: str, payment_id: str, kept_max: int) -> frozenset[str]:
    """The ids of an attempt's hints in the inbox, which are counted from one."""
    return frozenset(uow.inbox.known(gateway, [_event_id(payment_id, n) for n in range(1, kept_max + 1)]))


def _event_id(payment_id: str, number: int) -> str:
    return f"{payment_id}:{number}"


def _at(uow: UnitOfWork, gateway: str, token: str, payment_id: str) -> Payment:
    """The attempt of that id and address, or NotFound; the time that takes tells nothing of where two tokens differ."""
    if payment_id != _line(payment_id):  # no database takes it
        raise NotFound("attempt", repr(payment_id))
    _, payment = read_attempt(uow, payment_id)
    known = payment.options.get(HINT_TOKEN, "") if payment.gateway == gateway else ""
    if not known or not hmac.compare_digest(token.encode(), known.encode()):
        raise NotFound("attempt at this address", payment_id)
    return payment


def _row(row_id: str, gateway: str, event_id: str, hint: Hint, body: bytes, now: datetime) -> InboxEvent:
    return InboxEvent(
        id=row_id,
        gateway=gateway,
        event_id=event_id,
        type=f"postback {_line(hint.said)}",
        api_version=None,
        verdict="unsigned, at the attempt's own address",
        body=body,
        received_at=now,
        status=EventStatus.PROCESSED,
        why="it woke the attempt's check",
        processed_at=now,
    )


def _line(text: str) -> str:
    """What of it a database can hold and a person can read."""
    return "".join(filter(str.isprintable, text))[:_LINE_CHARS_MAX]


def _standing(payment: Payment) -> str:
    return f"{payment.status}, {payment.why}" if payment.why else payment.status.value
