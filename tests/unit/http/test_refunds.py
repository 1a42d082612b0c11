"""Money back over HTTP: asked for by operators, read by them, and resolved where another sum came."""

import pytest

from billing.application.shop.access import Role
from billing.domain.job import Job, JobKind
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.refund import Refund
from tests.unit.http.shop import a_hosting, a_name


@pytest.fixture
def operator(shop) -> str:
    return shop.a_key(Role.OPERATOR)


def pay(shop, order: dict, amount: Money | None = None) -> dict:
    """The payment as the ledger knows it, once the provider was asked; what was asked is 15.00 USD or 19.99 USD."""
    payment = shop.pay(order).json
    shop.gateway.pay(payment["id"], amount)
    assert shop.pay(order).status_code == 409
    return shop.get(f"/v1/payments/{payment['id']}").json


@pytest.fixture
def bought(shop) -> tuple[dict, dict]:
    order = shop.place(a_name(), a_hosting()).json
    return order, pay(shop, order)


def ask(shop, payment: dict, key: str, **body):
    options = {"headers": body.pop("headers", {})}
    return shop.post(f"/v1/payments/{payment['id']}/refunds", {"reason": "as asked", **body}, key=key, **options)


def attention_of(shop, payment: dict, key: str | None = None) -> str | None:
    """What the payment tells of its last refund to whoever has the key, if not an operator's then a storefront's."""
    return shop.get(f"/v1/payments/{payment['id']}", **({"key": key} if key else {})).json["refunds"][-1]["attention"]


def usd(amount: int) -> dict:
    return {"amount": amount, "currency": "USD"}


def refunds(shop) -> list[Refund]:
    return [refund for order in shop.stored(Order) for payment in order.payments for refund in payment.refunds]


def refund_jobs(shop) -> list[str]:
    return [job.subject for job in shop.stored(Job) if job.kind is JobKind.REFUND_PAYMENT]


def fields(answer) -> set[str]:
    return {one["field"] for one in answer.json["errors"]}


# ---------------------------------------------------------------------- asking


def test_a_sum_goes_back_and_is_shown_beside_the_payment(shop, operator, bought):
    _, payment = bought
    answer = ask(shop, payment, operator, amount=usd(300))
    path = f"/v1/payments/{payment['id']}/refunds"
    assert (answer.status_code, answer.headers["Location"]) == (201, path)
    assert answer.json == {
        "id": answer.json["id"],
        "payment_id": payment["id"],
        "amount": usd(300),
        "cause": "requested",
        "item_ids": [],
        "status": "pending",
        "reason": "as asked",
        "outcome": None,
        "attention": None,
        "created_at": shop.now.isoformat(),
    }
    assert shop.get(path, key=operator).json == [{**answer.json, "pay_to": None}]
    assert shop.get(f"/v1/payments/{payment['id']}").json["refunds"] == [answer.json]
    assert refund_jobs(shop) == [answer.json["id"]]


def test_items_go_back_at_their_price_and_are_called_off(shop, operator, bought):
    order, payment = bought
    domain = order["items"][0]
    answer = ask(shop, payment, operator, item_ids=[domain["id"]])
    assert (answer.status_code, answer.json["amount"], answer.json["item_ids"]) == (201, usd(1500), [domain["id"]])
    now = shop.get(f"/v1/orders/{order['id']}").json
    assert [item["status"] for item in now["items"]] == ["cancelled", "due"]


def test_with_a_reason_alone_all_that_is_left_goes_back(shop, operator, bought):
    order, payment = bought
    ask(shop, payment, operator, amount=usd(300))
    answer = ask(shop, payment, operator)
    assert (answer.status_code, answer.json["amount"]) == (201, usd(1699))
    assert answer.json["item_ids"] == [item["id"] for item in order["items"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, "reason"),
        ({}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": " \n"}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "nul \0 byte"}, "reason"),
        ({"reason": "half a character \ud800"}, "reason"),
        ({"reason": "two\nlines"}, "reason"),
        ({"reason": "x", "item_ids": []}, "item_ids"),
        ({"reason": "x", "item_ids": None}, "item_ids"),
        ({"reason": "x", "item_ids": [""]}, "item_ids.0"),
        ({"reason": "x", "item_ids": ["itm_404"]}, "item_ids"),
        ({"reason": "x", "amount": None}, "amount"),
        ({"reason": "x", "amount": 300}, "amount"),
        ({"reason": "x", "amount": {"amount": 300}}, "amount.currency"),
        ({"reason": "x", "amount": {"amount": 0, "currency": "USD"}}, "amount.amount"),
        ({"reason": "x", "amount": {"amount": -1, "currency": "USD"}}, "amount.amount"),
        ({"reason": "x", "amount": {"amount": 1.5, "currency": "USD"}}, "amount.amount"),
        ({"reason": "x", "amount": {"amount": "300", "currency": "USD"}}, "amount.amount"),
        ({"reason": "x", "amount": {"amount": 300, "currency": "usd"}}, "amount.currency"),
        ({"reason": "x", "amount": {"amount": 300, "currency": "XXQ"}}, "amount.currency"),
        ({"reason": "x", "amount": {"amount": 300, "currency": "RWF"}}, "amount"),
        ({"reason": "x", "amount": {"amount": 2**70, "currency": "USD"}}, "amount"),
        ({"reason": "x", "all": True}, "all"),
        ([], "body"),
    ],
)
def test_a_bad_body_is_named_and_pays_nothing_back(shop, operator, bought, body, field):
    """Least of all an empty one, or a list of items that some filter has emptied."""
    answer = shop.post(f"/v1/payments/{bought[1]['id']}/refunds", body, key=operator)
    assert (answer.status_code, fields(answer)) == (422, {field})
    assert refunds(shop) == []


def test_either_a_sum_or_items(shop, operator, bought):
    order, payment = bought
    answer = ask(shop, payment, operator, amount=usd(300), item_ids=[order["items"][0]["id"]])
    assert (answer.status_code, fields(answer), refunds(shop)) == (422, {"item_ids"}, [])


def test_more_than_is_left_is_refused_with_what_is_left(shop, operator, bought):
    _, payment = bought
    ask(shop, payment, operator, amount=usd(1500))
    answer = ask(shop, payment, operator, amount=usd(500))
    assert (answer.status_code, answer.json["left"], fields(answer)) == (422, usd(499), {"amount"})
    assert answer.json["type"] == "urn:billing:problem:refund-too-large"
    assert len(refunds(shop)) == 1


def test_an_unpaid_payment_is_a_conflict(shop, operator):
    payment = shop.pay(shop.place().json).json
    answer = ask(shop, payment, operator)
    assert (answer.status_code, refunds(shop)) == (409, [])
    assert "nothing to refund" in answer.json["detail"]


def test_what_went_back_whole_is_a_conflict(shop, operator, bought):
    _, payment = bought
    assert [ask(shop, payment, operator).status_code for _ in range(2)] == [201, 409]
    assert len(refunds(shop)) == 1


def test_one_key_makes_one_refund(shop, operator, bought):
    _, payment = bought
    once = {"Idempotency-Key": "k-1"}
    first, again = (ask(shop, payment, operator, amount=usd(300), headers=once) for _ in range(2))
    other = ask(shop, payment, operator, amount=usd(301), headers=once)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert (again.json, again.headers["Idempotent-Replayed"]) == (first.json, "true")
    assert len(refunds(shop)) == len(refund_jobs(shop)) == 1


@pytest.mark.parametrize("call", ["POST refunds", "GET refunds", "POST resolve"])
def test_refunds_are_for_operators(shop, bought, call):
    method, what = call.split()
    body = {"reason": "x"} if what == "refunds" else {"resolution": "accept"}
    answer = shop.call(method, f"/v1/payments/{bought[1]['id']}/{what}", body if method == "POST" else None)
    assert (answer.status_code, refunds(shop)) == (403, [])


@pytest.mark.parametrize("call", ["POST refunds", "GET refunds", "POST resolve"])
def test_an_unknown_payment_is_not_found(shop, operator, call):
    method, what = call.split()
    body = {"reason": "x"} if what == "refunds" else {"resolution": "accept"}
    answer = shop.call(method, f"/v1/payments/pay_404/{what}", body if method == "POST" else None, key=operator)
    assert answer.status_code == 404


# ---------------------------------------------------------------------- another sum than was asked


def resolve(shop, payment: dict, key: str, resolution: object):
    return shop.post(f"/v1/payments/{payment['id']}/resolve", {"resolution": resolution}, key=key)


@pytest.fixture
def parked(shop) -> tuple[dict, dict]:
    order = shop.place().json
    return order, pay(shop, order, Money(1400, "USD"))


def test_another_sum_is_accepted_and_delivered(shop, operator, parked):
    order, payment = parked
    answer = resolve(shop, payment, operator, "accept")
    assert (answer.status_code, answer.json["status"], answer.json["surplus"]) == (200, "succeeded", False)
    assert shop.get(f"/v1/orders/{order['id']}").json["status"] == "paid"
    assert resolve(shop, payment, operator, "accept").status_code == 409
    assert [job.kind for job in shop.stored(Job)].count(JobKind.REGISTER_DOMAIN) == 1


def test_another_sum_is_paid_back_and_the_order_waits_for_the_right_one(shop, operator, parked):
    order, payment = parked
    answer = resolve(shop, payment, operator, "refund")
    assert (answer.json["surplus"], [one["amount"] for one in answer.json["refunds"]]) == (True, [usd(1400)])
    assert shop.get(f"/v1/orders/{order['id']}").json["status"] == "pending"
    assert len(refund_jobs(shop)) == 1


def test_what_is_to_be_resolved_is_not_refunded_before(shop, operator, parked):
    answer = ask(shop, parked[1], operator, amount=usd(1))
    assert (answer.status_code, refunds(shop)) == (409, [])
    assert "resolve it first" in answer.json["detail"]


@pytest.mark.parametrize("resolution", ["keep", "", None, 1])
def test_a_resolution_that_nobody_knows_is_named(shop, operator, parked, resolution):
    answer = resolve(shop, parked[1], operator, resolution)
    assert (answer.status_code, fields(answer)) == (422, {"resolution"})


def test_what_needs_no_resolution_is_a_conflict(shop, operator, bought):
    assert resolve(shop, bought[1], operator, "refund").status_code == 409
    assert refunds(shop) == []


# ---------------------------------------------------------------------- paid, or about to be


def test_a_payment_under_way_at_a_bank_has_no_page_and_bars_a_cancel(shop):
    order = shop.place().json
    payment = shop.pay(order).json
    shop.gateway.submit(payment["id"])
    assert shop.pay(order).status_code == 409  # asks the provider, who is about to decide
    now = shop.get(f"/v1/payments/{payment['id']}").json
    assert (now["status"], now["next"], now["redirect_url"]) == ("pending", "wait", None)
    answer = shop.post(f"/v1/orders/{order['id']}/cancel")
    assert (answer.status_code, "under way at the bank" in answer.json["detail"]) == (409, True)


def test_a_paid_order_is_refunded_and_not_cancelled_and_the_answer_says_so(shop, bought):
    order, _ = bought
    answer = shop.post(f"/v1/orders/{order['id']}/cancel")
    assert (answer.status_code, "refunded, not cancelled" in answer.json["detail"]) == (409, True)
    assert shop.get(f"/v1/orders/{order['id']}").json["status"] == "paid"


# ---------------------------------------------------------------------- settling by hand


def settle(shop, refund_id: str, key: str | None, **body):
    return shop.post(f"/v1/refunds/{refund_id}/settle", {"succeeded": True, "why": "MTN transfer 77", **body}, key=key)


@pytest.fixture
def pending(shop, operator, bought) -> dict:
    return ask(shop, bought[1], operator, amount=usd(300)).json


def test_what_a_person_has_paid_back_is_settled_once_and_in_their_name(shop, operator, pending):
    answers = [settle(shop, pending["id"], operator) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (
        answers[0].json == answers[1].json == {**pending, "status": "succeeded", "outcome": answers[0].json["outcome"]}
    )
    assert "MTN transfer 77" in answers[0].json["outcome"]
    moves = shop.ledger.read(lambda uow: uow.history.of([pending["id"]]))
    assert [(move.after, move.by) for move in moves if move.after == "succeeded"] == [("succeeded", "api key shop")]


def test_what_will_never_go_back_is_given_up_and_its_sum_free_again(shop, operator, bought, pending):
    answer = settle(shop, pending["id"], operator, succeeded=False, why="the number is gone")
    assert (answer.status_code, answer.json["status"], answer.json["attention"]) == (200, "failed", None)
    assert ask(shop, bought[1], operator, amount=usd(1999)).status_code == 201
    assert settle(shop, pending["id"], operator).status_code == 409


def test_a_refund_that_waits_for_a_hand_says_so_to_operators_until_it_is_settled(shop, operator, bought, pending):
    why = "requires_manual_refund: 3.00 USD to Aline"

    def park(uow):
        order = uow.orders.lock(bought[0]["id"])
        order.payments[-1].refunds[-1].park(why)

    shop.ledger.write("test", park)
    path = f"/v1/payments/{bought[1]['id']}/refunds"
    assert [one["attention"] for one in shop.get(path, key=operator).json] == [why]
    assert attention_of(shop, bought[1], operator) == why
    assert attention_of(shop, bought[1]) is None
    assert settle(shop, pending["id"], operator).json["attention"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"succeeded": "yes"}, "succeeded"),
        ({"succeeded": 1}, "succeeded"),
        ({"why": ""}, "why"),
        ({"why": "w" * 501}, "why"),
        ({"why": "  "}, "why"),
        ({"why": "a\0b"}, "why"),
        ({"why": "\ud800"}, "why"),
        ({"amount": 1}, "amount"),
    ],
)
def test_a_bad_settlement_is_named_and_settles_nothing(shop, operator, pending, body, field):
    answer = settle(shop, pending["id"], operator, **body)
    assert (answer.status_code, fields(answer)) == (422, {field})
    assert [refund.status.value for refund in refunds(shop)] == ["pending"]


def test_a_storefront_settles_nothing(shop, pending):
    assert settle(shop, pending["id"], None).status_code == 403
    assert [refund.status.value for refund in refunds(shop)] == ["pending"]


def test_an_unknown_refund_is_not_settled(shop, operator):
    assert settle(shop, "ref_404", operator).status_code == 404
