"""From a basket to an order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from billing.application.expiry.hosting_renewals import take_back_period
from billing.application.expiry.renewals import take_back
from billing.application.ledger import Ledger
from billing.application.outcomes import Deadline, Refused
from billing.application.ports import Clock, Ids, NoRegistrar, Registrars
from billing.application.shop.pricing import price_basket
from billing.application.telling.notifications import Notices
from billing.application.unit_of_work import UnitOfWork
from billing.domain.contact import Contact
from billing.domain.domain_name import DomainName
from billing.domain.errors import Conflict, Invalid, NameHeld, RenewalOpen
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.purchase import DomainRegistration, DomainRenewal, Purchase, SubscriptionRenewal


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
    notices: Notices
    clock: Clock
    ids: Ids
    number: Callable[[], str]
    monotonic: Callable[[], float]

    def __call__(
        self, customer_id: str, currency: str, registrant: Contact | None, wanted: Sequence[Purchase], by: str
    ) -> Order:
        """Invalid names the field; Conflict where a name is live in another order; nothing is stored then."""
        self._require_sound(registrant, wanted)
        prices = self.ledger.read(lambda uow: price_basket(uow, customer_id, currency, wanted, self.clock()))
        self._require_available(wanted)

        def place(uow: UnitOfWork) -> Order:
            _require_renewable(uow, customer_id, wanted)
            order = self._make(customer_id, currency, registrant, wanted, prices)
            uow.orders.add(order)
            self.notices.order_received(uow, order)
            return order

        try:
            return self.ledger.write(by, place)
        except NameHeld as held:
            raise _conflict(_field(wanted, DomainRegistration, held.name), str(held)) from held
        except RenewalOpen as renewing:
            raise _conflict(_field(wanted, DomainRenewal, renewing.name), str(renewing)) from renewing

    def _make(
        self,
        customer_id: str,
        currency: str,
        registrant: Contact | None,
        wanted: Sequence[Purchase],
        prices: Sequence[Money],
    ) -> Order:
        now = self.clock()
        priced = zip(wanted, prices, strict=True)
        return Order(
            id=self.ids("ord"),
            number=self.number(),
            customer_id=customer_id,
            currency=currency,
            registrant=registrant,
            items=[OrderItem.of(self.ids("itm"), n, what, price) for n, (what, price) in enumerate(priced)],
            created_at=now,
            expires_at=now + self.limits.order_expiry,
        )

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
            if isinstance(what, DomainRegistration):
                _require_no_glue(n, what)

    def _require_available(self, wanted: Sequence[Purchase]) -> None:
        """One deadline for the whole basket, however many names are in it."""
        deadline = Deadline.after(self.limits.call_deadline_seconds, self.monotonic)
        for n, what in enumerate(wanted):
            if not isinstance(what, DomainRegistration):
                continue
            try:
                (answer,) = self.registrars.of(what.domain).check([what.domain], deadline)
            except (NoRegistrar, Refused) as unsold:
                raise Invalid(f"items.{n}.domain", unsold.why) from unsold
            if answer.premium:
                raise Invalid(f"items.{n}.domain", f"{what.domain} is a premium name, which we do not sell")
            if not answer.available:
                raise _conflict(f"items.{n}.domain", f"{what.domain} is taken")


def _require_no_glue(n: int, what: DomainRegistration) -> None:
    """A name server inside the name itself needs an address at the registry, which nobody gave us."""
    for host in what.nameservers:
        if host == str(what.domain) or host.endswith(f".{what.domain}"):
            raise Invalid(
                f"items.{n}.nameservers", f"{host} lies inside {what.domain}; name servers elsewhere are needed"
            )


def _require_renewable(uow: UnitOfWork, customer_id: str, wanted: Sequence[Purchase]) -> None:
    """Names are locked in their own order, whatever the basket's, so that no two baskets wait for each other."""
    renewals = [(what.domain, n) for n, what in enumerate(wanted) if isinstance(what, DomainRenewal)]
    renewals.sort(key=lambda renewal: str(renewal[0]))
    for subscription_id in sorted(what.subscription_id for what in wanted if isinstance(what, SubscriptionRenewal)):
        take_back_period(uow, subscription_id, "the customer ordered a renewal")
    for domain, _ in renewals:
        _give_way(uow, customer_id, domain)
    for domain, n in renewals:
        held = uow.registrations.lock_name(domain)
        if held is None or held.customer_id != customer_id:
            raise _conflict(f"items.{n}.domain", f"{domain} is no longer held for this customer")
        if held.renewing_item or uow.registrations.has_unpaid_renewal(domain):
            raise RenewalOpen(str(domain))


def _give_way(uow: UnitOfWork, customer_id: str, domain: DomainName) -> None:
    """A renewal that the customer orders makes the one that we offered needless; orders are locked before names."""
    held = uow.registrations.of_name(domain)
    if held is not None and held.customer_id == customer_id:
        take_back(uow, domain, "the customer ordered a renewal")


def _conflict(field: str, why: str) -> Conflict:
    return Conflict(field, why, field=field)


def _subject(what: Purchase) -> str:
    match what:
        case SubscriptionRenewal():
            return what.subscription_id
        case DomainRegistration() | DomainRenewal():
            return str(what.domain)
    return ""


def _field(wanted: Sequence[Purchase], kind: type[DomainRegistration | DomainRenewal], name: str) -> str:
    names = [str(what.domain) if isinstance(what, kind) else "" for what in wanted]
    return f"items.{names.index(name)}.domain"
