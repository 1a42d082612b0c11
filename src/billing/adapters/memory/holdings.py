"""Customers of the in-memory ledger, and what they hold: hosting subscriptions and names."""

from billing.adapters.memory.session import Session
from billing.domain.customer import Customer
from billing.domain.domain_name import DomainName
from billing.domain.order import Order
from billing.domain.registration import Registration
from billing.domain.subscription import Subscription


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

    def _find(self, name: DomainName, *, lock: bool) -> Registration | None:
        held = self._session.claimant(Registration, "held", str(name))
        return self._session.find(Registration, held.id, lock=lock) if held else None
