"""What the ledger keeps beside its entities."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.order_status import OrderStatus
from billing.domain.payment import Payment, PaymentStatus
from billing.domain.refund import Refund
from billing.domain.registration import Registration
from billing.domain.subscription import Subscription

Tracked = Order | OrderItem | Payment | Refund | Subscription | Registration

TRACKED: Mapping[type, str] = {
    Order: "order",
    OrderItem: "item",
    Payment: "payment",
    Refund: "refund",
    Subscription: "subscription",
    Registration: "registration",
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
