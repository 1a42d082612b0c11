"""Customers of the in-memory ledger, and what they hold: hosting subscriptions and names."""

from collections.abc import Sequence
from datetime import datetime

from billing.adapters.memory.session import Session
from billing.application.records import Made
from billing.domain.customer import Customer
from billing.domain.domain_name import DomainName
from billing.domain.invoice import Invoice
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.purchase import DomainRenewal
from billing.domain.registration import Registration, RegistrationStatus
from billing.domain.subscription import Subscription, SubscriptionStatus
from billing.domain.wallet import Wallet


class MemoryCustomers:
    """Customers by id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, customer: Customer) -> None:
        self._session.add(customer.id, customer)

    def get(self, customer_id: str) -> Customer:
        return self._session.get(Customer, customer_id)


class MemorySubscriptions:
    """Subscriptions by id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, subscription: Subscription) -> None:
        self._session.add(subscription.id, subscription)

    def get(self, subscription_id: str) -> Subscription:
        return self._session.get(Subscription, subscription_id)

    def lock(self, subscription_id: str) -> Subscription:
        return self._session.get(Subscription, subscription_id, lock=True)

    def of_item(self, item_id: str) -> str | None:
        found = self._session.claimant(Subscription, "opened_by", item_id)
        return None if found is None else found.id

    def of_refs(self, gateway: str, refs: frozenset[str]) -> str | None:
        found = (self._session.claimant(Subscription, "billing_ref", f"{gateway} {ref}") for ref in sorted(refs))
        return min((subscription.id for subscription in found if subscription), default=None)

    def renews_for(self, customer_id: str) -> bool:
        def goes_on(held: Subscription) -> bool:
            return held.customer_id == customer_id and held.auto_renew and not held.cancel_at_period_end

        return any(not held.is_over for held in self._session.all(Subscription, goes_on))

    def to_look_at(self, now: datetime, limit: int) -> Sequence[str]:
        due = self._session.waiting(Subscription, lambda one: one.look_at is not None and one.look_at <= now)
        moments = sorted((one.look_at, one.id) for one in due if one.look_at is not None)
        return [subscription_id for _, subscription_id in moments[:limit]]

    def ending(self, until: datetime, after: tuple[datetime, str] | None, limit: int) -> Sequence[Subscription]:
        def fits(one: Subscription) -> bool:
            end = one.current_period_end
            return one.goes_on_by_order and end is not None and end <= until and _is_after((end, one.id), after)

        found = self._session.all(Subscription, fits)
        return sorted(found, key=lambda one: (one.current_period_end or until, one.id))[:limit]

    def periods_ended(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        billed = self._session.all(Subscription, lambda one: one.is_billed_by_provider)
        places = sorted(Made(one.current_period_end, one.id) for one in billed if one.current_period_end)
        return [place for place in places if (since, after) < place and place.at <= until][:limit]

    def page(
        self, status: SubscriptionStatus | None, before: str | None, limit: int, *, needing_attention: bool = False
    ) -> Sequence[Subscription]:
        def fits(one: Subscription) -> bool:
            is_wanted = status in (None, one.status) and (before is None or one.id < before)
            return is_wanted and (one.attention is not None or not needing_attention)

        return list(self._session.all(Subscription, fits))[::-1][:limit]


class MemoryInvoices:
    """Invoices by the provider's id, by the renewal they paid for, and by subscription."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, invoice: Invoice) -> None:
        self._session.add(invoice.id, invoice)
        self._session.require_unique()

    def get(self, invoice_id: str) -> Invoice:
        return self._session.get(Invoice, invoice_id)

    def of_ref(self, gateway: str, invoice_ref: str) -> Invoice | None:
        return self._session.claimant(Invoice, "invoice_ref", f"{gateway} {invoice_ref}")

    def of_order(self, order_id: str) -> Invoice | None:
        return self._session.claimant(Invoice, "renewed_by", order_id)

    def of_subscription(self, subscription_id: str) -> Sequence[Invoice]:
        return list(self._session.all(Invoice, lambda invoice: invoice.subscription_id == subscription_id))


class MemoryWallets:
    """Wallets by id, by customer, and by the provider's ids."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, wallet: Wallet) -> None:
        self._session.add(wallet.id, wallet)
        self._session.require_unique()

    def get(self, wallet_id: str) -> Wallet:
        return self._session.get(Wallet, wallet_id)

    def lock(self, wallet_id: str) -> Wallet:
        return self._session.get(Wallet, wallet_id, lock=True)

    def of_customer(self, customer_id: str, gateway: str) -> Wallet | None:
        return self._session.claimant(Wallet, "wallet", f"{customer_id} {gateway}")

    def of_refs(self, gateway: str, refs: frozenset[str]) -> str | None:
        rules = ("customer_ref", "method_ref")
        found = (self._session.claimant(Wallet, rule, f"{gateway} {ref}") for rule in rules for ref in sorted(refs))
        return min((wallet.id for wallet in found if wallet), default=None)

    def expiring(self, year: int, month: int, after: str, limit: int) -> Sequence[tuple[str, str]]:
        ending = [
            (method.id, wallet.id)
            for wallet in self._session.all(Wallet)
            for method in wallet.usable
            if method.card and (method.card.exp_year, method.card.exp_month) == (year, month) and method.id > after
        ]
        return sorted(ending)[:limit]

    def of_method(self, method_id: str) -> str | None:
        found = self._session.claimant(Wallet, "method", method_id)
        return None if found is None else found.id

    def made(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        places = sorted(Made(wallet.created_at, wallet.id) for wallet in self._session.all(Wallet))
        return [place for place in places if (since, after) < place and place.at <= until][:limit]


class MemoryRegistrations:
    """Holdings by name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, registration: Registration) -> None:
        self._session.add(registration.id, registration)
        self._session.require_unique()

    def of_name(self, name: DomainName) -> Registration | None:
        return self._find(name, lock=False)

    def lock_name(self, name: DomainName) -> Registration | None:
        return self._find(name, lock=True)

    def has_unpaid_renewal(self, name: DomainName) -> bool:
        return self._session.claimant(Order, "renewal", str(name)) is not None

    def is_being_renewed(self, name: DomainName) -> bool:
        def renews(item: OrderItem) -> bool:
            return isinstance(item.what, DomainRenewal) and item.domain == name and item.is_wanted

        return any(renews(item) for order in self._session.all(Order) for item in order.items)

    def expiring(self, until: datetime, after: tuple[datetime, str] | None, limit: int) -> Sequence[Registration]:
        def fits(held: Registration) -> bool:
            place = (held.expires_at, held.id)
            return held.status is RegistrationStatus.ACTIVE and held.expires_at <= until and _is_after(place, after)

        found = self._session.all(Registration, fits)
        return sorted(found, key=lambda held: (held.expires_at, held.id))[:limit]

    def renews_for(self, customer_id: str) -> bool:
        def renews(held: Registration) -> bool:
            return (held.customer_id, held.status) == (customer_id, RegistrationStatus.ACTIVE) and held.auto_renew

        return any(True for _ in self._session.all(Registration, renews))

    def _find(self, name: DomainName, *, lock: bool) -> Registration | None:
        held = self._session.claimant(Registration, "held", str(name))
        return self._session.find(Registration, held.id, lock=lock) if held else None


def _is_after(place: tuple[datetime, str], after: tuple[datetime, str] | None) -> bool:
    return after is None or place > after
