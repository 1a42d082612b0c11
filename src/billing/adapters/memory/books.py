"""The in-memory provider's books: what it told, whether or not it arrived, and what it has of a payment."""

import json
from datetime import datetime, timedelta

from billing.adapters.memory.faults import FailsOnOrder
from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.pages import READABLE, Told
from billing.application.outcomes import Deadline, NeedsPerson
from billing.application.provider_ports import EventFeed, FeedEvent, FeedPage, Statement, Statements
from billing.domain.payment import Payment


class MemoryFeed(EventFeed, FailsOnOrder):
    """Every notification that the provider has made, in pages of `page_size`, oldest first."""

    usual_call = "page"
    kept = timedelta(days=30)

    def __init__(self, provider: MemoryGateway, page_size: int = 3) -> None:
        super().__init__()
        self.gateway, self._provider, self._page_size = provider.name, provider, page_size

    def page(self, since: datetime, until: datetime, after: str | None, deadline: Deadline) -> FeedPage:
        """`after` counts what was shown."""
        deadline.remaining_seconds()

        def look() -> FeedPage:
            told = [(at, body, json.loads(body)) for at, body in self._provider.told if since <= at <= until]
            events = [
                FeedEvent(event_id=one["id"], type=one["type"], api_version="1", body=body, created_at=at)
                for at, body, one in told
                if one["type"] in READABLE
            ]
            end = int(after or 0) + self._page_size
            return FeedPage(events[int(after or 0) : end], str(end) if end < len(events) else None)

        return self._act("page", look)


class MemoryStatements(Statements, FailsOnOrder):
    """Reads the provider's pages."""

    usual_call = "of"

    def __init__(self, provider: MemoryGateway) -> None:
        super().__init__()
        self.gateway, self._provider = provider.name, provider

    def of(self, payment: Payment, deadline: Deadline) -> Statement:
        """NeedsPerson where it has no such page."""
        deadline.remaining_seconds()

        def look() -> Statement:
            page = self._provider.pages.get(payment.id)
            if page is None:
                raise NeedsPerson(f"there is no page for {payment.id}")
            refunds = [page.refund_fact(refund, page.installation) for refund in page.refunds]
            return Statement(page.amount if page.state is Told.PAID else None, refunds)

        return self._act("of", look)
