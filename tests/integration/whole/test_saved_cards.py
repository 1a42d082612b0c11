"""Saved cards on real wires: saved on Stripe's page, charged off session, wanted by a bank, forgotten in the portal."""

from typing import Any

import requests

from tests.integration.whole.installation import Installation, a_domain, a_hosting, eventually

ASKS = "4000002760003184"  # its bank wants the customer whenever it is charged


def path_of(installation: Installation) -> str:
    return f"/v1/customers/{installation.customer()}/payment-methods"


def cards(installation: Installation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = installation.get(path_of(installation))
    return found


def save(installation: Installation, number: str) -> dict[str, Any]:
    """On Stripe's page, and then listed here."""
    known = len(cards(installation))
    addresses = {"success_url": f"{installation.url}/saved", "cancel_url": f"{installation.url}/account"}
    page = installation.post(f"{path_of(installation)}/setup", addresses)["redirect_url"]
    put_in(page, number)
    return eventually(lambda: cards(installation)[known:])[0]


def put_in(page: str, number: str) -> None:
    answer = requests.post(page, data={"act": "pay", "card": number}, allow_redirects=False, timeout=10)
    if "authenticate" in answer.headers.get("Location", ""):
        challenge = answer.headers["Location"]
        answer = requests.post(challenge, data={"act": "authenticate"}, allow_redirects=False, timeout=10)
    assert answer.ok, answer.text


def pay_with(installation: Installation, order: dict[str, Any], card: dict[str, Any]) -> dict[str, Any]:
    body = {"gateway": "stripe", "payment_method": card["id"]}
    payment: dict[str, Any] = installation.post(f"/v1/orders/{order['id']}/payments", body)
    return payment


def test_a_saved_card_pays_an_order_and_is_forgotten_in_the_portal(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    on_sqlite.work()
    card = save(on_sqlite, "4242424242424242")
    assert (card["card"]["last4"], card["default"]) == ("4242", True)

    order = on_sqlite.order(a_domain("example.rw"), a_hosting())
    payment = pay_with(on_sqlite, order, card)
    assert (payment["status"], payment["next"]) == ("succeeded", None)
    on_sqlite.until(order, "completed")
    assert on_sqlite.registry("example.rw")["creates"] == 1

    portal = on_sqlite.post(f"{path_of(on_sqlite)}/portal", {"return_url": on_sqlite.url})["redirect_url"]
    (held,) = on_sqlite.control("GET", "/state")["stripe"]["payment_methods"]
    assert requests.post(portal, data={"act": "remove", "method": held["id"]}, timeout=10).ok
    eventually(lambda: not cards(on_sqlite))
    assert on_sqlite.call("DELETE", f"{path_of(on_sqlite)}/{card['id']}").status_code == 404


def test_a_bank_that_wants_the_customer_gets_a_page_and_the_charge_is_called_off(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    on_sqlite.work()
    card = save(on_sqlite, ASKS)
    order = on_sqlite.order(a_domain("example.rw"))
    waiting = pay_with(on_sqlite, order, card)
    assert (waiting["status"], waiting["next"]) == ("pending", "authenticate")
    on_sqlite.pay(on_sqlite.start(order))
    on_sqlite.until(order, "completed")
    eventually(lambda: on_sqlite.get(f"/v1/payments/{waiting['id']}")["status"] == "cancelled")
    intents = on_sqlite.control("GET", "/state")["stripe"]["payment_intents"]
    assert sorted(intent["status"] for intent in intents) == ["canceled", "succeeded"]


def test_what_renews_by_itself_is_paid_on_a_page_that_saves_its_card(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    on_sqlite.work()
    order = on_sqlite.order(a_domain("example.rw") | {"auto_renew": True}, a_hosting())
    on_sqlite.pay(on_sqlite.start(order))
    on_sqlite.until(order, "completed")
    (card,) = eventually(lambda: cards(on_sqlite))
    refused = on_sqlite.call("DELETE", f"{path_of(on_sqlite)}/{card['id']}")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (409, "force")
    eventually(lambda: _default_of(on_sqlite))
    again = on_sqlite.order(a_domain("another.rw"))
    assert pay_with(on_sqlite, again, card)["status"] == "succeeded"
    forced = on_sqlite.call("DELETE", f"{path_of(on_sqlite)}/{card['id']}?force=true")
    assert (forced.status_code, forced.json()) == (200, [])
    eventually(lambda: all(not held["customer"] for held in _methods(on_sqlite)))


def _methods(installation: Installation) -> list[Any]:
    held: list[Any] = installation.control("GET", "/state")["stripe"]["payment_methods"]
    return held


def _default_of(installation: Installation) -> str | None:
    """What Stripe would charge by itself, which it was told by a job."""
    (customer,) = installation.control("GET", "/state")["stripe"]["customers"]
    default: str | None = customer["invoice_settings"]["default_payment_method"]
    return default
