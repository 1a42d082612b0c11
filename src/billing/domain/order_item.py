"""One line of an order: what is bought, at which frozen price, and how far its delivery is."""

from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from billing.domain.domain_name import DomainName
from billing.domain.errors import IllegalMove
from billing.domain.money import Money
from billing.domain.purchase import DomainRegistration, DomainRenewal, Hosting, Purchase


class ItemStatus(StrEnum):
    """How far an item is; `failed` is paid for and cannot be delivered."""

    UNPAID = "unpaid"
    DUE = "due"
    IN_PROGRESS = "in_progress"
    FULFILLED = "fulfilled"
    FAILED = "failed"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


_MOVES: Mapping[ItemStatus, set[ItemStatus]] = {
    ItemStatus.UNPAID: {ItemStatus.DUE, ItemStatus.CANCELLED},
    ItemStatus.DUE: {ItemStatus.IN_PROGRESS, ItemStatus.FAILED, ItemStatus.CANCELLED},
    ItemStatus.IN_PROGRESS: {ItemStatus.FULFILLED, ItemStatus.FAILED, ItemStatus.CANCELLED},
    ItemStatus.CANCELLED: {ItemStatus.DUE, ItemStatus.FAILED, ItemStatus.REFUNDED},
    ItemStatus.FAILED: {ItemStatus.REFUNDED},
    ItemStatus.FULFILLED: set(),
    ItemStatus.REFUNDED: {ItemStatus.FAILED},
}

CLAIMING: Mapping[type[Purchase], frozenset[ItemStatus]] = {
    DomainRegistration: frozenset({ItemStatus.UNPAID, ItemStatus.DUE, ItemStatus.IN_PROGRESS}),
    DomainRenewal: frozenset({ItemStatus.UNPAID}),
}
"""The statuses in which an item claims its name against every other of its kind."""


def registrant_handle(item_id: str) -> str:
    """The registry's contact id of this item and no other: 16 characters (RFC 5733 clIDType allows 3 to 16).

    >>> registrant_handle("itm_1")
    'BELTUOQFLPWUNJJ5'
    """
    return "B" + b32encode(sha256(item_id.encode()).digest()).decode()[:15]


@dataclass(eq=False, kw_only=True)
class OrderItem:
    """One purchase within an order.

    >>> from billing.domain import Cycle, Hosting
    >>> item = OrderItem.of("itm_1", 0, Hosting(plan="starter", cycle=Cycle.MONTHLY), Money(499, "USD"))
    >>> item.title, item.status.value, item.handle
    ('Hosting starter, monthly', 'unpaid', None)

    `title` is what the provider was told, fixed when the order was placed, so that a repeated call has the same body
    after a release that words it otherwise. `handle` proves at the registry that a name is this
    item's. `frozen_expiry` is the expiry that a renewal starts from, written before the registry is asked to renew.
    `accepted_at` is when the registry took a registration that it has yet to grant. `attention` says what a person
    must look at.
    """

    id: str
    position: int
    what: Purchase
    title: str
    price: Money
    status: ItemStatus = ItemStatus.UNPAID
    why: str | None = None
    attention: str | None = None
    handle: str | None = None
    frozen_expiry: datetime | None = None
    accepted_at: datetime | None = None
    subscription_id: str | None = None
    version: int = 1

    @classmethod
    def of(cls, item_id: str, position: int, what: Purchase, price: Money) -> "OrderItem":
        """A new line; a registration gets its registrant handle here, before anything is called."""
        handle = registrant_handle(item_id) if isinstance(what, DomainRegistration) else None
        return cls(id=item_id, position=position, what=what, title=str(what), price=price, handle=handle)

    @property
    def domain(self) -> DomainName | None:
        """The name at the registry that this item is about, if any."""
        return self.what.domain if isinstance(self.what, DomainRegistration | DomainRenewal) else None

    @property
    def is_wanted(self) -> bool:
        """Whether it is paid and to be delivered."""
        return self.status in (ItemStatus.DUE, ItemStatus.IN_PROGRESS)

    @property
    def claims_name(self) -> bool:
        """Whether no other item of its kind may have its name now."""
        return self.status in CLAIMING.get(type(self.what), frozenset())

    @property
    def opens_subscription(self) -> bool:
        """Whether its delivery is a new subscription, not more time of an old one."""
        return isinstance(self.what, Hosting)

    @property
    def renews_by_itself(self) -> bool:
        """Whether its customer wants more time of it to be bought automatically."""
        return isinstance(self.what, DomainRegistration | Hosting) and self.what.auto_renew

    def move(self, after: ItemStatus, why: str) -> None:
        """Only `Order` calls this, so that the order's status follows."""
        if after not in _MOVES[self.status]:
            raise IllegalMove(f"item {self.id}", self.status, after)
        self.status, self.why = after, why

    def freeze_expiry(self, expires_at: datetime) -> None:
        """Fix once the expiry that the renewal starts from."""
        if self.frozen_expiry is None:
            self.frozen_expiry = expires_at

    def accept(self, at: datetime) -> None:
        """The registry has taken the registration: from now on it is granted or denied, and not asked for again."""
        self.accepted_at = self.accepted_at or at
