import pytest

from billing.adapters.memory.pages import Told
from billing.application.outcomes import RetryLater
from billing.domain.order import Order
from tests.unit.http.shop import a_hosting, a_name

PATH = "/v1/customers/cus_1/payment-methods"
SETUP = {"success_url": "https://shop.example/saved", "cancel_url": "https://shop.example/account"}


def pay_with(shop, order: dict, method: dict, **details):
    body = {"gateway": "stripe", "payment_method": method["id"], **details}
    return shop.post(f"/v1/orders/{order['id']}/payments", body)


# ---------------------------------------------------------------------- saving and listing


def test_a_customer_is_sent_to_the_providers_page_to_save_a_card(shop):
    answer = shop.post(f"{PATH}/setup", SETUP)
    assert answer.status_code == 201
    assert answer.json["redirect_url"].startswith("https://memory.example/setup_")
    assert shop.get(PATH).json == []


def test_the_same_key_gives_the_same_page_again(shop):
    first, second = (shop.post(f"{PATH}/setup", SETUP, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json == second.json
    assert len(shop.methods.setups) == 1


def test_a_saved_card_is_listed_without_its_number(shop):
    card = shop.save_a_card()
    assert card == {
        "id": card["id"],
        "gateway": "stripe",
        "kind": "card",
        "card": {"brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2029},
        "default": True,
        "created_at": "2027-01-31T09:30:00+00:00",
    }
    assert shop.get(PATH).json == [card]


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"success_url": None}, "success_url"),
        ({"success_url": "/saved"}, "success_url"),
        ({"cancel_url": "javascript:alert(1)"}, "cancel_url"),
        ({"currency": "usd"}, "currency"),
        ({"gateway": "kpay"}, "gateway"),
        ({"card": "4242424242424242"}, "card"),
    ],
)
def test_a_bad_request_to_save_is_named(shop, details, field):
    answer = shop.post(f"{PATH}/setup", SETUP | details)
    assert (answer.status_code, {one["field"] for one in answer.json["errors"]}) == (422, {field})
    assert shop.methods.setups == {}


def test_a_provider_that_is_away_says_when_to_come_again(shop):
    shop.methods.fail_with(RetryLater("down"), "open_account")
    answer = shop.post(f"{PATH}/setup", SETUP)
    assert (answer.status_code, answer.json["type"]) == (503, "urn:billing:problem:provider-unavailable")
    assert shop.post(f"{PATH}/setup", SETUP).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("POST", "/setup", SETUP),
        ("POST", "/portal", {"return_url": "https://shop.example"}),
        ("PUT", "/default", {"payment_method": "mth_1"}),
        ("DELETE", "/mth_1", None),
    ],
)
def test_nobody_has_no_methods(shop, method, path, body):
    assert shop.call(method, f"/v1/customers/cus_404/payment-methods{path}", body).status_code == 404


# ---------------------------------------------------------------------- choosing and forgetting


def test_another_card_is_made_the_default(shop):
    first, second = shop.save_a_card(), shop.save_a_card()
    for _ in range(2):
        answer = shop.call("PUT", f"{PATH}/default", {"payment_method": second["id"]})
        assert answer.status_code == 200
        assert [(one["id"], one["default"]) for one in answer.json] == [(first["id"], False), (second["id"], True)]
    assert list(shop.methods.defaults.values()) == ["method_2"]


def test_a_card_that_is_not_there_is_not_the_default(shop):
    shop.save_a_card()
    assert shop.call("PUT", f"{PATH}/default", {"payment_method": "mth_404"}).status_code == 404
    assert shop.call("PUT", f"{PATH}/default", {"payment_method": "no id"}).status_code == 422


def test_a_removed_card_is_not_listed_any_more(shop):
    removed, kept = shop.save_a_card(), shop.save_a_card()
    answer = shop.call("DELETE", f"{PATH}/{removed['id']}")
    assert (answer.status_code, answer.json) == (200, [kept | {"default": True}])
    assert shop.call("DELETE", f"{PATH}/{removed['id']}").status_code == 404


def test_the_last_card_of_whom_something_renews_is_removed_only_by_force(shop):
    card = shop.save_a_card()
    order = shop.place(a_name("kept.rw", auto_renew=True)).json
    assert pay_with(shop, order, card).json["status"] == "succeeded"
    shop.hold("kept.rw", order)
    answer = shop.call("DELETE", f"{PATH}/{card['id']}")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (409, "force")
    assert shop.call("DELETE", f"{PATH}/{card['id']}?force=perhaps").status_code == 422
    assert shop.call("DELETE", f"{PATH}/{card['id']}?force=true").json == []


def test_the_portal_is_the_providers_page(shop):
    answer = shop.post(f"{PATH}/portal", {"return_url": "https://shop.example/account"})
    assert answer.status_code == 201
    assert answer.json["redirect_url"].startswith("https://memory.example/portal/")


# ---------------------------------------------------------------------- paying


def test_a_saved_card_pays_an_order_at_once(shop):
    order = shop.place().json
    answer = pay_with(shop, order, shop.save_a_card())
    payment = answer.json
    assert answer.status_code == 201
    assert (payment["status"], payment["next"], payment["redirect_url"]) == ("succeeded", None, None)
    assert shop.get(f"/v1/orders/{order['id']}").json["status"] == "paid"


def test_a_declined_card_says_why_and_leaves_the_order_to_be_paid(shop):
    card = shop.save_a_card()
    shop.gateway.charges["method_1"] = Told.FAILED
    order = shop.place().json
    payment = pay_with(shop, order, card).json
    assert (payment["status"], payment["reason"], payment["next"]) == ("failed", "card_declined: no", None)
    assert shop.pay(order).json["next"] == "redirect"


def test_a_bank_that_wants_the_customer_sends_the_storefront_to_a_page(shop):
    card = shop.save_a_card()
    shop.gateway.charges["method_1"] = Told.NEEDS_CUSTOMER
    order = shop.place().json
    answer = pay_with(shop, order, card)
    assert (answer.status_code, answer.json["status"], answer.json["next"]) == (201, "pending", "authenticate")
    assert shop.pay(order).json["next"] == "redirect"
    assert shop.get(f"/v1/payments/{answer.json['id']}").json["status"] == "cancelled"


def test_a_charge_without_an_answer_waits(shop):
    card = shop.save_a_card()
    shop.gateway.lose_answer()
    answer = pay_with(shop, shop.place().json, card)
    assert (answer.status_code, answer.json["next"]) == (202, "wait")


def test_the_same_key_charges_once(shop):
    order, card = shop.place().json, shop.save_a_card()
    body = {"gateway": "stripe", "payment_method": card["id"]}
    answers = [
        shop.post(f"/v1/orders/{order['id']}/payments", body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert answers[0].json == answers[1].json
    assert len(shop.gateway.pages) == 1


def test_a_card_that_is_not_the_customers_pays_nothing(shop):
    answer = pay_with(shop, shop.place().json, {"id": "mth_404"})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "payment_method")
    assert [payment for order in shop.stored(Order) for payment in order.payments] == []


def test_refs_of_the_provider_are_not_taken_from_a_storefront(shop):
    answer = shop.pay(shop.place().json, method_ref="method_1", customer_ref="account")
    assert {one["field"] for one in answer.json["errors"]} == {"method_ref", "customer_ref"}


def test_what_renews_by_itself_is_paid_from_the_customers_account(shop):
    shop.pay(shop.place(a_name("kept.rw", auto_renew=True), a_hosting()).json)
    (order,) = shop.stored(Order)
    assert order.payments[0].options["customer_ref"] in shop.methods.accounts
