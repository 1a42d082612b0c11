"""Stripe's webhooks in our hands: kept as they come, signed, and handed to billing one by one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from billing.domain import InboxEvent
from tests.integration.sandbox.harness import Endpoint
from tests.integration.whole.installation import Installation, eventually


class Post:
    """What Stripe sent, to be delivered when a story wants it; nothing else tells billing of a payment."""

    def __init__(self, installation: Installation, endpoint: Endpoint) -> None:
        self.installation, self.endpoint = installation, endpoint
        installation.control("PUT", "/webhooks", {"url": endpoint.url})

    def letter(self, type: str, number: int = 0) -> tuple[bytes, str]:
        """The signed bytes of the event of that type, or of a later one of the same type."""

        def look() -> tuple[bytes, str] | None:
            of_type = [sent for sent in list(self.endpoint.received) if json.loads(sent[0])["type"] == type]
            return of_type[number] if len(of_type) > number else None

        found = eventually(look)
        assert found is not None
        return found

    def deliver(self, type: str, number: int = 0) -> dict[str, Any]:
        """Hand it over as Stripe does, which must be answered 200 at once; the event."""
        body, signature = self.letter(type, number)
        assert self.send(body, signature) == 200
        event: dict[str, Any] = json.loads(body)
        return event

    def send(self, body: bytes, signature: str) -> int:
        """Any bytes; the status of the answer."""
        headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
        return requests.post(f"{self.installation.url}/webhooks/stripe", body, headers=headers, timeout=10).status_code

    # ------------------------------------------------------------------ what became of it

    def told(self, event: dict[str, Any]) -> InboxEvent:
        """The event in billing's inbox, once it was read."""
        ledger = self.installation.container.ledger()

        def look() -> InboxEvent | None:
            kept = ledger.read(lambda uow: uow.inbox.find("stripe", event["id"]))
            return kept if kept is not None and kept.is_settled else None

        found = eventually(look)
        assert found is not None
        return found

    def subjects(self, recipient: str = "aline@example.rw") -> list[str]:
        """What the mails are about that somebody was sent, oldest first."""
        every = self.installation.control("GET", "/state")["mail"]
        return [mail["subject"] for mail in every if mail["to"] == [recipient]]


@contextmanager
def the_post_of(installation: Installation) -> Iterator[Post]:
    """From now on Stripe's webhooks come here, and no further by themselves."""
    endpoint = Endpoint()
    try:
        yield Post(installation, endpoint)
    finally:
        endpoint.close()
