"""The day's round of names that come to their end: renewed, told of, expired, lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

from billing.application.expiry.charging import ChargeOrder
from billing.application.expiry.renewal_notices import RenewalNotices
from billing.application.expiry.renewals import OfferRenewal, is_in_hand, offer_for
from billing.application.ledger import Ledger
from billing.application.ports import Clock, Telemetry
from billing.application.telling.alerts import raise_alert
from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable, NoPriceList, UnitOfWork
from billing.application.work.daily import place_of, read_place
from billing.domain.alert import AlertKind
from billing.domain.domain_name import DomainName
from billing.domain.order import Order
from billing.domain.order_status import OrderStatus
from billing.domain.registration import Registration
from billing.domain.renewal import RenewalPolicy


@dataclass(frozen=True)
class LookAfterName:
    """See to one name as it stands on this day, within one unit; a repeat on the same day finds nothing to do."""

    policy: RenewalPolicy
    offer: OfferRenewal
    charge: ChargeOrder
    notices: RenewalNotices

    def __call__(self, uow: UnitOfWork, name: DomainName, now: datetime) -> None:
        """The order is locked before the name, as everywhere."""
        seen = uow.registrations.of_name(name)
        if seen is None:
            return
        expires_at = seen.expires_at
        renewal = uow.renewals.of(seen.id, expires_at)
        order = uow.orders.lock(renewal.order_id) if renewal and not renewal.is_withdrawn else None
        held = uow.registrations.lock_name(name)
        if held is None or (held.id, held.expires_at) != (seen.id, expires_at):
            return  # renewed or registered anew just now
        offer = offer_for(uow, held)
        last_day = offer.last_day(held.expires_at) if offer else held.expires_at
        if held.auto_renew and self.policy.is_at_risk(last_day, now):
            _call_a_person(uow, held, last_day)
        payable = order if order is not None and order.status is OrderStatus.PENDING else None
        if payable is None and is_in_hand(uow, held):
            # the customer's own order waits, one is paid and under delivery, or a person finds out about a charge
            is_in_doubt = order is not None and not order.is_paid and order.status is OrderStatus.REQUIRES_ATTENTION
            if is_in_doubt and (held.expire(now) or held.expired_at):
                self.notices.name_expired(uow, held, last_day, None)
            return
        self._see_to(uow, held, payable or self.offer(uow, held, now), last_day, now)

    def _see_to(
        self, uow: UnitOfWork, held: Registration, order: Order | None, last_day: datetime, now: datetime
    ) -> None:
        if now >= last_day:
            _lose(uow, held, now)
            self.notices.name_expired(uow, held, last_day, None)
        elif order is not None and self.charge(uow, order, held.expires_at, now):
            held.expire(now)
        elif held.expire(now) or held.expired_at:
            self.notices.name_expired(uow, held, last_day, order)
        elif milestone := self.policy.milestone(held.expires_at, now):
            self._remind(uow, held, order, milestone)

    def _remind(self, uow: UnitOfWork, held: Registration, order: Order | None, milestone: int) -> None:
        if order is None:
            self.notices.name_expiring(uow, held, milestone)
        else:
            self.notices.renewal_due(uow, held, order, milestone)


@dataclass(frozen=True)
class LookAfterNames:
    """All names that are to be seen to on a day, by expiry, a bounded number at once."""

    name: ClassVar[str] = "names"
    ledger: Ledger
    look_after: LookAfterName
    batch: int
    telemetry: Telemetry
    clock: Clock

    def __call__(self, after: str | None) -> str | None:
        """One that somebody else holds, or that a defect keeps from being seen to, is left to the next day."""
        now = self.clock()
        try:
            found = self.ledger.read(lambda uow: self._find(uow, after, now))
        except NoPriceList:
            return None
        for held in found:
            self._look_after(held, now)
        return place_of(found[-1].expires_at, found[-1].id) if len(found) == self.batch else None

    def _find(self, uow: UnitOfWork, after: str | None, now: datetime) -> Sequence[Registration]:
        ahead = max((offer.renew_ahead_days for offer in uow.catalogues.current().tlds.values()), default=0)
        ahead = max(ahead, *self.look_after.policy.mail_days, self.look_after.policy.alert_days)
        until = now + timedelta(days=ahead + 1)
        return uow.registrations.expiring(until, read_place(after), self.batch)

    def _look_after(self, held: Registration, now: datetime) -> None:
        try:
            self.ledger.write("daily round", partial(self.look_after, name=held.name, now=now))
        except ConcurrentChange as busy:
            self.telemetry.event("name_put_off", domain=str(held.name), why=busy.why)
        except LedgerUnavailable:
            raise
        except Exception as bug:  # noqa: BLE001 - one name that can't be seen to must not keep all others from it
            self.telemetry.alarm("name_not_seen_to", domain=str(held.name), error=repr(bug))


def _call_a_person(uow: UnitOfWork, held: Registration, last_day: datetime) -> None:
    why = f"{held.name} is to be renewed by itself, is not, and can be until {last_day:%Y-%m-%d}"
    raise_alert(uow, AlertKind.NAME_AT_RISK, held.id, why, once=f"{held.expires_at:%Y-%m-%d}")


def _lose(uow: UnitOfWork, held: Registration, now: datetime) -> None:
    held.lose(now, f"not renewed by {held.expires_at:%Y-%m-%d}, nor while it could be after that")
    if held.auto_renew:
        why = f"{held.name} was to be renewed by itself, and was not"
        raise_alert(uow, AlertKind.NAME_LOST, held.id, why)
