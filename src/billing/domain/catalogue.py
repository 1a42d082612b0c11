"""The price list: which names and hosting plans are sold, under which terms, in which currencies."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from billing.domain.document import Node
from billing.domain.domain_name import DomainName
from billing.domain.errors import Invalid, NotRegistrable, UnknownPlan
from billing.domain.money import EXPONENTS, Money
from billing.domain.offer import Cycle, HostingPlan, Operation, TldOffer

__all__ = ["Catalogue", "Cycle", "HostingPlan", "Operation", "TldOffer"]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All offers, read-only, by suffix ("co.rw") and by plan ("starter").

    >>> catalogue = Catalogue.from_document({
    ...     "currencies": ["RWF", "USD"],
    ...     "tlds": {"rw": {"years_max": 10, "register": {"USD": 1500}, "renew": {"USD": 1600}}},
    ...     "plans": {"starter": {"name": "Starter", "monthly": {"USD": 499}, "yearly": {"USD": 4990}}},
    ... })
    >>> catalogue.suffix_of(DomainName("example.rw"))
    'rw'
    >>> print(catalogue.price_domain(Operation.RENEW, DomainName("example.rw"), years=2, currency="USD"))
    32.00 USD
    >>> print(catalogue.price_hosting("starter", Cycle.MONTHLY, "USD"))
    4.99 USD
    """

    currencies: tuple[str, ...]
    tlds: Mapping[str, TldOffer]
    plans: Mapping[str, HostingPlan]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read the parsed TOML or JSON document (catalogue.example.toml shows its shape).

        `Invalid` names the exact path of the first unknown, missing or impossible value.

        >>> Catalogue.from_document({"currencies": ["USD", "GOLD"], "tlds": {}, "plans": {}})
        Traceback (most recent call last):
        ...
        billing.domain.errors.Invalid: currencies[1]: must be an upper-case ISO 4217 code
        """
        root = Node(document).record("currencies", "tlds", "plans")
        currencies = _read_currencies(root.member("currencies"))
        tlds = {
            _read_suffix(suffix, offer): TldOffer.read(suffix, offer, currencies)
            for suffix, offer in root.member("tlds").members().items()
        }
        plans = {key: HostingPlan.read(key, plan, currencies) for key, plan in root.member("plans").members().items()}
        return cls(currencies, MappingProxyType(tlds), MappingProxyType(plans))

    def to_document(self) -> dict[str, Any]:
        """The plain document that `from_document` reads back to an equal catalogue."""
        return {
            "currencies": list(self.currencies),
            "tlds": {suffix: offer.to_document() for suffix, offer in self.tlds.items()},
            "plans": {key: plan.to_document() for key, plan in self.plans.items()},
        }

    def suffix_of(self, name: DomainName) -> str:
        """The longest suffix on sale that the name lies under; `NotRegistrable` unless it is one label below."""
        suffix = next((suffix for suffix in name.suffixes() if suffix in self.tlds), None)
        if suffix is None:
            raise NotRegistrable(name.value, f"names under .{name.labels[-1]} are not sold")
        if name.value in self.tlds:
            raise NotRegistrable(name.value, "it is a suffix that names are sold under")
        if name.suffixes()[0] != suffix:
            raise NotRegistrable(name.value, f"it must be exactly one label below .{suffix}")
        return suffix

    def offer_for(self, name: DomainName) -> TldOffer:
        """The offer for the name's suffix; `NotRegistrable` when there is none."""
        return self.tlds[self.suffix_of(name)]

    def price_domain(self, operation: Operation, name: DomainName, years: int, currency: str) -> Money:
        """The price of all years together; `NotRegistrable`, `Invalid("years", ...)` or `NotPriced`."""
        return self.offer_for(name).price(operation, years, currency)

    def price_hosting(self, plan: str, cycle: Cycle, currency: str) -> Money:
        """The price of one cycle; `UnknownPlan` or `NotPriced`."""
        if plan not in self.plans:
            raise UnknownPlan(plan)
        return self.plans[plan].price(cycle, currency)


def _read_currencies(node: Node) -> tuple[str, ...]:
    currencies: list[str] = []
    for item in node.items():
        currency = item.text()
        if currency not in EXPONENTS:
            raise item.refuse("must be an upper-case ISO 4217 code")
        if currency in currencies:
            raise item.refuse("is there twice")
        currencies.append(currency)
    if not currencies:
        raise node.refuse("must name at least one currency")
    return tuple(currencies)


def _read_suffix(suffix: str, node: Node) -> str:
    try:
        below = DomainName(f"name.{suffix}")
    except Invalid as error:
        raise node.refuse(f"must be a suffix of domain names: {error.why}") from None
    if below.suffixes()[0] != suffix:
        raise node.refuse("must be in lower case")
    return suffix
