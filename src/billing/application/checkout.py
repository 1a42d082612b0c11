"""From a basket to an order, and what ends an order that is not paid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from billing.application.attempts import close_of
from billing.application.ledger import Ledger
from billing.application.ports import Clock, Deadline, Ids, Refused, Registrars
from billing.application.unit_of_work import UnitOfWork
from billing.domain.catalogue import Catalogue, Operation
from billing.domain.contact import Contact
from billing.domain.domain_name import DomainName
from billing.domain.errors import (
    Conflict,
    Invalid,
    NameHeld,
    NotFound,
    NotPriced,
    NotRegistrable,
    UnknownPlan,
)
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.purchase import (
    DomainRegistration,
    DomainRenewal,
    Hosting,
    Purchase,
    SubscriptionRenewal,
)


@dataclass(frozen=True)
class CheckoutLimits:
    """What an order may be, and how long it waits to be paid."""

    items_max: int
    cycles_max: int
    order_expiry: timedelta
    call_deadline_seconds: float


@dataclass(frozen=True)
class PlaceOrder:
    """Price a basket, make sure that its names can be had, and write it down."""

    ledger: Ledger
    registrars: Registrars
    limits: CheckoutLimits
    clock: Clock
    ids: Ids
    number: Callable[[], str]
    monotonic: Callable[[], float]

    def __call__(
        self, customer_id: str, currency: str, registrant: Contact | None, wanted: Sequence[Purchase], by: str
    ) -> Order:
        """Invalid names the field; Conflict where a name is live in another order; nothing is stored then."""
        self._require_sound(registrant, wanted)
        prices = self.ledger.read(lambda uow: self._price(uow, customer_id, currency, wanted))
        self._require_available(wanted)
        now = self.clock()

        def place(uow: UnitOfWork) -> Order:
            self._require_renewable(uow, wanted)
            items = [
                OrderItem.of(self.ids("itm"), position, what, price)
                for position, (what, price) in enumerate(zip(wanted, prices, strict=True))
            ]
            order = Order(
                id=self.ids("ord"),
                number=self.number(),
                customer_id=customer_id,
                currency=currency,
                registrant=registrant,
                items=items,
                created_at=now,
                expires_at=now + self.limits.order_expiry,
            )
            uow.orders.add(order)
            return order

        try:
            return self.ledger.write(by, place)
        except NameHeld as held:
            names = [str(_name(what)) for what in wanted]
            raise Conflict(f"items.{names.index(held.name)}.domain", str(held)) from held

    def _require_sound(self, registrant: Contact | None, wanted: Sequence[Purchase]) -> None:
        if not 1 <= len(wanted) <= self.limits.items_max:
            raise Invalid("items", f"an order has 1 to {self.limits.items_max} items")
        if registrant is None and any(isinstance(what, DomainRegistration) for what in wanted):
            raise Invalid("contacts.registrant", "needed to register a domain")
        seen: set[tuple[str, str]] = set()
        for n, what in enumerate(wanted):
            occasion = (what.kind, _subject(what))
            if occasion[1] and occasion in seen:
                raise Invalid(f"items.{n}", f"{occasion[1]} is in this order twice")
            seen.add(occasion)
            if isinstance(what, SubscriptionRenewal) and not 1 <= what.cycles <= self.limits.cycles_max:
                raise Invalid(f"items.{n}.cycles", f"1 to {self.limits.cycles_max}")

    # ------------------------------------------------------------------ prices

    def _price(self, uow: UnitOfWork, customer_id: str, currency: str, wanted: Sequence[Purchase]) -> list[Money]:
        try:
            uow.customers.get(customer_id)
        except NotFound as missing:
            raise Invalid("customer_id", str(missing)) from missing
        catalogue = uow.catalogues.current()
        if currency not in catalogue.currencies:
            raise Invalid("currency", f"we sell in {', '.join(catalogue.currencies)}")
        return [
            self._price_item(uow, catalogue, customer_id, currency, f"items.{n}", what) for n, what in enumerate(wanted)
        ]

    def _price_item(
        self, uow: UnitOfWork, catalogue: Catalogue, customer_id: str, currency: str, at: str, what: Purchase
    ) -> Money:
        try:
            match what:
                case DomainRegistration():
                    return catalogue.price_domain(Operation.REGISTER, what.domain, what.years, currency)
                case DomainRenewal():
                    held = uow.registrations.of_name(what.domain)
                    if held is None or held.customer_id != customer_id:
                        raise Invalid("domain", f"we hold no {what.domain} for this customer")
                    return catalogue.price_domain(Operation.RENEW, what.domain, what.years, currency)
                case Hosting():
                    return catalogue.price_hosting(what.plan, what.cycle, currency)
                case SubscriptionRenewal():
                    return _price_renewal(uow, what, customer_id, currency)
        except Invalid as wrong:
            raise Invalid(f"{at}.{wrong.field}", wrong.why) from wrong
        except NotRegistrable as wrong:
            raise Invalid(f"{at}.domain", str(wrong)) from wrong
        except UnknownPlan as wrong:
            raise Invalid(f"{at}.plan", str(wrong)) from wrong
        except NotPriced as wrong:
            raise Invalid(at, str(wrong)) from wrong

    # ------------------------------------------------------------------ what can be had

    def _require_available(self, wanted: Sequence[Purchase]) -> None:
        for n, what in enumerate(wanted):
            if not isinstance(what, DomainRegistration):
                continue
            deadline = Deadline.after(self.limits.call_deadline_seconds, self.monotonic)
            try:
                (answer,) = self.registrars.of(what.domain).check([what.domain], deadline)
            except Refused as unserved:
                raise Invalid(f"items.{n}.domain", unserved.why) from unserved
            if answer.premium:
                raise Invalid(f"items.{n}.domain", f"{what.domain} is a premium name, which we do not sell")
            if not answer.available:
                raise Conflict(f"items.{n}.domain", f"{what.domain} is taken")

    def _require_renewable(self, uow: UnitOfWork, wanted: Sequence[Purchase]) -> None:
        for n, what in enumerate(wanted):
            if not isinstance(what, DomainRenewal):
                continue
            held = uow.registrations.lock_name(what.domain)
            if held is None:
                raise Conflict(f"items.{n}.domain", f"{what.domain} is no longer held")
            if held.renewing_item or uow.registrations.has_unpaid_renewal(what.domain):
                raise Conflict(f"items.{n}.domain", f"another renewal of {what.domain} is open")


def _name(what: Purchase) -> DomainName | None:
    return what.domain if isinstance(what, DomainRegistration | DomainRenewal) else None


def _subject(what: Purchase) -> str:
    return what.subscription_id if isinstance(what, SubscriptionRenewal) else str(_name(what) or "")


def _price_renewal(uow: UnitOfWork, what: SubscriptionRenewal, customer_id: str, currency: str) -> Money:
    try:
        subscription = uow.subscriptions.get(what.subscription_id)
    except NotFound as missing:
        raise Invalid("subscription_id", str(missing)) from missing
    if subscription.customer_id != customer_id:
        raise Invalid("subscription_id", f"no subscription {what.subscription_id}")
    if subscription.price.currency != currency:
        raise Invalid("subscription_id", f"it is billed in {subscription.price.currency}")
    if not subscription.is_renewable:
        raise Invalid("subscription_id", f"it is {subscription.status} and can't be renewed")
    return subscription.price.times(what.cycles)


@dataclass(frozen=True)
class CancelOrder:
    """The customer gives up an unpaid order; its open attempts are closed at their providers by jobs."""

    ledger: Ledger

    def __call__(self, order_id: str, by: str) -> Order:
        """Conflict where it is paid; a repeat answers the same."""

        def cancel(uow: UnitOfWork) -> Order:
            order = uow.orders.lock(order_id)
            order.cancel()
            _close_attempts(uow, order)
            return order

        return self.ledger.write(by, cancel)


@dataclass(frozen=True)
class ExpireOrders:
    """Close what nobody paid in time, a bounded number at once."""

    ledger: Ledger
    clock: Clock
    batch: int

    def __call__(self) -> int:
        """How many were closed."""
        now = self.clock()
        overdue = self.ledger.read(lambda uow: uow.orders.overdue(now, self.batch))

        return sum(self.ledger.write("expiry", partial(_expire, order_id=one, now=now)) for one in overdue)


def _expire(uow: UnitOfWork, order_id: str, now: datetime) -> bool:
    order = uow.orders.lock(order_id)
    expired = order.expire(now)
    if expired:
        _close_attempts(uow, order)
    return expired


def _close_attempts(uow: UnitOfWork, order: Order) -> None:
    for payment in order.payments:
        if payment.is_open:
            uow.jobs.request(close_of(payment.id))
