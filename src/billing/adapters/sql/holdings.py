"""Customers, and what they hold: hosting subscriptions and names."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, literal, select, tuple_

from billing.adapters.sql.columns import fixed
from billing.adapters.sql.places import places
from billing.adapters.sql.tables import (
    active,
    goes_on_by_order,
    is_billed,
    is_looked_at,
    needs_attention,
    order_items,
    paid_renewal,
    registrations,
    subscriptions,
    unpaid_renewal,
)
from billing.adapters.sql.types import Id, Moment
from billing.adapters.sql.work import Work
from billing.application.records import Made
from billing.domain.customer import Customer
from billing.domain.domain_name import DomainName
from billing.domain.errors import NameHeld
from billing.domain.registration import Registration
from billing.domain.subscription import Subscription, SubscriptionStatus

_OVER = (SubscriptionStatus.CANCELLED, SubscriptionStatus.ENDED)


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

    def renews_for(self, customer_id: str) -> bool:
        goes_on = and_(
            subscriptions.c.customer_id == customer_id,
            subscriptions.c.auto_renew,
            ~subscriptions.c.cancel_at_period_end,
            subscriptions.c.status.not_in(_OVER),
        )
        return bool(self._work.session.scalar(select(exists().where(goes_on))))

    def to_look_at(self, now: datetime, limit: int) -> Sequence[str]:
        due = select(subscriptions.c.id).where(is_looked_at, subscriptions.c.look_at <= now)
        return self._work.session.scalars(due.order_by(subscriptions.c.look_at).limit(limit)).all()

    def ending(self, until: datetime, after: tuple[datetime, str] | None, limit: int) -> Sequence[Subscription]:
        end = subscriptions.c.current_period_end
        found = select(Subscription).where(goes_on_by_order, end <= until)
        if after is not None:
            place = tuple_(end, subscriptions.c.id)
            found = found.where(place > tuple_(literal(after[0], Moment), literal(after[1], Id)))
        return self._work.session.scalars(found.order_by(end, subscriptions.c.id).limit(limit)).all()

    def periods_ended(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        ended = subscriptions.c.current_period_end
        return places(self._work.session, ended, since, until, after, limit, is_billed)

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

    def is_being_renewed(self, name: DomainName) -> bool:
        paid = exists().where(and_(paid_renewal, order_items.c.domain == name))
        return bool(self._work.session.scalar(select(paid)))

    def expiring(self, until: datetime, after: tuple[datetime, str] | None, limit: int) -> Sequence[Registration]:
        found = select(Registration).where(active, registrations.c.expires_at <= until)
        if after is not None:
            place = tuple_(registrations.c.expires_at, registrations.c.id)
            found = found.where(place > tuple_(literal(after[0], Moment), literal(after[1], Id)))
        by_expiry = found.order_by(registrations.c.expires_at, registrations.c.id).limit(limit)
        return self._work.session.scalars(by_expiry).all()

    def renews_for(self, customer_id: str) -> bool:
        held = exists().where(and_(active, registrations.c.customer_id == customer_id, registrations.c.auto_renew))
        return bool(self._work.session.scalar(select(held)))

    def _find(self, name: DomainName, *, lock: bool) -> Registration | None:
        return self._work.find(Registration, active, name=name, lock=lock)
