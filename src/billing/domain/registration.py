"""A name that we hold at a registry for a customer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from billing.domain.domain_name import DomainName


class NameStanding(StrEnum):
    """What a customer is shown; `lost` is a name whose time to be renewed is over."""

    ACTIVE = "active"
    EXPIRED = "expired"
    LOST = "lost"
    RELEASED = "released"


class RegistrationStatus(StrEnum):
    """Whether the name is still ours to renew."""

    ACTIVE = "active"
    RELEASED = "released"


@dataclass(eq=False, kw_only=True)
class Registration:
    """One holding of a name, from the item that registered it until it is released.

    >>> from datetime import UTC
    >>> now = datetime(2027, 1, 31, tzinfo=UTC)
    >>> held = Registration(id="reg_1", name=DomainName("example.rw"), customer_id="cus_1", item_id="itm_1",
    ...                     handle=None, created_at=now, expires_at=now)
    >>> held.take_slot("itm_2"), held.take_slot("itm_3")
    (True, False)
    >>> held.free_slot("itm_2")
    >>> held.take_slot("itm_3")
    True

    `renewing_item` is a slot: the one renewal item that may be talking to the registry about this name. `expired_at` is
    when its term was found to be over and not renewed: it is ours to renew still, until it is released.
    """

    id: str
    name: DomainName
    customer_id: str
    item_id: str
    handle: str | None
    created_at: datetime
    expires_at: datetime
    auto_renew: bool = False
    status: RegistrationStatus = RegistrationStatus.ACTIVE
    why: str | None = None
    renewing_item: str | None = None
    expired_at: datetime | None = None
    version: int = 1

    @property
    def standing(self) -> NameStanding:
        """As a customer is shown it."""
        if self.status is RegistrationStatus.ACTIVE:
            return NameStanding.ACTIVE if self.expired_at is None else NameStanding.EXPIRED
        return NameStanding.RELEASED if self.expired_at is None else NameStanding.LOST

    def take_slot(self, item_id: str) -> bool:
        """Whether this item may renew the name now; another renewal under way keeps it out."""
        if self.renewing_item is None:
            self.renewing_item = item_id
        return self.renewing_item == item_id

    def free_slot(self, item_id: str) -> None:
        """The renewal of this item is over, however it ended."""
        if self.renewing_item == item_id:
            self.renewing_item = None

    def learn_expiry(self, expires_at: datetime) -> None:
        """What the registry says, which is always right."""
        if expires_at > self.expires_at:
            self.expired_at = None
        self.expires_at = expires_at

    def expire(self, now: datetime) -> bool:
        """Its term is over; False, and nothing, where that is known or not so."""
        if self.expired_at is not None or now < self.expires_at or self.status is not RegistrationStatus.ACTIVE:
            return False
        self.expired_at = now
        return True

    def lose(self, now: datetime, why: str) -> None:
        """Nobody renewed it while the registry would have done so."""
        self.expire(now)
        self.release(why)

    def release(self, why: str) -> None:
        """It is ours no longer: the registry gave the name to a later registration, or took it back."""
        self.status, self.why = RegistrationStatus.RELEASED, why
