"""Amounts as Stripe writes them, where that is not what ISO 4217 says.

Source: https://docs.stripe.com/currencies (zero-decimal, three-decimal, special cases).
"""

from collections.abc import Mapping

from billing.application.outcomes import NeedsPerson, Refused
from billing.domain.errors import Invalid
from billing.domain.money import Money, exponent

_CODES_BY_DIGITS = {
    0: "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF",
    2: "ISK UGX",  # whole amounts, written with two decimals as they once were
    3: "BHD JOD KWD OMR TND",  # the last of the three is 0: card networks count two
}
DIGITS: Mapping[str, int] = {code: digits for digits, codes in _CODES_BY_DIGITS.items() for code in codes.split()}
"""Decimals of the currencies that Stripe names; all others that it takes have two."""


def to_stripe(money: Money) -> int:
    """The integer to send; Refused where Stripe can't write the sum.

    >>> to_stripe(Money(1299, "USD")), to_stripe(Money(4200, "RWF")), to_stripe(Money(4200, "UGX"))
    (1299, 4200, 420000)
    """
    digits = _digits(money.currency)
    amount, rest = _rescale(money.minor, exponent(money.currency), digits)
    if rest or (digits == 3 and amount % 10):
        raise Refused(f"Stripe can't charge {money}: the fraction is too small")
    return amount


def from_stripe(amount: object, currency: object) -> Money:
    """What Stripe reports; NeedsPerson where it is no sum that we can write, for the money may have moved.

    >>> from_stripe(420000, "ugx"), from_stripe(123, "mga")
    (Money(minor=4200, currency='UGX'), Money(minor=12300, currency='MGA'))
    """
    code = str(currency).upper()
    try:
        if type(amount) is not int:
            raise Invalid("amount", "must be an integer")
        minor, rest = _rescale(amount, _digits(code), exponent(code))
    except (Invalid, Refused) as unreadable:
        raise NeedsPerson(f"Stripe reports {amount!r} {code}: {unreadable}") from unreadable
    if rest:
        raise NeedsPerson(f"Stripe reports {amount} {code}: a fraction that the currency does not have")
    return Money(minor, code)


def _digits(currency: str) -> int:
    if currency in DIGITS:
        return DIGITS[currency]
    if exponent(currency) != 2:
        raise Refused(f"how Stripe writes {currency} is not known")
    return 2


def _rescale(amount: int, digits: int, wanted: int) -> tuple[int, int]:
    """The amount with another number of decimals, and what does not fit."""
    step: int = 10**digits
    factor: int = 10**wanted
    return divmod(amount * factor, step)
