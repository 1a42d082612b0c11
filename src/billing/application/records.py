"""What the ledger keeps beside its entities."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from billing.domain.dispute import Dispute
from billing.domain.event import InboxEvent
from billing.domain.invoice import Invoice
from billing.domain.job import JobKind, JobRequest
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.order_status import OrderStatus
from billing.domain.payment import Payment, PaymentStatus
from billing.domain.refund import Refund
from billing.domain.registration import Registration
from billing.domain.subscription import Subscription

Tracked = Order | OrderItem | Payment | Refund | Dispute | Subscription | Registration | Invoice

TRACKED: Mapping[type, str] = {
    Order: "order",
    OrderItem: "item",
    Payment: "payment",
    Refund: "refund",
    Dispute: "dispute",
    Subscription: "subscription",
    Registration: "registration",
    Invoice: "invoice",
}
"""Whose moves are told, and what each is called there."""

_EXPLAINED = {OrderStatus.REQUIRES_ATTENTION, PaymentStatus.REQUIRES_ATTENTION}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an entity stands, and why; without a status it does not exist yet."""

    status: str | None = None
    why: str | None = None

    def is_news_after(self, before: "Standing") -> bool:
        """Whether the history tells it: another status, or another reason for a person to look."""
        if self.status == before.status:
            return self.status in _EXPLAINED and self.why != before.why
        return True


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A move that was made: append-only, written by the unit of work itself.

    `before` and `after` are the same where only the reason for a person to look is another.
    """

    entity: str
    entity_id: str
    before: str | None
    after: str
    why: str | None
    by: str
    at: datetime


class Made(NamedTuple):
    """When something was made, and its id: a place in what is walked through."""

    at: datetime
    id: str


def process_job(event_row_id: str, context: Mapping[str, str] | None = None) -> JobRequest:
    """The one job that reads a stored notification."""
    return JobRequest(JobKind.PROCESS_EVENT, event_row_id, context)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A genuine notification before it is stored; `context` goes along with its job into the logs."""

    id: str
    gateway: str
    event_id: str
    type: str
    api_version: str | None
    verdict: str
    body: bytes
    context: Mapping[str, str]

    @property
    def job(self) -> JobRequest:
        """What reads it."""
        return process_job(self.id, self.context)

    def event(self, received_at: datetime) -> InboxEvent:
        """As it is kept."""
        return InboxEvent(
            id=self.id,
            gateway=self.gateway,
            event_id=self.event_id,
            type=self.type,
            api_version=self.api_version,
            verdict=self.verdict,
            body=self.body,
            received_at=received_at,
        )


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A caller of the API; the key itself is known to its holder only."""

    id: str
    name: str
    role: str
    digest: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RememberedAnswer:
    """What a call under an Idempotency-Key was asked and, once finished, what it answered."""

    scope: str
    key: str
    fingerprint: str
    created_at: datetime
    lease_until: datetime
    status: int | None = None
    body: str | None = None
