"""Customers, and what they hold: hosting subscriptions and names."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, select

from billing.adapters.sql.columns import fixed
from billing.adapters.sql.tables import (
    active,
    is_looked_at,
    needs_attention,
    order_items,
    subscriptions,
    unpaid_renewal,
)
from billing.adapters.sql.work import Work
from billing.domain.customer import Customer
from billing.domain.domain_name import DomainName
from billing.domain.errors import NameHeld
from billing.domain.registration import Registration
from billing.domain.subscription import Subscription, SubscriptionStatus


class SqlCustomers:
    """By id."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, customer: Customer) -> None:
        self._work.add(customer)

    def get(self, customer_id: str) -> Customer:
        return self._work.get(Customer, customer_id)


class SqlSubscriptions:
    """By id."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, subscription: Subscription) -> None:
        self._work.add(subscription)

    def get(self, subscription_id: str) -> Subscription:
        return self._work.get(Subscription, subscription_id)

    def lock(self, subscription_id: str) -> Subscription:
        return self._work.lock(Subscription, subscription_id)

    def of_item(self, item_id: str) -> str | None:
        return self._work.session.scalar(select(subscriptions.c.id).where(subscriptions.c.item_id == item_id))

    def of_refs(self, gateway: str, refs: frozenset[str]) -> str | None:
        billed = subscriptions.c.gateway == gateway, subscriptions.c.billing_ref.in_(sorted(refs))
        return self._work.session.scalar(
            select(subscriptions.c.id).where(*billed).order_by(subscriptions.c.id).limit(1)
        )

    def to_look_at(self, now: datetime, limit: int) -> Sequence[str]:
        due = select(subscriptions.c.id).where(is_looked_at, subscriptions.c.look_at <= now)
        return self._work.session.scalars(due.order_by(subscriptions.c.look_at).limit(limit)).all()

    def owing(self, customer_id: str) -> Sequence[str]:
        theirs = select(subscriptions.c.id).where(subscriptions.c.customer_id == customer_id)
        return self._work.session.scalars(theirs.where(subscriptions.c.past_due_since.is_not(None))).all()

    def page(
        self, status: SubscriptionStatus | None, before: str | None, limit: int, *, needing_attention: bool = False
    ) -> Sequence[Subscription]:
        wanted = select(Subscription).order_by(subscriptions.c.id.desc()).limit(limit)
        if status is not None:
            wanted = wanted.where(fixed(subscriptions.c.status, status))
        if needing_attention:
            wanted = wanted.where(needs_attention)
        if before is not None:
            wanted = wanted.where(subscriptions.c.id < before)
        return self._work.session.scalars(wanted).all()


class SqlRegistrations:
    """By name; of every name at most one is active."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, registration: Registration) -> None:
        # The index refuses a second holder too, but on SQLite without telling the name.
        if self.of_name(registration.name) is not None:
            raise NameHeld(str(registration.name))
        self._work.add(registration)

    def of_name(self, name: DomainName) -> Registration | None:
        return self._find(name, lock=False)

    def lock_name(self, name: DomainName) -> Registration | None:
        # A holding that was released while we waited for its row may have a successor: that takes a second look.
        return self._find(name, lock=True) or self._find(name, lock=True)

    def has_unpaid_renewal(self, name: DomainName) -> bool:
        waiting = exists().where(and_(unpaid_renewal, order_items.c.domain == name))
        return bool(self._work.session.scalar(select(waiting)))

    def _find(self, name: DomainName, *, lock: bool) -> Registration | None:
        return self._work.find(Registration, active, name=name, lock=lock)
