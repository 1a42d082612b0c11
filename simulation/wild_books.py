"""The provider's own books in bad weather: its feed of what it told, and what it has of each payment."""

from datetime import datetime

from billing.adapters.memory.feed import MemoryFeed
from billing.adapters.memory.statements import MemoryStatements
from billing.application.outcomes import Deadline
from billing.application.provider_ports import EventFeed, FeedPage, Statement, Statements
from billing.domain import Payment
from simulation.weather import Weather
from simulation.wild_gateway import WildGateway


class WildFeed(EventFeed):
    """The twin behind the weather."""

    gateway, kept = "memory", MemoryFeed.kept

    def __init__(self, weather: Weather, gateway: WildGateway) -> None:
        self._twin, self._weather = MemoryFeed(gateway.twin, page_size=20), weather

    def page(self, since: datetime, until: datetime, after: str | None, deadline: Deadline) -> FeedPage:
        return self._weather.call("books: events", deadline, lambda sent: self._twin.page(since, until, after, sent))


class WildStatements(Statements):
    """The twin behind the weather."""

    gateway = "memory"

    def __init__(self, weather: Weather, gateway: WildGateway) -> None:
        self._twin, self._weather = MemoryStatements(gateway.twin), weather

    def of(self, payment: Payment, deadline: Deadline) -> Statement:
        return self._weather.call(f"books: payment {payment.id}", deadline, lambda sent: self._twin.of(payment, sent))
