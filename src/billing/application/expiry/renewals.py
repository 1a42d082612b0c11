"""Automatic renewal of names: an order of ours for each expiry, taken back where it is not needed, and the switch."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from billing.application.ledger import Ledger
from billing.application.ports import Clock, Ids, OrderNumbers
from billing.application.shop.unpaid import close_attempts
from billing.application.telling.alerts import raise_alert
from billing.application.unit_of_work import UnitOfWork
from billing.domain.alert import AlertKind
from billing.domain.domain_name import DomainName
from billing.domain.errors import Conflict, NotFound, NotPriced, NotRegistrable
from billing.domain.offer import Operation, TldOffer
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.purchase import DomainRenewal
from billing.domain.registration import Registration
from billing.domain.renewal import Renewal, days_until


@dataclass(frozen=True)
class OfferRenewal:
    """Make the order that renews a name, within the unit that holds its registration; one for each expiry.

    It costs what a renewal costs on that day, in the currency in which the name was bought, and waits to be paid until
    the last day on which the registry renews.
    """

    ids: Ids
    number: OrderNumbers

    def __call__(self, uow: UnitOfWork, held: Registration, now: datetime) -> Order | None:
        """The new order; None where it is not the time, there is one, or the name is being renewed otherwise."""
        offer = offer_for(uow, held)
        known = uow.renewals.of(held.id, held.expires_at)
        if not held.auto_renew or (known is not None and not known.is_withdrawn):
            return None
        if offer is None:
            _tell_not_offered(uow, held, f"names under .{held.name.labels[-1]} are not sold")
            return None
        last_day = offer.last_day(held.expires_at)
        if days_until(held.expires_at, now) > offer.renew_ahead_days or now >= last_day or is_in_hand(uow, held):
            return None
        currency = _currency(uow, held)
        try:
            price = offer.price(Operation.RENEW, offer.years_min, currency)
        except NotPriced as unpriced:
            _tell_not_offered(uow, held, str(unpriced))
            return None
        what = DomainRenewal(domain=held.name, years=offer.years_min)
        order = Order(
            id=self.ids("ord"),
            number=self.number(),
            customer_id=held.customer_id,
            currency=currency,
            items=[OrderItem.of(self.ids("itm"), 0, what, price)],
            created_at=now,
            expires_at=last_day,
        )
        uow.orders.add(order)
        self._note(uow, held, known, order)
        return order

    def _note(self, uow: UnitOfWork, held: Registration, known: Renewal | None, order: Order) -> None:
        if known is not None:
            known.reopen(order.id)
            return
        uow.renewals.add(
            Renewal(
                id=self.ids("ren"),
                subject_id=held.id,
                expires_at=held.expires_at,
                order_id=order.id,
                created_at=order.created_at,
            )
        )


@dataclass(frozen=True)
class SetAutoRenew:
    """Whether a name is to be renewed before it expires."""

    ledger: Ledger
    offer: OfferRenewal
    clock: Clock

    def __call__(self, name: DomainName, auto_renew: bool, by: str) -> Registration:
        """NotFound where we do not hold it. Off takes our unpaid order back; on makes it where the time has come.

        An order whose payment is under way is left to be decided.
        """

        def change(uow: UnitOfWork) -> Registration:
            if not auto_renew:
                take_back(uow, name, "automatic renewal was switched off")
            held = uow.registrations.lock_name(name)
            if held is None:
                raise NotFound("registration", str(name))
            held.auto_renew = auto_renew
            self.offer(uow, held, self.clock())
            return held

        return self.ledger.write(by, change)


def take_back(uow: UnitOfWork, name: DomainName, why: str) -> None:
    """Withdraw our unpaid order to renew a name, if there is one and nobody is paying it; before the name is locked."""
    held = uow.registrations.of_name(name)
    if held is not None:
        withdraw(uow, held.id, held.expires_at, why)


def withdraw(uow: UnitOfWork, subject_id: str, expires_at: datetime, why: str) -> None:
    """The same for whatever is renewed, by its id and the end of its term."""
    renewal = uow.renewals.of(subject_id, expires_at)
    if renewal is None or renewal.is_withdrawn:
        return
    order = uow.orders.lock(renewal.order_id)
    if order.is_paid:
        return
    with suppress(Conflict):  # it is being paid just now
        order.cancel(why)
        close_attempts(uow, order)
        renewal.withdraw()


def is_in_hand(uow: UnitOfWork, held: Registration) -> bool:
    """Whether a renewal of it waits to be paid, or is paid and under delivery."""
    waits = uow.registrations.has_unpaid_renewal(held.name)
    return waits or held.renewing_item is not None or uow.registrations.is_being_renewed(held.name)


def offer_for(uow: UnitOfWork, held: Registration) -> TldOffer | None:
    """Under which terms the name is renewed today; None where its suffix is no longer sold."""
    try:
        return uow.catalogues.current().offer_for(held.name)
    except NotRegistrable:
        return None


def _currency(uow: UnitOfWork, held: Registration) -> str:
    order_id = uow.orders.of_item(held.item_id)
    if order_id is None:
        raise NotFound("item", held.item_id)
    return uow.orders.get(order_id).currency


def _tell_not_offered(uow: UnitOfWork, held: Registration, why: str) -> None:
    about = f"{held.name} is to be renewed by {held.expires_at:%Y-%m-%d}, and {why}"
    raise_alert(uow, AlertKind.RENEWAL_NOT_OFFERED, held.id, about, once=f"{held.expires_at:%Y-%m-%d}")
