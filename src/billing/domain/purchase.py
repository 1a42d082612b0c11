"""What can be bought: one frozen value per kind, the same from the request to the row."""

from dataclasses import dataclass
from typing import ClassVar

from billing.domain.catalogue import Cycle
from billing.domain.domain_name import DomainName


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRegistration:
    """Register a free name for some years.

    >>> str(DomainRegistration(domain=DomainName("example.rw"), years=2))
    'example.rw, registration, 2 y'
    """

    kind: ClassVar[str] = "domain_registration"
    domain: DomainName
    years: int = 1
    nameservers: tuple[str, ...] = ()
    auto_renew: bool = False

    def __str__(self) -> str:
        return f"{self.domain}, registration, {self.years} y"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRenewal:
    """Extend a name that we hold for the customer."""

    kind: ClassVar[str] = "domain_renewal"
    domain: DomainName
    years: int = 1

    def __str__(self) -> str:
        return f"{self.domain}, renewal, {self.years} y"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """Open a hosting subscription and pay its first period."""

    kind: ClassVar[str] = "hosting"
    plan: str
    cycle: Cycle
    domain: DomainName | None = None
    auto_renew: bool = False

    def __str__(self) -> str:
        site = f" for {self.domain}" if self.domain else ""
        return f"Hosting {self.plan}, {self.cycle.value}{site}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRenewal:
    """Pay further periods of a hosting subscription."""

    kind: ClassVar[str] = "subscription_renewal"
    subscription_id: str
    cycles: int = 1

    def __str__(self) -> str:
        return f"Subscription {self.subscription_id}, {self.cycles} more"


Purchase = DomainRegistration | DomainRenewal | Hosting | SubscriptionRenewal

PURCHASES: dict[str, type[Purchase]] = {
    cls.kind: cls for cls in (DomainRegistration, DomainRenewal, Hosting, SubscriptionRenewal)
}
