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
            why = f"names under .{held.name.labels[-1]} are not sold"
            tell_not_offered(uow, held.id, str(held.name), held.expires_at, why)
            return None
        last_day = offer.last_day(held.expires_at)
        if days_until(held.expires_at, now) > offer.renew_ahead_days or now >= last_day or is_in_hand(uow, held):
            return None
        currency = _currency(uow, held)
        try:
            price = offer.price(Operation.RENEW, offer.years_min, currency)
        except NotPriced as unpriced:
            tell_not_offered(uow, held.id, str(held.name), held.expires_at, str(unpriced))
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
        note_offer(uow, self.ids, known, held.id, held.expires_at, order)
        return order


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


def note_offer(
    uow: UnitOfWork, ids: Ids, known: Renewal | None, subject_id: str, expires_at: datetime, order: Order
) -> None:
    """Our new order for the end of a term, in the place of the one that was `known`."""
    uow.orders.add(order)
    if known is not None:
        known.reopen(order.id)
        return
    uow.renewals.add(
        Renewal(
            id=ids("ren"), subject_id=subject_id, expires_at=expires_at, order_id=order.id, created_at=order.created_at
        )
    )


def tell_not_offered(uow: UnitOfWork, subject_id: str, named: str, expires_at: datetime, why: str) -> None:
    """A person is told, once for the end of each term, of what can't be offered."""
    day = f"{expires_at:%Y-%m-%d}"
    about = f"{named} is to be renewed by {day}, and {why}"
    raise_alert(uow, AlertKind.RENEWAL_NOT_OFFERED, subject_id, about, once=day)


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
