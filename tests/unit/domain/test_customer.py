from datetime import UTC, datetime

import pytest

from billing.domain.customer import Customer
from billing.domain.errors import Invalid


def a_customer(**details):
    known = {
        "id": "cus_1",
        "name": "Ada Uwase",
        "email": "ada@example.rw",
        "phone": "+250788000000",
        "country": "RW",
        "created_at": datetime(2027, 1, 1, tzinfo=UTC),
    }
    return Customer.open(**{**known, **details})


def test_a_new_customer_speaks_english_and_is_in_its_first_version():
    customer = a_customer()
    assert (customer.language, customer.version) == ("en", 1)


def test_phone_and_country_are_optional():
    customer = a_customer(phone=None, country=None)
    assert (customer.phone, customer.country) == (None, None)


def test_two_customers_with_equal_details_are_two():
    assert a_customer() != a_customer()


def test_details_are_changed_together():
    customer = a_customer()
    customer.change(name="Ada U.", email="ada@example.com", language="fr")
    assert (customer.name, customer.email, customer.language) == ("Ada U.", "ada@example.com", "fr")


def test_phone_and_country_can_be_cleared():
    customer = a_customer()
    customer.change(phone=None, country=None)
    assert (customer.phone, customer.country) == (None, None)


def test_one_wrong_detail_changes_nothing():
    customer = a_customer()
    with pytest.raises(Invalid):
        customer.change(name="Ada U.", email="nobody")
    assert customer.name == "Ada Uwase"


@pytest.mark.parametrize("field", ["id", "created_at", "version", "nickname"])
def test_nothing_else_can_be_changed(field):
    with pytest.raises(Invalid) as refused:
        a_customer().change(**{field: "x"})
    assert str(refused.value) == f"{field}: cannot be changed"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 256),
        ("name", "Ada\r\nBcc: all@example.rw"),
        ("name", None),
        ("email", "ada@example"),
        ("email", None),
        ("phone", "0788000000"),
        ("phone", "+250 788 000 000"),
        ("phone", "+25078800000000000000"),
        ("country", "Rwanda"),
        ("country", "rw"),
        ("language", "rw"),
        ("language", None),
    ],
)
def test_a_new_and_a_known_customer_are_held_to_the_same_rules(field, value):
    customer = a_customer()
    for use in (a_customer, customer.change):
        with pytest.raises(Invalid) as refused:
            use(**{field: value})
        assert refused.value.field == field


def test_a_phone_may_be_in_the_registries_form():
    assert a_customer(phone="+250.788000000").phone == "+250.788000000"


def test_the_moment_of_creation_carries_a_time_zone():
    with pytest.raises(Invalid):
        a_customer(created_at=datetime(2027, 1, 1))
