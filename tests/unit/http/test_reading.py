"""What the edge makes of names, telephone numbers and addresses, and how it names what is wrong."""

import pytest
from marshmallow import ValidationError

from billing.domain.errors import Invalid
from billing.entrypoints.http.parsing import FieldError, flatten
from billing.entrypoints.http.schemas.fields import Phone, domain_name, web_address
from billing.entrypoints.http.schemas.orders import OrdersQuerySchema


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Example.RW", "example.rw"),
        ("bücher.rw", "xn--bcher-kva.rw"),
        ("BÜCHER.rw", "xn--bcher-kva.rw"),
        ("bücher。rw", "xn--bcher-kva.rw"),
        ("XN--bcher-KVA.rw", "xn--bcher-kva.rw"),
        ("faß.de", "xn--fa-hia.de"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
    ],
)
def test_a_name_is_converted_to_a_labels(text, name):
    assert str(domain_name(text)) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rw",
        ".rw",
        "ü",
        "ü..rw",
        "bücher.rw.",
        "ü" * 300 + ".rw",
        "a.1",
        "xn--a.rw",
        "♥.rw",
        "\ud800.rw",
        "ü\u0000.rw",
        "\u200dü.rw",
        "-ü.rw",
        "aא.rw",
    ],
)
def test_a_name_that_can_not_be_converted_is_invalid(text):
    with pytest.raises(Invalid):
        domain_name(text)


def test_a_very_long_name_is_refused_before_it_is_converted():
    with pytest.raises(Invalid, match="at most 253 characters"):
        domain_name("ü." * 50_000 + "rw")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("+250788000000", "+250.788000000"),
        ("+250.788000000", "+250.788000000"),
        ("+14155550100", "+1.4155550100"),
        ("+390612345678", "+39.0612345678"),
        ("0788000000", "0788000000"),
    ],
)
def test_a_number_in_e164_is_written_as_registries_do_and_others_are_left(given, kept):
    assert Phone().deserialize(given) == kept


def test_a_number_without_a_known_country_is_refused():
    with pytest.raises(ValidationError):
        Phone().deserialize("+999788000000")


@pytest.mark.parametrize(
    "address", ["https://shop.example/a?session={CHECKOUT_SESSION_ID}", "http://localhost:8000/", "https://[::1]/x"]
)
def test_a_web_address_is_taken_as_it_is(address):
    assert web_address().deserialize(address) == address


def test_messages_become_a_line_per_field():
    messages = {"items": {0: {"years": ["a", "b"]}, 1: {"_schema": ["c"]}}, "_schema": ["d"]}
    assert list(flatten(messages)) == [
        FieldError("items.0.years", "a"),
        FieldError("items.0.years", "b"),
        FieldError("items.1", "c"),
        FieldError("body", "d"),
    ]


def test_two_applications_do_not_share_their_page_sizes():
    small, large = OrdersQuerySchema(1, 2), OrdersQuerySchema(50, 100)
    assert large.load({"limit": "100"})["limit"] == 100
    with pytest.raises(ValidationError):
        small.load({"limit": "3"})
