"""Every currency that Stripe writes in its own way, both directions."""

import pytest

from billing.adapters.stripe_gateway.amounts import DIGITS, from_stripe, to_stripe
from billing.application.outcomes import NeedsPerson, Refused
from billing.domain.money import Money, exponent

ZERO_DECIMAL = "BIF CLP DJF GNF JPY KMF KRW PYG RWF VND VUV XAF XOF XPF"


@pytest.mark.parametrize("currency", ZERO_DECIMAL.split())
def test_a_whole_currency_is_sent_as_it_is(currency: str) -> None:
    """Paymenter#1258: yen and the like were charged a hundredfold."""
    assert to_stripe(Money(1500, currency)) == 1500
    assert from_stripe(1500, currency.lower()) == Money(1500, currency)


@pytest.mark.parametrize("currency", ["UGX", "ISK"])
def test_a_whole_currency_that_stripe_writes_with_two_decimals_is_multiplied(currency: str) -> None:
    assert to_stripe(Money(1500, currency)) == 150_000
    assert from_stripe(150_000, currency.lower()) == Money(1500, currency)
    with pytest.raises(NeedsPerson):
        from_stripe(150_050, currency.lower())


def test_the_ariary_has_cents_in_iso_and_none_at_stripe() -> None:
    assert to_stripe(Money(150_000, "MGA")) == 1500
    assert from_stripe(1500, "mga") == Money(150_000, "MGA")
    with pytest.raises(Refused):
        to_stripe(Money(150_020, "MGA"))


@pytest.mark.parametrize("currency", ["BHD", "JOD", "KWD", "OMR", "TND"])
def test_the_third_decimal_is_always_zero(currency: str) -> None:
    assert to_stripe(Money(5120, currency)) == 5120
    assert from_stripe(5120, currency.lower()) == Money(5120, currency)
    with pytest.raises(Refused):
        to_stripe(Money(5124, currency))


@pytest.mark.parametrize("currency", ["USD", "EUR", "KES", "TZS", "HUF", "TWD"])
def test_other_currencies_have_two_decimals(currency: str) -> None:
    assert to_stripe(Money(1299, currency)) == 1299
    assert from_stripe(1299, currency.lower()) == Money(1299, currency)


@pytest.mark.parametrize("currency", ["IQD", "LYD", "CLF", "UYI"])
def test_a_currency_whose_writing_is_not_known_is_not_guessed(currency: str) -> None:
    with pytest.raises(Refused):
        to_stripe(Money(1000, currency))
    with pytest.raises(NeedsPerson):
        from_stripe(1000, currency.lower())


def test_the_table_names_only_currencies_that_exist() -> None:
    assert all(exponent(currency) in (0, 2, 3) for currency in DIGITS)
