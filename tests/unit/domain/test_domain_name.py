import pytest

from billing.domain.domain_name import DomainName
from billing.domain.errors import Invalid


def test_a_name_is_kept_in_lower_case():
    assert DomainName("WWW.Example.RW") == DomainName("www.example.rw")
    assert str(DomainName("Example.RW")) == "example.rw"


@pytest.mark.parametrize(
    "value",
    [
        "a.rw",
        "1.rw",
        "my-shop.co.rw",
        "xn--caf-dma.rw",
        "shop.xn--fiqs8s",
        f"{'a' * 63}.rw",
        ".".join(["a" * 61] * 4) + ".rwand",
    ],
)
def test_a_name_of_ldh_labels_is_taken(value):
    assert DomainName(value).value == value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("rw", "at least two labels"),
        ("", "at least two labels"),
        ("example.rw.", "must not end with a dot"),
        (".rw", "1 to 63 letters"),
        ("a..rw", "1 to 63 letters"),
        ("-a.rw", "1 to 63 letters"),
        ("a-.rw", "1 to 63 letters"),
        ("my_shop.rw", "1 to 63 letters"),
        ("my shop.rw", "1 to 63 letters"),
        ("a.rw\n", "1 to 63 letters"),
        (f"{'a' * 64}.rw", "1 to 63 letters"),
        (".".join(["a" * 61] * 4) + ".rwanda", "at most 253 characters"),
        ("10.0.0.1", "digits only"),
        ("ab--c.rw", "third and fourth"),
        ("café.rw", "must be ASCII"),
        ("\u212a.rw", "must be ASCII"),
        (None, "must be text"),
    ],
)
def test_anything_else_is_refused_with_its_reason(value, why):
    with pytest.raises(Invalid) as refused:
        DomainName(value)
    assert refused.value.field == "domain"
    assert why in refused.value.why


def test_labels_are_read_from_left_to_right():
    assert DomainName("a.co.rw").labels == ("a", "co", "rw")


def test_suffixes_are_proper_and_the_longest_comes_first():
    assert DomainName("www.a.co.rw").suffixes() == ("a.co.rw", "co.rw", "rw")


def test_equal_names_are_one_key():
    assert len({DomainName("a.rw"), DomainName("A.RW")}) == 1
