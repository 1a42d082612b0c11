from datetime import timedelta

import pytest

from billing.application.guarding.breakers import Unreachable
from billing.application.outcomes import NeedsPerson, NotYet, OutcomeUnknown
from billing.domain.catalogue import Catalogue
from billing.domain.domain_name import DomainName
from tests.unit.http.shop import a_basket


def test_the_catalogue_shows_prices_in_the_currency_asked_for(shop):
    catalogue = shop.get("/v1/catalogue?currency=RWF").json
    (tld,) = (one for one in catalogue["tlds"] if one["suffix"] == "rw")
    assert (tld["register"], tld["renew"]["amount"]) == ({"amount": 1500, "currency": "RWF"}, 1600)
    assert (tld["years_min"], tld["years_max"]) == (1, 10)
    assert catalogue["plans"][0]["yearly"] == {"amount": 4990, "currency": "RWF"}


@pytest.mark.parametrize("query", ["", "?currency=usd", "?currency=EUR", "?currency=USD&lang=en"])
def test_a_bad_query_of_the_catalogue_is_refused(shop, query):
    answer = shop.get(f"/v1/catalogue{query}")
    assert (answer.status_code, answer.json["type"]) == (422, "urn:billing:problem:invalid")


def test_a_free_name_has_a_price(shop):
    assert shop.get("/v1/domains/Bücher.rw?currency=USD").json == {
        "name": "xn--bcher-kva.rw",
        "available": True,
        "premium": False,
        "price": {"amount": 1500, "currency": "USD"},
        "reason": None,
        "years_min": 1,
        "years_max": 10,
    }


def test_a_taken_name_has_a_reason_and_no_price(shop):
    shop.registrar.occupy(DomainName("taken.rw"))
    shown = shop.get("/v1/domains/taken.rw?currency=USD").json
    assert (shown["available"], shown["price"], shown["reason"]) == (False, None, "In use")


def test_a_premium_name_is_marked_and_has_no_price(shop):
    shown = shop.get("/v1/domains/premium-example.rw?currency=USD").json
    assert (shown["premium"], shown["price"]) == (True, None)


@pytest.mark.parametrize(
    "path",
    [
        "example.test?currency=USD",
        "example.com?currency=USD",
        "a.example.rw?currency=USD",
        "exa_mple.rw?currency=USD",
        "%00.rw?currency=USD",
        "xn--a.rw?currency=USD",
        "rw?currency=USD",
        "example.rw?currency=EUR",
        "example.rw",
    ],
)
def test_a_name_that_is_not_sold_is_refused_with_the_field(shop, path):
    answer = shop.get(f"/v1/domains/{path}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == ("domain" if path.endswith("USD") else "currency")


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (OutcomeUnknown("10.0.0.7:700 timed out"), "2"),
        (NotYet("login limit at 10.0.0.7", timedelta(seconds=30)), "30"),
        (NeedsPerson("10.0.0.7 speaks nonsense"), "2"),
        (Unreachable("10.0.0.7:700 is left in peace", timedelta(seconds=30)), "30"),
    ],
)
def test_a_registry_that_is_away_asks_to_come_again_and_tells_nothing_of_our_insides(shop, fault, seconds):
    shop.registrar.fail_with(fault, "check")
    answer = shop.get("/v1/domains/example.rw?currency=USD")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, seconds)
    assert answer.json["retry_after"] == int(seconds)
    assert "10.0.0.7" not in answer.get_data(as_text=True)
    assert ("http_outside_fault", str(fault)) in [(name, one.get("why")) for name, one in shop.telemetry.events]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/catalogue?currency=USD", None),
        ("GET", "/v1/domains/example.rw?currency=USD", None),
        ("POST", "/v1/orders", a_basket()),
    ],
)
def test_a_shop_without_a_price_list_says_so(shop, method, path, body):
    del shop.begin.store.tables[Catalogue]
    answer = shop.call(method, path, body)
    assert (answer.status_code, answer.json["type"]) == (503, "urn:billing:problem:no-price-list")
    assert answer.json["detail"] == "no price list is in force"
