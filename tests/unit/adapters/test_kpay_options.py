"""What KPay can't take is refused before anything is sent: currency, sum, method, phone, return address."""

from collections.abc import Mapping
from typing import Any

import phonenumbers
import pytest
from phonenumbers import carrier

from billing.adapters.kpay_gateway import phones
from billing.domain.errors import Invalid
from billing.domain.money import Money
from tests.unit.adapters.kpay import ACCOUNT, OPTIONS, a_gateway


def prepare(minor: int = 15_000, currency: str = "RWF", others: tuple[str, ...] = ("stripe",), **options: Any) -> Any:
    """The options as they will be sent; an option given as None is left out."""
    asked = {name: value for name, value in {**OPTIONS, **options}.items() if value is not None}
    return a_gateway(others=others).prepare(Money(minor, currency), asked)


def problem(**asked: Any) -> Invalid:
    """Why they are refused."""
    with pytest.raises(Invalid) as refused:
        prepare(**asked)
    return refused.value


# ---------------------------------------------------------------------- sums and methods


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (("stripe",), "KPay takes RWF only: pay USD by stripe"),
        (("memory", "stripe"), "KPay takes RWF only: pay USD by memory or stripe"),
        ((), "KPay takes RWF only: pay USD by another gateway"),
    ],
)
def test_another_currency_is_refused_and_never_converted(others: tuple[str, ...], told: str) -> None:
    refused = problem(currency="USD", others=others)
    assert (refused.field, refused.why) == ("gateway", told)


@pytest.mark.parametrize(
    ("method", "least", "most"), [(method, *limits) for method, limits in ACCOUNT["limits"].items()]
)
def test_each_method_has_its_limits(method: str, least: int, most: int) -> None:
    for minor in (least, most):
        assert prepare(minor, method=method)["method"] == method
    for minor in (least - 1, most + 1):
        refused = problem(minor=minor, method=method)
        assert refused.field == "method"
        assert f"from {least} to {most} RWF" in refused.why


def test_a_method_that_is_not_set_up_is_unknown() -> None:
    gateway = a_gateway(limits={"momo": (1, 2)})
    assert gateway.prepare(Money(1, "RWF"), OPTIONS)
    with pytest.raises(Invalid, match="must be one of momo"):
        gateway.prepare(Money(1, "RWF"), {**OPTIONS, "method": "cc"})


@pytest.mark.parametrize("method", [None, "", "bank", "MOMO", "smartcash"])
def test_an_unknown_method_is_refused(method: str | None) -> None:
    refused = problem(method=method)
    assert (refused.field, refused.why) == ("method", "must be one of momo, cc, spenn")


@pytest.mark.parametrize("address", [None, "", "shop.example/thanks", "javascript:alert(1)", "https://", "https://[x"])
def test_a_return_address_is_wanted(address: str | None) -> None:
    assert problem(return_url=address).field == "return_url"


# ---------------------------------------------------------------------- phones


@pytest.mark.parametrize(
    "written",
    [
        "+250788123456",
        "250788123456",
        "00250788123456",
        "0788123456",
        "788123456",
        " 0788 123 456 ",
        "+250 788 123 456",
        "0788-123-456",
        "(0788) 123.456",
    ],
)
@pytest.mark.parametrize("method", ["momo", "cc", "spenn"])
def test_a_phone_may_be_written_in_any_way(method: str, written: str) -> None:
    prepared = prepare(method=method, phone=written, operator=None)
    assert (prepared["phone"], prepared["operator"]) == ("+250788123456", "MTN")
    assert a_gateway().prepare(Money(15_000, "RWF"), prepared) == prepared


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        "phone",
        "0788CALLME",
        "078812345",
        "07881234567",
        "+788123456",
        "0688123456",
        "1" * 41,
        "\u0660\u0667\u0668\u0668\u0661\u0662\u0663\u0664\u0665\u0666",
        "0788123456; DROP",
        "0788123456\n0788123456",
    ],
)
@pytest.mark.parametrize("method", ["momo", "cc", "spenn"])
def test_what_is_no_phone_number_is_refused(method: str, written: str | None) -> None:
    refused = problem(method=method, phone=written)
    assert refused.field == "phone"
    assert not written or len(written) < 6 or written not in refused.why


@pytest.mark.parametrize("written", ["0252123456", "+14155552671", "+254712345678"], ids=["landline", "US", "Kenya"])
def test_mobile_money_wants_a_mobile_in_rwanda_and_a_card_does_not(written: str) -> None:
    for method in ("momo", "spenn"):
        assert problem(method=method, phone=written).field == "phone"
    assert "operator" not in prepare(method="cc", phone=written)


@pytest.mark.parametrize(("prefix", "operator"), [("078", "MTN"), ("079", "MTN"), ("072", "Airtel"), ("073", "Airtel")])
def test_the_operator_is_told_by_the_number_whatever_was_said(prefix: str, operator: str) -> None:
    assert prepare(phone=f"{prefix}8123456", operator="Vodafone")["operator"] == operator


def test_our_prefixes_are_those_that_phonenumbers_knows() -> None:
    known = {}
    for prefix in map(str, range(70, 80)):
        number = phonenumbers.parse(f"+250{prefix}8123456")
        if phonenumbers.is_valid_number(number):
            known[prefix] = carrier.name_for_number(number, "en")
    assert {prefix: name for prefix, name in known.items() if name in ("MTN", "Airtel")} == {
        prefix: phones.read_phone(f"+250{prefix}8123456").operator for prefix in ("72", "73", "78", "79")
    }


def test_all_other_options_are_kept_as_they_are() -> None:
    other: Mapping[str, str] = {"email": "aline@example.rw", "name": "Aline Uwase", "hint_token": "t"}
    assert other.items() <= prepare(**other).items()
