"""What the API says of itself is true: generated requests never break it, and its answers fit its description."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS

from billing.application.shop.access import Role
from billing.domain.money import Money
from tests.builders import a_subscription
from tests.unit.http.push_shop import PushShop, a_push
from tests.unit.http.shop import Shop, a_basket, a_hosting, a_name, a_start

SHOP = PushShop()
SCHEMA = schemathesis.openapi.from_wsgi("/openapi.json", SHOP.app)
KEY = {"Authorization": f"Bearer {SHOP.a_key(Role.OPERATOR)}"}
# Well-formed requests may be refused for what only the ledger and the registry know.
KNOWN_TO_THE_CORE_ONLY = CHECKS.get_by_names(["positive_data_acceptance"])


@SCHEMA.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_generated_request_breaks_the_api(case):
    case.call_and_validate(headers=KEY, excluded_checks=KNOWN_TO_THE_CORE_ONLY)


def test_the_answers_of_a_purchase_fit_their_description():
    shop = Shop()
    description = schemathesis.openapi.from_wsgi("/openapi.json", shop.app)

    def fits(template: str, method: str, answer, status: int):
        assert answer.status_code == status
        assert description[template][method].is_valid_response(answer)
        return answer.json

    fits("/v1/catalogue", "GET", shop.get("/v1/catalogue?currency=USD"), 200)
    fits("/v1/domains/{name}", "GET", shop.get("/v1/domains/bücher.rw?currency=USD"), 200)
    fits("/v1/customers", "POST", shop.post("/v1/customers", {"name": "B", "email": "b@example.rw"}), 201)
    order = fits("/v1/orders", "POST", shop.place(a_name(nameservers=["a.example.net"]), a_hosting()), 201)
    path = f"/v1/orders/{order['id']}"
    shop.gateway.lose_answer()
    waiting = fits("/v1/orders/{order_id}/payments", "POST", shop.post(f"{path}/payments", a_start()), 202)
    fits("/v1/payments/{payment_id}/refresh", "POST", shop.post(f"/v1/payments/{waiting['id']}/refresh"), 202)
    fits("/v1/orders/{order_id}/payments", "POST", shop.post(f"{path}/payments", a_start()), 409)
    fits("/v1/orders/{order_id}", "GET", shop.get(path), 200)
    fits("/v1/orders/{order_id}/cancel", "POST", shop.post(f"{path}/cancel"), 200)
    fits("/v1/orders", "GET", shop.get("/v1/orders?limit=1"), 200)
    _the_answers_about_saved_methods_fit(shop, fits)
    _the_answers_of_a_refund_fit(shop, fits)
    _the_answers_about_a_subscription_fit(shop, fits)
    fits("/v1/orders", "POST", shop.post("/v1/orders", a_basket(currency="usd")), 422)


def test_the_answers_about_a_payment_by_phone_fit_their_description():
    shop = PushShop()
    description = schemathesis.openapi.from_wsgi("/openapi.json", shop.app)["/v1/orders/{order_id}/payments"]["POST"]

    def answer(order: dict, status: int, **details) -> dict:
        given = shop.post(f"/v1/orders/{order['id']}/payments", a_push(**details))
        assert given.status_code == status
        assert description.is_valid_response(given)
        return given.json

    order = shop.order_in_rwf()
    assert answer(shop.place(a_hosting()).json, 422)["gateways"] == ["stripe"]
    answer(order, 422, phone="none")
    assert answer(order, 201)["operator"] == "MTN"
    assert answer(order, 409)["retry_after"] == 120
    shop.push.lose_answer()
    answer(shop.order_in_rwf(a_hosting()), 202)
    shop.is_away("kpay")
    assert answer(shop.order_in_rwf(a_name("b.rw")), 503)["gateways"] == ["stripe"]


def _the_answers_about_saved_methods_fit(shop: Shop, fits):
    card, another = shop.save_a_card(), shop.save_a_card()
    template, path = "/v1/customers/{customer_id}/payment-methods", "/v1/customers/cus_1/payment-methods"
    pages = {"success_url": "https://shop.example/saved", "cancel_url": "https://shop.example/account"}
    fits(template, "GET", shop.get(path), 200)
    fits(f"{template}/setup", "POST", shop.post(f"{path}/setup", pages), 201)
    fits(f"{template}/portal", "POST", shop.post(f"{path}/portal", {"return_url": "https://shop.example"}), 201)
    chosen = {"payment_method": another["id"]}
    fits(f"{template}/default", "PUT", shop.call("PUT", f"{path}/default", chosen), 200)
    fits(f"{template}/{{method_id}}", "DELETE", shop.call("DELETE", f"{path}/{card['id']}"), 200)
    fits(f"{template}/{{method_id}}", "DELETE", shop.call("DELETE", f"{path}/{card['id']}"), 404)
    order = shop.place(a_hosting()).json
    body = {"gateway": "stripe", "payment_method": another["id"]}
    fits("/v1/orders/{order_id}/payments", "POST", shop.post(f"/v1/orders/{order['id']}/payments", body), 201)


def _the_answers_about_a_subscription_fit(shop: Shop, fits):
    held = a_subscription(at=shop.now)
    shop.ledger.write("test", lambda uow: uow.subscriptions.add(held))
    path, of_it = "/v1/subscriptions/sub_1", "/v1/subscriptions/{subscription_id}"
    fits(of_it, "GET", shop.get(path), 200)
    fits(f"{of_it}/change-plan", "POST", shop.post(f"{path}/change-plan", {"plan": "pro"}), 409)
    shop.ledger.write("test", lambda uow: uow.subscriptions.lock("sub_1").bind("stripe", "bill_1"))
    fits(f"{of_it}/cancel", "POST", shop.post(f"{path}/cancel", {"at": "period_end"}), 202)
    fits(f"{of_it}/resume", "POST", shop.post(f"{path}/resume"), 409)
    fits(f"{of_it}/cancel", "POST", shop.post(f"{path}/cancel", {"at": "later"}), 422)


def _the_answers_of_a_refund_fit(shop: Shop, fits):
    operator = {"key": shop.a_key(Role.OPERATOR)}
    order = shop.place(a_name("paid.rw"), a_hosting()).json
    payment = shop.pay(order).json
    shop.gateway.pay(payment["id"], Money(1, "USD"))
    shop.pay(order)
    path = f"/v1/payments/{payment['id']}"
    refunds, resolve = "/v1/payments/{payment_id}/refunds", "/v1/payments/{payment_id}/resolve"
    reason = {"reason": "as asked"}
    fits(refunds, "POST", shop.post(f"{path}/refunds", reason), 403)
    fits(refunds, "POST", shop.post(f"{path}/refunds", reason, **operator), 409)
    fits(resolve, "POST", shop.post(f"{path}/resolve", {"resolution": "accept"}, **operator), 200)
    fits(refunds, "POST", shop.post(f"{path}/refunds", {}, **operator), 422)
    too_much = {"amount": {"amount": 2, "currency": "USD"}, **reason}
    left = fits(refunds, "POST", shop.post(f"{path}/refunds", too_much, **operator), 422)["left"]
    assert left == {"amount": 1, "currency": "USD"}
    refund = fits(refunds, "POST", shop.post(f"{path}/refunds", reason, **operator), 201)
    settle, paid_by_hand = f"/v1/refunds/{refund['id']}/settle", {"succeeded": True, "why": "bank transfer 12"}
    fits("/v1/refunds/{refund_id}/settle", "POST", shop.post(settle, paid_by_hand, **operator), 200)
    fits("/v1/refunds/{refund_id}/settle", "POST", shop.post(settle, {"succeeded": "yes"}, **operator), 422)
    fits(refunds, "GET", shop.get(f"{path}/refunds", **operator), 200)
    fits("/v1/payments/{payment_id}", "GET", shop.get(path), 200)


@pytest.mark.parametrize("wrong", [{"amount": "12.99"}, {"amount": 1.5}, {}])
def test_an_answer_that_does_not_fit_would_be_noticed(wrong):
    payment = SHOP.pay(SHOP.place(a_hosting()).json)
    payment.set_data(payment.get_data().replace(b'{"amount":499,"currency":"USD"}', str(wrong).encode()))
    assert not SCHEMA["/v1/orders/{order_id}/payments"]["POST"].is_valid_response(payment)
