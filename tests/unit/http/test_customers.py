import pytest

from billing.domain.customer import Customer

ALINE = {"name": "Aline", "email": "aline@example.rw"}


def test_a_customer_is_opened_and_read(shop):
    answer = shop.post("/v1/customers", {**ALINE, "country": "rw", "phone": "+250788000000", "language": "fr"})
    customer = answer.json
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/v1/customers/{customer['id']}")
    assert (customer["country"], customer["phone"], customer["language"]) == ("RW", "+250788000000", "fr")
    assert shop.get(f"/v1/customers/{customer['id']}").json == customer


def test_only_what_is_given_is_changed(shop):
    before = shop.get("/v1/customers/cus_1").json
    answer = shop.call("PATCH", "/v1/customers/cus_1", {"language": "fr", "country": None})
    assert (answer.status_code, answer.json) == (200, {**before, "language": "fr", "country": None})
    assert shop.get("/v1/customers/cus_1").json == answer.json


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"email": "aline"}, "email"),
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"name": "A\u0000"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"phone": "0788"}, "phone"),
        ({"country": "XX"}, "country"),
        ({"language": "de"}, "language"),
        ({"id": "cus_9"}, "id"),
    ],
)
def test_a_bad_detail_is_named_and_nothing_is_stored(shop, details, field):
    opened = shop.post("/v1/customers", {**ALINE, **details})
    changed = shop.call("PATCH", "/v1/customers/cus_1", details)
    for answer in (opened, changed):
        assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (422, [field])
    (customer,) = shop.stored(Customer)
    assert customer.version == 1


def test_name_and_mail_address_are_needed(shop):
    answer = shop.post("/v1/customers", {})
    assert {one["field"] for one in answer.json["errors"]} == {"name", "email"}


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_unknown_customer_is_not_found(shop, method):
    assert shop.call(method, "/v1/customers/cus_404", {} if method == "PATCH" else None).status_code == 404
