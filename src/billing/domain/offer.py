"""What is sold and for how much: offers of domain suffixes and hosting plans, as values."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from billing.domain.document import Node
from billing.domain.errors import Invalid, NotPriced
from billing.domain.money import Money
from billing.domain.term import Term

# RFC 5731 §4, pLimitType: a registry counts a period up to 99.
_YEARS_MAX = 99
_RENEW_AHEAD_DAYS = 30


class Operation(StrEnum):
    """What is bought for a domain name."""

    REGISTER = "register"
    RENEW = "renew"


class Cycle(StrEnum):
    """How often hosting is paid."""

    MONTHLY = "monthly"
    YEARLY = "yearly"

    @property
    def term(self) -> Term:
        """The length of one cycle.

        >>> Cycle.YEARLY.term
        Term(months=12)
        """
        return Term(1) if self is Cycle.MONTHLY else Term.years(1)


@dataclass(frozen=True, slots=True)
class PriceList:
    """One price each in some currencies, more than nothing, ordered by currency.

    >>> PriceList.read(Node({"USD": 1500, "RWF": 18000}), currencies=["RWF", "USD"]).find("USD")
    Money(minor=1500, currency='USD')
    """

    prices: tuple[Money, ...]

    @classmethod
    def read(cls, node: Node, currencies: Collection[str]) -> Self:
        """Read `{currency: minor units}`; `Invalid` names the price that is not one of those currencies."""
        prices = []
        for currency, price in sorted(node.members().items()):
            if currency not in currencies:
                raise price.refuse(f"must be one of the currencies {', '.join(currencies)}")
            prices.append(Money(price.number(least=1), currency))
        if not prices:
            raise node.refuse("must have a price in at least one currency")
        return cls(tuple(prices))

    def find(self, currency: str) -> Money | None:
        """The price in that currency, or None."""
        return next((price for price in self.prices if price.currency == currency), None)

    def to_document(self) -> dict[str, int]:
        """The document that `read` takes."""
        return {price.currency: price.minor for price in self.prices}


@dataclass(frozen=True, slots=True)
class TldOffer:
    """Names directly under one suffix: the price of one year, bounds in years, and when they are renewed.

    >>> document = {"years_max": 10, "register": {"USD": 1500}, "renew": {"USD": 1600}}
    >>> offer = TldOffer.read("rw", Node(document), currencies=["USD"])
    >>> print(offer.price(Operation.REGISTER, years=2, currency="USD"))
    30.00 USD

    Its registry renews until `renew_until_days` after an expiry. Automatic renewal begins `renew_ahead_days` before.
    """

    suffix: str
    years_min: int
    years_max: int
    register: PriceList
    renew: PriceList
    renew_until_days: int
    renew_ahead_days: int

    @classmethod
    def read(cls, suffix: str, node: Node, currencies: Collection[str]) -> Self:
        """Read one table of `tlds`; `Invalid` names the path of what is wrong."""
        node.record("years_max", "register", "renew", optional=("years_min", "renew_until_days", "renew_ahead_days"))
        years_min = node.member("years_min", default=1).number(least=1, most=_YEARS_MAX)
        return cls(
            suffix=suffix,
            years_min=years_min,
            years_max=node.member("years_max").number(least=years_min, most=_YEARS_MAX),
            register=PriceList.read(node.member("register"), currencies),
            renew=PriceList.read(node.member("renew"), currencies),
            renew_until_days=node.member("renew_until_days", default=0).number(least=0),
            renew_ahead_days=node.member("renew_ahead_days", default=_RENEW_AHEAD_DAYS).number(least=1),
        )

    def price(self, operation: Operation, years: int, currency: str) -> Money:
        """The yearly price times years; `Invalid` for years out of bounds, `NotPriced` in another currency."""
        if type(years) is not int or not self.years_min <= years <= self.years_max:
            raise Invalid("years", f"must be from {self.years_min} to {self.years_max} under .{self.suffix}")
        yearly = self.register if operation is Operation.REGISTER else self.renew
        price = yearly.find(currency)
        if price is None:
            raise NotPriced(f"{operation} .{self.suffix}", currency)
        return price.times(years)

    def last_day(self, expires_at: datetime) -> datetime:
        """Until when the registry renews a name that expires then."""
        return expires_at + timedelta(days=self.renew_until_days)

    def to_document(self) -> dict[str, Any]:
        """The document that `read` takes."""
        return {
            "years_min": self.years_min,
            "years_max": self.years_max,
            "register": self.register.to_document(),
            "renew": self.renew.to_document(),
            "renew_until_days": self.renew_until_days,
            "renew_ahead_days": self.renew_ahead_days,
        }


@dataclass(frozen=True, slots=True)
class HostingPlan:
    """A hosting plan under its key, with the price of one cycle.

    >>> document = {"name": "Pro", "monthly": {"USD": 2499}, "yearly": {"USD": 24990}}
    >>> print(HostingPlan.read("pro", Node(document), currencies=["USD"]).price(Cycle.YEARLY, "USD"))
    249.90 USD
    """

    key: str
    name: str
    monthly: PriceList
    yearly: PriceList

    @classmethod
    def read(cls, key: str, node: Node, currencies: Collection[str]) -> Self:
        """Read one table of `plans`; `Invalid` names the path of what is wrong."""
        node.record("name", "monthly", "yearly")
        return cls(
            key=key,
            name=node.member("name").text(),
            monthly=PriceList.read(node.member("monthly"), currencies),
            yearly=PriceList.read(node.member("yearly"), currencies),
        )

    def price(self, cycle: Cycle, currency: str) -> Money:
        """The price of one cycle, or `NotPriced`."""
        prices = self.monthly if cycle is Cycle.MONTHLY else self.yearly
        price = prices.find(currency)
        if price is None:
            raise NotPriced(f"{self.key} {cycle}", currency)
        return price

    def to_document(self) -> dict[str, Any]:
        """The document that `read` takes."""
        return {"name": self.name, "monthly": self.monthly.to_document(), "yearly": self.yearly.to_document()}
