import json
import tomllib
from pathlib import Path

import pytest

from billing.domain.catalogue import Catalogue
from billing.domain.domain_name import DomainName
from billing.domain.errors import Invalid, NotPriced, NotRegistrable, UnknownPlan
from billing.domain.money import Money
from billing.domain.offer import Cycle, Operation
from billing.domain.term import Term

EXAMPLE = Path(__file__).parents[3] / "src/billing/entrypoints/demo/catalogue.example.toml"


def a_document():
    return {
        "currencies": ["RWF", "USD"],
        "tlds": {
            "rw": {
                "years_max": 10,
                "register": {"USD": 1500, "RWF": 18000},
                "renew": {"USD": 1600, "RWF": 19000},
                "renew_until_days": 30,
            },
            "co.rw": {"years_min": 2, "years_max": 5, "register": {"USD": 1000}, "renew": {"USD": 1000}},
        },
        "plans": {"starter": {"name": "Starter", "monthly": {"USD": 499}, "yearly": {"USD": 4990, "RWF": 65000}}},
    }


def a_document_with(value, *path):
    document = a_document()
    table = document
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    return document


def a_catalogue():
    return Catalogue.from_document(a_document())


def test_a_catalogue_survives_json():
    catalogue = a_catalogue()
    assert Catalogue.from_document(json.loads(json.dumps(catalogue.to_document()))) == catalogue


def test_one_year_is_the_least_and_no_renewal_follows_expiry_unless_said():
    offers = a_catalogue().tlds
    assert (offers["rw"].years_min, offers["rw"].renew_until_days) == (1, 30)
    assert offers["rw"].renew_ahead_days == 30
    assert (offers["co.rw"].years_min, offers["co.rw"].renew_until_days) == (2, 0)


@pytest.mark.parametrize(("name", "suffix"), [("a.rw", "rw"), ("a.co.rw", "co.rw"), ("A.CO.RW", "co.rw")])
def test_the_longest_suffix_counts(name, suffix):
    assert a_catalogue().suffix_of(DomainName(name)) == suffix
    assert a_catalogue().offer_for(DomainName(name)).suffix == suffix


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("www.a.rw", "exactly one label below .rw"),
        ("www.a.co.rw", "exactly one label below .co.rw"),
        ("co.rw", "a suffix that names are sold under"),
        ("a.com", "names under .com are not sold"),
    ],
)
def test_only_a_name_one_label_below_a_suffix_is_registrable(name, why):
    with pytest.raises(NotRegistrable) as refused:
        a_catalogue().suffix_of(DomainName(name))
    assert refused.value.name == name
    assert why in refused.value.why


def test_a_domain_costs_the_yearly_price_times_the_years():
    catalogue, name = a_catalogue(), DomainName("a.rw")
    assert catalogue.price_domain(Operation.REGISTER, name, 3, "USD") == Money(4500, "USD")
    assert catalogue.price_domain(Operation.RENEW, name, 1, "RWF") == Money(19000, "RWF")


@pytest.mark.parametrize("years", [1, 6, 0, -1, 2.0, True])
def test_years_out_of_the_suffixs_bounds_are_refused(years):
    with pytest.raises(Invalid) as refused:
        a_catalogue().price_domain(Operation.REGISTER, DomainName("a.co.rw"), years, "USD")
    assert str(refused.value) == "years: must be from 2 to 5 under .co.rw"


def test_a_domain_without_a_price_in_a_currency_is_not_sold_in_it():
    with pytest.raises(NotPriced) as refused:
        a_catalogue().price_domain(Operation.RENEW, DomainName("a.co.rw"), 2, "RWF")
    assert str(refused.value) == "renew .co.rw has no price in RWF"


def test_hosting_costs_the_price_of_its_cycle():
    catalogue = a_catalogue()
    assert catalogue.price_hosting("starter", Cycle.MONTHLY, "USD") == Money(499, "USD")
    assert catalogue.price_hosting("starter", Cycle.YEARLY, "RWF") == Money(65000, "RWF")


def test_hosting_without_a_price_in_a_currency_is_not_sold_in_it():
    with pytest.raises(NotPriced) as refused:
        a_catalogue().price_hosting("starter", Cycle.MONTHLY, "RWF")
    assert str(refused.value) == "starter monthly has no price in RWF"


def test_an_unknown_plan_is_named():
    with pytest.raises(UnknownPlan) as refused:
        a_catalogue().price_hosting("huge", Cycle.MONTHLY, "USD")
    assert refused.value.plan == "huge"


def test_a_cycle_knows_its_term():
    assert (Cycle("monthly").term, Cycle("yearly").term) == (Term(1), Term.years(1))


def test_a_catalogue_cannot_be_changed():
    catalogue = a_catalogue()
    with pytest.raises(TypeError):
        catalogue.tlds["com"] = catalogue.tlds["rw"]
    with pytest.raises(AttributeError):
        catalogue.currencies = ()


def test_a_catalogue_does_not_follow_changes_of_its_document():
    document = a_document()
    catalogue = Catalogue.from_document(document)
    document["tlds"]["rw"]["register"]["USD"] = 1
    document["currencies"].clear()
    assert catalogue == a_catalogue()


@pytest.mark.parametrize(
    ("value", "path", "named"),
    [
        (15.0, ("tlds", "rw", "register", "USD"), "tlds.rw.register.USD"),
        ("1500", ("tlds", "rw", "register", "USD"), "tlds.rw.register.USD"),
        (True, ("tlds", "rw", "register", "USD"), "tlds.rw.register.USD"),
        (0, ("tlds", "rw", "renew", "RWF"), "tlds.rw.renew.RWF"),
        (-1, ("tlds", "co.rw", "renew", "USD"), 'tlds."co.rw".renew.USD'),
        (100, ("tlds", "rw", "renew", "EUR"), "tlds.rw.renew.EUR"),
        ({}, ("tlds", "rw", "renew"), "tlds.rw.renew"),
        ([], ("tlds", "rw", "renew"), "tlds.rw.renew"),
        (0, ("tlds", "rw", "years_min"), "tlds.rw.years_min"),
        (11, ("tlds", "rw", "years_min"), "tlds.rw.years_max"),
        (100, ("tlds", "rw", "years_max"), "tlds.rw.years_max"),
        (-1, ("tlds", "rw", "renew_until_days"), "tlds.rw.renew_until_days"),
        (0, ("tlds", "rw", "renew_ahead_days"), "tlds.rw.renew_ahead_days"),
        (301, ("tlds", "rw", "renew_ahead_days"), "tlds.rw.renew_ahead_days"),
        (1, ("tlds", "rw", "years"), "tlds.rw.years"),
        ({}, ("tlds", "com"), "tlds.com.years_max"),
        ({}, ("tlds", "RW"), "tlds.RW"),
        ({}, ("tlds", ".rw"), 'tlds.".rw"'),
        ({}, ("tlds", "café"), 'tlds."café"'),
        (None, ("tlds",), "tlds"),
        (" ", ("plans", "starter", "name"), "plans.starter.name"),
        (499, ("plans", "starter", "monthly"), "plans.starter.monthly"),
        ({"USD": 1}, ("plans", "starter", "weekly"), "plans.starter.weekly"),
        ({"name": "Pro", "monthly": {"USD": 1}}, ("plans", "pro"), "plans.pro.yearly"),
        (["USD", "usd"], ("currencies",), "currencies[1]"),
        (["USD", "USD"], ("currencies",), "currencies[1]"),
        (["USD", 840], ("currencies",), "currencies[1]"),
        ([], ("currencies",), "currencies"),
        ("USD", ("currencies",), "currencies"),
        (1, ("version",), "version"),
    ],
)
def test_a_wrong_document_is_refused_at_the_exact_path(value, path, named):
    with pytest.raises(Invalid) as refused:
        Catalogue.from_document(a_document_with(value, *path))
    assert refused.value.field == named


@pytest.mark.parametrize("key", ["currencies", "tlds", "plans"])
def test_a_missing_part_is_named(key):
    document = a_document()
    del document[key]
    with pytest.raises(Invalid) as refused:
        Catalogue.from_document(document)
    assert str(refused.value) == f"{key}: is missing"


def test_the_example_catalogue_prices_everything_in_every_currency():
    catalogue = Catalogue.from_document(tomllib.loads(EXAMPLE.read_text()))
    assert catalogue.currencies == ("RWF", "USD", "EUR")
    assert set(catalogue.plans) == {"starter", "business", "pro"}
    assert {"rw", "co.rw", "com", "co.uk"} <= set(catalogue.tlds)
    for currency in catalogue.currencies:
        for offer in catalogue.tlds.values():
            assert all(offer.price(operation, 10, currency) > Money.zero(currency) for operation in Operation)
        for plan in catalogue.plans.values():
            assert plan.price(Cycle.YEARLY, currency) > plan.price(Cycle.MONTHLY, currency)
