from decimal import Decimal
from itertools import product
from string import ascii_uppercase

import iso4217
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.errors import CurrencyMismatch, Invalid
from billing.domain.money import EXPONENTS, Money, exponent, total

currencies = st.sampled_from(["USD", "RWF", "KWD", "CLF"])
minors = st.integers(min_value=-(2**63), max_value=2**63)
quick = settings(max_examples=50, deadline=None)


def test_the_exponents_are_those_of_iso_4217():
    assert dict(EXPONENTS) == {c.code: c.exponent for c in iso4217.Currency if c.exponent is not None}


def test_no_other_three_letters_are_a_currency():
    others = {"".join(letters) for letters in product(ascii_uppercase, repeat=3)} - set(EXPONENTS)
    for code in others:
        with pytest.raises(Invalid):
            exponent(code)


@pytest.mark.parametrize("minor", [12.99, 1300.0, True, "1299", None, Decimal(1299)])
def test_only_a_whole_number_is_an_amount(minor):
    with pytest.raises(Invalid) as refused:
        Money(minor, "USD")
    assert refused.value.field == "amount"


@pytest.mark.parametrize("currency", ["usd", "XXX", "XAU", "BGN", "", None, 840, ["USD"]])
def test_only_an_active_code_with_a_minor_unit_is_a_currency(currency):
    with pytest.raises(Invalid) as refused:
        Money(1, currency)
    assert refused.value.field == "currency"


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(1299, "USD"), "12.99 USD"),
        (Money(4200, "RWF"), "4200 RWF"),
        (Money(5, "USD"), "0.05 USD"),
        (Money(-5, "USD"), "-0.05 USD"),
        (Money(-4200, "RWF"), "-4200 RWF"),
        (Money(1, "KWD"), "0.001 KWD"),
        (Money(9_007_199_254_740_993, "USD"), "90071992547409.93 USD"),
    ],
)
def test_money_is_written_with_the_digits_of_its_currency(money, text):
    """Seen elsewhere: sums without decimals were shown divided by a hundred, and all of them as dollars."""
    assert str(money) == text


@quick
@given(minors, currencies)
def test_the_written_amount_is_exactly_the_minor_units(minor, currency):
    amount, code = str(Money(minor, currency)).split()
    sign, digits, point = Decimal(amount).as_tuple()
    assert (code, -point) == (currency, exponent(currency))
    assert int("".join(map(str, digits))) * (-1 if sign else 1) == minor


@quick
@given(minors, minors, currencies)
def test_what_is_added_can_be_taken_away_again(a, b, currency):
    assert Money(a, currency) + Money(b, currency) - Money(b, currency) == Money(a, currency)


@quick
@given(minors, minors, currencies)
def test_money_is_ordered_as_its_minor_units_are(a, b, currency):
    left, right = Money(a, currency), Money(b, currency)
    assert (left < right, left <= right, left > right, left >= right) == (a < b, a <= b, a > b, a >= b)


@quick
@given(minors, st.integers(min_value=0, max_value=30))
def test_n_times_an_amount_is_the_total_of_n_of_them(minor, n):
    assert Money(minor, "USD").times(n) == total([Money(minor, "USD")] * n, "USD")


@pytest.mark.parametrize("n", [1.5, True, "2"])
def test_an_amount_is_multiplied_by_whole_numbers_only(n):
    with pytest.raises(Invalid):
        Money(100, "USD").times(n)


@pytest.mark.parametrize(
    "use",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
        lambda a, b: total([a, b], "USD"),
    ],
)
def test_two_currencies_are_never_added_or_compared(use):
    with pytest.raises(CurrencyMismatch) as refused:
        use(Money(1, "USD"), Money(1, "EUR"))
    assert str(refused.value) == "USD and EUR cannot be added or compared"


def test_equal_numbers_of_two_currencies_differ():
    assert Money(1, "USD") != Money(1, "EUR")


def test_a_bare_number_is_not_added_to_money():
    with pytest.raises(TypeError):
        Money(1, "USD") + 1


def test_the_total_of_nothing_is_zero_in_the_currency_asked_for():
    assert total([], "RWF") == Money.zero("RWF")


def test_a_difference_may_be_negative_and_says_so():
    difference = Money(1, "USD") - Money(2, "USD")
    assert difference.is_negative
    assert not (-difference).is_negative
    assert not Money.zero("USD").is_negative
