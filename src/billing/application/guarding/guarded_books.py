"""The books of providers behind the circuit breakers of their gateways."""

from datetime import datetime

from billing.application.guarding.breakers import Guard
from billing.application.outcomes import Deadline
from billing.application.provider_ports import EventFeed, FeedPage, Statement, Statements
from billing.domain.payment import Payment


class GuardedFeed(EventFeed):
    """A provider's feed that is left in peace while the provider does not answer."""

    def __init__(self, inner: EventFeed, guard: Guard) -> None:
        self._inner, self._guard = inner, guard
        self.gateway, self.kept = inner.gateway, inner.kept

    def page(self, since: datetime, until: datetime, after: str | None, deadline: Deadline) -> FeedPage:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.page(since, until, after, deadline))


class GuardedStatements(Statements):
    """The same of what it has of a payment."""

    def __init__(self, inner: Statements, guard: Guard) -> None:
        self._inner, self._guard = inner, guard
        self.gateway = inner.gateway

    def of(self, payment: Payment, deadline: Deadline) -> Statement:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.of(payment, deadline))
