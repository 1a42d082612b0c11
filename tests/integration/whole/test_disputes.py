"""What a customer's bank takes back, on real wires: from Stripe's events to hosting, API and the operator's mail."""

import json
from typing import Any

from tests.integration.whole.installation import Installation, a_domain, a_hosting, eventually


def test_a_disputed_payment_stops_its_hosting_bars_refunds_and_goes_on_when_it_is_won(
    installation: Installation,
) -> None:
    shop = installation
    shop.serve()
    shop.work()
    order, payment = bought(shop)
    opened = dispute(shop, payment)
    asked = shop.until(order, "requires_attention")
    assert "it is lost without evidence, due by" in asked["reason"]
    (shown,) = shop.get(f"/v1/payments/{payment['id']}")["disputes"]
    assert (shown["amount"], shown["gone"], shown["status"]) == (order["total"], order["total"], "needs_response")
    assert asked["payments"][0]["disputes"] == [shown]
    assert eventually(lambda: hosting(shop, order) == "suspended")
    refused = shop.call("POST", f"/v1/payments/{payment['id']}/refunds", {"reason": "asked"})
    assert (refused.status_code, "it is disputed" in refused.json()["detail"]) == (409, True)

    shop.control("POST", f"/stripe/disputes/{opened}/win")
    assert shop.until(order, "completed")["reason"] is None
    assert eventually(lambda: hosting(shop, order) == "active")
    (listed,) = json.loads(shop.command("disputes", "list", "--json"))
    assert (listed["provider_id"], listed["status"], listed["reinstated"]) == (opened, "won", listed["amount"])
    story = shop.command("orders", "show", order["id"])
    for words in ("suspend_subscription", "restore_subscription", "needs_response", "won at Stripe"):
        assert words in story
    part = {"amount": {"amount": 100, "currency": "USD"}, "reason": "asked"}
    shop.post(f"/v1/payments/{payment['id']}/refunds", part)
    assert eventually(lambda: shop.control("GET", "/state")["stripe"]["refunds"])


def test_what_is_lost_ends_hosting_keeps_the_domain_and_is_told_to_the_operator_alone(on_sqlite: Installation) -> None:
    shop = on_sqlite
    shop.serve()
    shop.work()
    order, payment = bought(shop)
    mails = eventually(lambda: found if len(found := mails_to(shop, "aline@example.rw")) == 4 else None)
    opened = dispute(shop, payment, inquiry="true")
    assert "the bank asks and takes nothing yet, answer by" in shop.until(order, "requires_attention")["reason"]
    assert hosting(shop, order) == "active"
    for act in ("escalate", "lose"):
        shop.control("POST", f"/stripe/disputes/{opened}/{act}")
    assert eventually(lambda: hosting(shop, order) == "ended")
    lost = shop.until(order, "completed")
    assert [item["status"] for item in lost["items"]] == ["fulfilled", "fulfilled"]
    assert shop.get(f"/v1/payments/{payment['id']}")["disputes"][0]["status"] == "lost"
    assert shop.get("/v1/registrations/example.rw")["customer_id"] == shop.customer()
    nothing_left = shop.call("POST", f"/v1/payments/{payment['id']}/refunds", {"reason": "asked"})
    assert nothing_left.status_code == 409

    operator = shop.settings["BILLING_OPERATOR_EMAIL"]
    first = eventually(lambda: mails_to(shop, operator))[0]
    assert "a customer's bank questions a payment" in first["text"]
    assert mails_to(shop, "aline@example.rw") == mails


def bought(shop: Installation) -> tuple[Any, Any]:
    """A delivered domain with hosting, and its payment."""
    order = shop.until(shop.buy(a_domain("example.rw"), a_hosting()), "completed")
    return order, shop.get(f"/v1/payments/{order['payments'][0]['id']}")


def dispute(shop: Installation, payment: Any, **asked: str) -> str:
    """The cardholder disputes all of it; Stripe's id of the dispute."""
    sessions = shop.control("GET", "/state")["stripe"]["sessions"]
    intent = next(one["payment_intent"] for one in sessions if one["metadata"]["payment_id"] == payment["id"])
    return str(shop.control("POST", f"/stripe/payment_intents/{intent}/dispute", asked)["id"])


def hosting(shop: Installation, order: Any) -> str:
    return str(shop.get(f"/v1/subscriptions/{order['items'][1]['subscription_id']}")["status"])


def mails_to(shop: Installation, address: str) -> list[Any]:
    return [mail for mail in shop.control("GET", "/state")["mail"] if mail["to"] == [address]]
