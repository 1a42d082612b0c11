"""What the in-memory provider told, whether or not it arrived."""

import json
from datetime import datetime, timedelta

from billing.adapters.memory.faults import FailsOnOrder
from billing.adapters.memory.gateway import MemoryGateway
from billing.application.outcomes import Deadline
from billing.application.provider_ports import EventFeed, FeedEvent, FeedPage


class MemoryFeed(EventFeed, FailsOnOrder):
    """Every notification that the provider has made, in pages of `page_size`, oldest first."""

    usual_call = "page"
    kept = timedelta(days=30)

    def __init__(self, provider: MemoryGateway, page_size: int = 3) -> None:
        super().__init__()
        self.gateway, self._provider, self._page_size = provider.name, provider, page_size

    def page(self, since: datetime, until: datetime, after: str | None, deadline: Deadline) -> FeedPage:
        """`after` counts what was shown."""

        def look() -> FeedPage:
            told = [(at, body, json.loads(body)) for at, body in self._provider.told if since <= at <= until]
            events = [
                FeedEvent(event_id=one["id"], type=one["type"], api_version="1", body=body, created_at=at)
                for at, body, one in told
                if self._provider.reads(one["type"])
            ]
            end = int(after or 0) + self._page_size
            return FeedPage(events[int(after or 0) : end], str(end) if end < len(events) else None)

        return self._call("page", after or "", deadline, look)
