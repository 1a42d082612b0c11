import pytest

from billing.domain.customer import Customer
from billing.domain.domain_name import DomainName
from billing.domain.job import Job
from billing.domain.order import Order
from tests.unit.http.shop import ITEMS_MAX, a_hosting, a_name, a_registrant


def wrong_fields(answer) -> list[str]:
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    return [one["field"] for one in answer.json.get("errors", [])]


# ---------------------------------------------------------------------- placing


def test_a_basket_becomes_an_order_with_the_catalogues_prices(shop):
    answer = shop.place(a_name("Example.RW", years=2, auto_renew=True), a_hosting(domain="example.rw"))
    order = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/orders/{order['id']}"
    assert order["total"] == {"amount": 2 * 1500 + 499, "currency": "USD"}
    assert (order["status"], order["reason"], order["payments"], order["paid_at"]) == ("pending", None, [], None)
    name, hosting = order["items"]
    assert (name["domain"], name["years"], name["auto_renew"], name["status"]) == ("example.rw", 2, True, "unpaid")
    assert (hosting["plan"], hosting["cycle"], hosting["price"]["amount"]) == ("starter", "monthly", 499)
    assert shop.get(f"/v1/orders/{order['id']}").json == order
    assert list(order)[:2] == ["id", "number"]


def test_what_proves_ownership_at_the_registry_is_not_shown(shop):
    shown = shop.place().get_data(as_text=True)
    (order,) = shop.stored(Order)
    assert order.items[0].handle not in shown
    assert "handle" not in shown


def test_a_name_in_another_script_is_kept_as_the_registry_spells_it(shop):
    assert shop.place(a_name("bücher.rw")).json["items"][0]["domain"] == "xn--bcher-kva.rw"


def test_the_registrant_may_give_phone_and_country_as_people_do(shop):
    registrant = a_registrant(phone="+250788123456", country="rw")
    assert shop.place(contacts={"registrant": registrant}).status_code == 201
    (order,) = shop.stored(Order)
    assert (order.registrant.phone, order.registrant.country) == ("+250.788123456", "RW")


def test_the_history_says_which_key_placed_an_order(shop):
    order = shop.place().json
    moves = shop.ledger.read(lambda uow: uow.history.of([order["id"]]))
    assert {move.by for move in moves} == {"api key shop"}


# ---------------------------------------------------------------------- what is refused

BAD_ITEMS = [
    pytest.param({"colour": "red"}, "items.0.colour", id="unknown field"),
    pytest.param({"kind": "domain_transfer", "auth_code": "x"}, "items.0.kind", id="transfers are not offered"),
    pytest.param({"kind": "car"}, "items.0.kind", id="unknown kind"),
    pytest.param({"kind": 7}, "items.0.kind", id="kind of the wrong type"),
    pytest.param({"kind": ...}, "items.0.kind", id="no kind"),
    pytest.param({"domain": ...}, "items.0.domain", id="no domain"),
    pytest.param({"domain": 5}, "items.0.domain", id="domain of the wrong type"),
    pytest.param({"domain": "exa mple.rw"}, "items.0.domain", id="no domain name"),
    pytest.param({"domain": "a" * 5000 + ".rw"}, "items.0.domain", id="domain too long"),
    pytest.param({"domain": "ex\ud800ample.rw"}, "items.0.domain", id="lone surrogate"),
    pytest.param({"domain": "☃.rw"}, "items.0.domain", id="symbol that IDNA 2008 forbids"),
    pytest.param({"domain": "example.test"}, "items.0.domain", id="unknown TLD"),
    pytest.param({"domain": "example.com"}, "items.0.domain", id="TLD that no registrar serves"),
    pytest.param({"domain": "a.example.rw"}, "items.0.domain", id="not directly below a suffix"),
    pytest.param({"domain": "premium-example.rw"}, "items.0.domain", id="premium name"),
    pytest.param({"years": 1.0}, "items.0.years", id="years with a fraction"),
    pytest.param({"years": "1"}, "items.0.years", id="years as text"),
    pytest.param({"years": True}, "items.0.years", id="years as a flag"),
    pytest.param({"years": -1}, "items.0.years", id="negative years"),
    pytest.param({"years": 0}, "items.0.years", id="no years"),
    pytest.param({"years": 11}, "items.0.years", id="more years than the catalogue sells"),
    pytest.param({"years": 10**30}, "items.0.years", id="very many years"),
    pytest.param({"auto_renew": "yes"}, "items.0.auto_renew", id="flag as text"),
    pytest.param({"auto_renew": 1}, "items.0.auto_renew", id="flag as number"),
    pytest.param({"nameservers": "ns1.example.net"}, "items.0.nameservers", id="nameservers not a list"),
    pytest.param({"nameservers": ["ns1"]}, "items.0.nameservers.0", id="nameserver without a domain"),
    pytest.param({"nameservers": ["a.example.net"] * 2}, "items.0.nameservers", id="nameserver twice"),
    pytest.param(
        {"nameservers": [f"ns{n}.example.net" for n in range(14)]}, "items.0.nameservers", id="too many nameservers"
    ),
]


@pytest.mark.parametrize(("details", "field"), BAD_ITEMS)
def test_a_bad_domain_item_is_named_and_nothing_is_stored(shop, details, field):
    item = {name: value for name, value in {**a_name(), **details}.items() if value is not ...}
    if "auth_code" in item or item.get("kind") == "car":
        item.pop("years", None)
    answer = shop.place(item)
    assert (answer.status_code, wrong_fields(answer)) == (422, [field])
    assert shop.stored(Order) == []


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"plan": "galactic"}, "items.0.plan"),
        ({"plan": ""}, "items.0.plan"),
        ({"plan": None}, "items.0.plan"),
        ({"cycle": "weekly"}, "items.0.cycle"),
        ({"cycle": ["monthly"]}, "items.0.cycle"),
        ({"price": {"amount": 1, "currency": "USD"}}, "items.0.price"),
    ],
)
def test_a_bad_hosting_item_is_named_and_nothing_is_stored(shop, details, field):
    answer = shop.place(a_hosting(**details))
    assert (answer.status_code, wrong_fields(answer)) == (422, [field])
    assert shop.stored(Order) == []


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"total": 1}, "total"),
        ({"currency": "usd"}, "currency"),
        ({"currency": "USD\n"}, "currency"),
        ({"currency": "EUR"}, "currency"),
        ({"currency": 840}, "currency"),
        ({"currency": ...}, "currency"),
        ({"customer_id": "cus_404"}, "customer_id"),
        ({"customer_id": "cus\u0000"}, "customer_id"),
        ({"customer_id": "cus_1\n"}, "customer_id"),
        ({"customer_id": None}, "customer_id"),
        ({"items": []}, "items"),
        ({"items": ...}, "items"),
        ({"items": {}}, "items"),
        ({"items": ["example.rw"]}, "items.0"),
        ({"contacts": ...}, "contacts.registrant"),
        ({"contacts": {}}, "contacts.registrant"),
        ({"contacts": {"registrant": None}}, "contacts.registrant"),
        ({"contacts": {"registrant": {}, "admin": {}}}, "contacts.admin"),
    ],
)
def test_a_bad_basket_is_named_and_nothing_is_stored(shop, details, field):
    answer = shop.place(**details)
    assert answer.status_code == 422
    assert field in wrong_fields(answer)
    assert shop.stored(Order) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ...),
        ("email", ...),
        ("phone", ...),
        ("street", ...),
        ("city", ...),
        ("country", ...),
        ("name", "  "),
        ("name", "A\u0000"),
        ("email", "aline"),
        ("phone", "0788000000"),
        ("phone", "+999788000000"),
        ("street", []),
        ("street", ["1", "2", "3", "4"]),
        ("country", "XX"),
        ("postal_code", "1" * 17),
        ("fax", "+250.1"),
    ],
)
def test_a_bad_registrant_field_is_named_and_nothing_is_stored(shop, field, value):
    """Seen elsewhere: without a registrant nothing was started, and that was not said."""
    answer = shop.place(contacts={"registrant": a_registrant(**{field: value})})
    assert (answer.status_code, wrong_fields(answer)) == (422, [f"contacts.registrant.{field}"])
    assert shop.stored(Order) == []


def test_every_wrong_field_is_named_at_once(shop):
    answer = shop.place(a_name(years=0), a_hosting(cycle="weekly"), currency="usd")
    assert set(wrong_fields(answer)) == {"items.0.years", "items.1.cycle", "currency"}


def test_too_many_items_are_refused(shop):
    answer = shop.place(*[a_hosting() for _ in range(ITEMS_MAX + 1)])
    assert (answer.status_code, wrong_fields(answer)) == (422, ["items"])
    assert shop.stored(Order) == []


def test_a_name_twice_in_one_basket_is_refused(shop):
    answer = shop.place(a_name("example.rw"), a_name("EXAMPLE.rw"))
    assert (answer.status_code, wrong_fields(answer)) == (422, ["items.1"])


def test_a_taken_name_is_a_conflict(shop):
    shop.registrar.occupy(DomainName("taken.rw"))
    answer = shop.place(a_name("free.rw"), a_name("taken.rw"))
    assert (answer.status_code, wrong_fields(answer)) == (409, ["items.1.domain"])
    assert shop.stored(Order) == []


def test_a_name_in_another_open_order_is_a_conflict(shop):
    shop.place(a_name("example.rw"))
    answer = shop.place(a_hosting(), a_name("example.rw"))
    assert (answer.status_code, wrong_fields(answer)) == (409, ["items.1.domain"])
    assert len(shop.stored(Order)) == 1


def test_a_name_that_we_do_not_hold_is_not_renewed(shop):
    answer = shop.place({"kind": "domain_renewal", "domain": "example.rw", "years": 1})
    assert (answer.status_code, wrong_fields(answer)) == (422, ["items.0.domain"])


def test_an_unknown_subscription_is_not_renewed(shop):
    answer = shop.place({"kind": "subscription_renewal", "subscription_id": "sub_404", "cycles": 1})
    assert (answer.status_code, wrong_fields(answer)) == (422, ["items.0.subscription_id"])


def test_an_unreachable_registry_asks_to_come_again(shop):
    shop.registrar.set_reachable(False)
    answer = shop.place()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert shop.stored(Order) == []


# ---------------------------------------------------------------------- cancelling


def test_an_unpaid_order_is_cancelled_and_again_with_the_same_answer(shop):
    order = shop.place().json
    first = shop.post(f"/v1/orders/{order['id']}/cancel")
    again = shop.post(f"/v1/orders/{order['id']}/cancel", {})
    assert (first.status_code, first.json["status"]) == (200, "cancelled")
    assert again.json == first.json


def test_a_cancelled_order_frees_its_name(shop):
    shop.post(f"/v1/orders/{shop.place().json['id']}/cancel")
    assert shop.place().status_code == 201


def test_a_paid_order_is_not_cancelled(shop):
    """Seen elsewhere: an order was cancelled although it was paid."""
    order = shop.place().json
    payment = shop.pay(order).json

    def settle(uow):
        paid = uow.orders.lock(order["id"])
        paid.record_success(paid.payment(payment["id"]), paid.total, shop.now)

    shop.ledger.write("test", settle)
    answer = shop.post(f"/v1/orders/{order['id']}/cancel")
    assert (answer.status_code, wrong_fields(answer)) == (409, [])


def test_a_call_that_takes_no_body_refuses_one(shop):
    order = shop.place().json
    answer = shop.post(f"/v1/orders/{order['id']}/cancel", {"why": "changed my mind"})
    assert (answer.status_code, wrong_fields(answer)) == (422, ["why"])
    assert shop.get(f"/v1/orders/{order['id']}").json["status"] == "pending"


def test_an_unknown_order_is_not_found(shop):
    answer = shop.get("/v1/orders/ord_404")
    assert (answer.status_code, answer.json["type"]) == (404, "urn:billing:problem:not-found")


@pytest.mark.parametrize("impossible", ["%00", "a" * 65, "ord.1", "%ED%A0%80"])
def test_what_can_not_be_an_id_is_not_even_looked_up(shop, impossible):
    answer = shop.get(f"/v1/orders/{impossible}")
    assert (answer.status_code, answer.json["type"]) == (404, "about:blank")


# ---------------------------------------------------------------------- listing


def test_orders_are_read_page_by_page_newest_first(shop):
    placed = [shop.place(a_name(f"name{n}.rw")).json["id"] for n in range(5)]
    seen, cursor = [], ""
    for _ in range(3):
        page = shop.get(f"/v1/orders?customer_id=cus_1&limit=2{cursor}").json
        seen.append([order["id"] for order in page["data"]])
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [placed[:2:-1], placed[2:0:-1], placed[:1]]
    assert page["next_cursor"] is None


def test_a_page_that_just_holds_the_rest_is_the_last(shop):
    for n in range(2):
        shop.place(a_name(f"name{n}.rw"))
    assert shop.get("/v1/orders?limit=2").json["next_cursor"] is None


def test_orders_are_found_by_customer_and_status(shop):
    order = shop.place(a_name("a.rw")).json
    shop.place(a_name("b.rw"))
    shop.post(f"/v1/orders/{order['id']}/cancel")
    found = shop.get("/v1/orders?status=cancelled").json["data"]
    assert [one["id"] for one in found] == [order["id"]]
    assert shop.get("/v1/orders?customer_id=cus_2").json == {"data": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("status=lost", "status"),
        ("cursor=%00", "cursor"),
        ("cursor=anything", "cursor"),
        ("cursor=cus_000001", "cursor"),
        ("cursor=ord_", "cursor"),
        ("custmer_id=cus_1", "custmer_id"),
    ],
)
def test_a_bad_query_is_named(shop, query, field):
    answer = shop.get(f"/v1/orders?{query}")
    assert (answer.status_code, wrong_fields(answer)) == (422, [field])


def test_placing_an_order_dispatches_nothing(shop):
    shop.place()
    assert shop.stored(Job) == []
    assert len(shop.stored(Customer)) == 1
