"""Money as whole minor units of one ISO 4217 currency, never as a float."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from billing.domain.errors import CurrencyMismatch, Invalid

# ISO 4217 list one, published 2026-01-01 (SIX Group). Codes without a minor unit (XAU, XDR, XXX ...) are left out.
_CODES_BY_EXPONENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
        CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
        HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU
        MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR
        SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED
        VES WST XAD XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

EXPONENTS: Mapping[str, int] = MappingProxyType(
    {code: digits for digits, codes in _CODES_BY_EXPONENT.items() for code in codes.split()}
)


def exponent(currency: str) -> int:
    """How many decimal digits the minor unit of an upper-case ISO 4217 code has; `Invalid` for any other value.

    >>> exponent("USD"), exponent("RWF"), exponent("KWD")
    (2, 0, 3)
    """
    if not isinstance(currency, str) or currency not in EXPONENTS:
        raise Invalid("currency", f"must be an upper-case ISO 4217 code, not {currency!r}")
    return EXPONENTS[currency]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents for USD, whole francs for RWF); negative only as a difference.

    Arithmetic and order stay within one currency: anything else raises `CurrencyMismatch`.

    >>> Money(1299, "USD") + Money(1, "USD")
    Money(minor=1300, currency='USD')
    >>> print(Money(1299, "USD"), Money(4200, "RWF"), sep=", ")
    12.99 USD, 4200 RWF
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise Invalid("amount", f"must be a whole number of minor units, not {self.minor!r}")
        exponent(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in that currency.

        >>> Money.zero("RWF")
        Money(minor=0, currency='RWF')
        """
        return cls(0, currency)

    @property
    def is_negative(self) -> bool:
        """Whether this is less than nothing.

        >>> (Money(1, "USD") - Money(2, "USD")).is_negative
        True
        """
        return self.minor < 0

    def times(self, n: int) -> Self:
        """This amount n times; n is an int, else `Invalid`: shares and percentages are no business of Money.

        >>> Money(1500, "USD").times(3)
        Money(minor=4500, currency='USD')
        """
        if type(n) is not int:
            raise Invalid("n", f"must be a whole number, not {n!r}")
        return type(self)(self.minor * n, self.currency)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.minor + self._comparable(other), self.currency)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.minor - self._comparable(other), self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.minor, self.currency)

    def __lt__(self, other: Self) -> bool:
        return self.minor < self._comparable(other)

    def __le__(self, other: Self) -> bool:
        return self.minor <= self._comparable(other)

    def __gt__(self, other: Self) -> bool:
        return self.minor > self._comparable(other)

    def __ge__(self, other: Self) -> bool:
        return self.minor >= self._comparable(other)

    def __str__(self) -> str:
        digits = exponent(self.currency)
        sign = "-" if self.is_negative else ""
        whole, fraction = divmod(abs(self.minor), 10**digits)
        amount = f"{whole}.{fraction:0{digits}}" if digits else f"{whole}"
        return f"{sign}{amount} {self.currency}"

    def _comparable(self, other: Self) -> int:
        if not isinstance(other, Money):
            raise TypeError(f"Money goes with Money only, not with {other!r}")
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.minor


def total(monies: Iterable[Money], currency: str) -> Money:
    """The sum of any number of amounts, none included, all in that currency (else `CurrencyMismatch`).

    >>> total([Money(1299, "USD"), Money(701, "USD")], "USD")
    Money(minor=2000, currency='USD')
    >>> total([], "RWF")
    Money(minor=0, currency='RWF')
    """
    return sum(monies, start=Money.zero(currency))
