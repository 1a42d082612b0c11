"""A name that we hold at a registry for a customer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from billing.domain.domain_name import DomainName


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

    `renewing_item` is a slot: the one renewal item that may be talking to the registry about this name.
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
    version: int = 1

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
        self.expires_at = expires_at

    def release(self, why: str) -> None:
        """The registry gave the name to a later registration."""
        self.status, self.why = RegistrationStatus.RELEASED, why
