"""Disputes over HTTP: shown on payment and order, and no refund while one stands."""

from datetime import UTC, datetime

import pytest

from billing.application.shop.access import Role
from billing.domain.dispute import DisputeStatus
from billing.domain.disputing import take_dispute
from billing.domain.facts import DisputeStands
from billing.domain.money import Money
from tests.unit.http.shop import a_hosting, a_name

DUE = datetime(2027, 2, 9, 23, 59, 59, tzinfo=UTC)


def usd(amount: int) -> dict:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
def bought(shop) -> tuple[dict, dict]:
    order = shop.place(a_name(), a_hosting()).json
    payment = shop.pay(order).json
    shop.gateway.pay(payment["id"])
    assert shop.pay(order).status_code == 409
    return order, payment


def tell(shop, order: dict, status: DisputeStatus) -> None:
    fact = DisputeStands(
        dispute_ref="dp_1",
        amount=Money(1999, "USD"),
        status=status,
        reason="fraudulent",
        withdrawn=Money(0 if status is DisputeStatus.INQUIRY else 1999, "USD"),
        reinstated=Money(0, "USD"),
        respond_by=DUE,
        why=f"{status} at the bank",
    )

    def take(uow) -> None:
        found = uow.orders.lock(order["id"])
        take_dispute(found, found.payments[0], "dsp_1", fact, shop.now)

    shop.ledger.write("test", take)


def test_a_dispute_is_shown_on_its_payment_and_on_its_order(shop, bought):
    order, payment = bought
    tell(shop, order, DisputeStatus.NEEDS_RESPONSE)
    shown = shop.get(f"/v1/payments/{payment['id']}").json["disputes"]
    assert shown == [
        {
            "id": "dsp_1",
            "payment_id": payment["id"],
            "amount": usd(1999),
            "reason": "fraudulent",
            "status": "needs_response",
            "outcome": "needs_response at the bank",
            "gone": usd(1999),
            "respond_by": DUE.isoformat(),
            "item_ids": [],
            "created_at": shop.now.isoformat(),
        }
    ]
    order = shop.get(f"/v1/orders/{order['id']}").json
    assert order["payments"][0]["disputes"] == shown
    assert order["status"] == "requires_attention"
    assert order["reason"].endswith("it is lost without evidence, due by 2027-02-09 23:59 UTC")


def test_what_was_called_off_since_its_money_is_gone_is_named(shop, bought):
    order, payment = bought
    tell(shop, order, DisputeStatus.LOST)
    (shown,) = shop.get(f"/v1/payments/{payment['id']}").json["disputes"]
    assert (shown["status"], shown["item_ids"]) == ("lost", [item["id"] for item in order["items"]])
    assert shop.get(f"/v1/orders/{order['id']}").json["status"] == "refunded"


@pytest.mark.parametrize(("status", "answer"), [("needs_response", 409), ("under_review", 409), ("inquiry", 201)])
def test_a_disputed_payment_is_not_refunded_on_request(shop, bought, status, answer):
    order, payment = bought
    tell(shop, order, DisputeStatus(status))
    body = {"reason": "as asked", "amount": usd(300)}
    answered = shop.post(f"/v1/payments/{payment['id']}/refunds", body, key=shop.a_key(Role.OPERATOR))
    assert answered.status_code == answer
    if answer == 409:
        assert "it is disputed" in answered.json["detail"]


def test_the_description_names_disputes(shop):
    schemas = shop.get("/openapi.json").json["components"]["schemas"]
    assert schemas["Dispute"]["properties"]["status"]["enum"] == [status.value for status in DisputeStatus]
    for name in ("Payment", "PaymentSummary"):
        assert "disputes" in schemas[name]["required"]
