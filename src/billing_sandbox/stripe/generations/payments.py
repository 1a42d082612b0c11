"""What the API's versions changed in payments, refunds and Checkout Sessions.

Source: https://docs.stripe.com/changelog
"""

from typing import Any

from billing_sandbox.store import Json, Store, field_is
from billing_sandbox.stripe.generations.change import Change

_UI_MODES = {"hosted_page": "hosted"}


def _ui_mode(store: Store, session: Json) -> None:
    """dahlia calls the modes of a session's page otherwise."""
    session["ui_mode"] = _UI_MODES.get(session["ui_mode"], session["ui_mode"])


def _shipping_details(store: Store, session: Json) -> None:
    """basil moved them into `collected_information`."""
    session["shipping_details"] = (session["collected_information"] or {}).get("shipping_details")


def _invoice(store: Store, paid: Json) -> None:
    """basil took the invoice from what pays it, since that may be several."""
    intent = paid["id"] if paid["object"] == "payment_intent" else paid["payment_intent"]
    found = store.find("invoice_payment", [("json_extract(json, '$.payment.payment_intent') = ?", (intent,))])
    paid["invoice"] = found[0]["invoice"] if found else None


def _capture_method(store: Store, intent: Json) -> None:
    """2024-04-10 made asynchronous capture the default."""
    if intent["capture_method"] == "automatic_async":
        intent["capture_method"] = "automatic"


def _automatic_methods(store: Store, intent: Json) -> None:
    """2023-08-16 made them the default."""
    intent["automatic_payment_methods"] = None


def _charges(store: Store, intent: Json) -> None:
    """2022-11-15 put the latest charge's id in the place of all charges."""
    charges = store.find("charge", [field_is("payment_intent", intent["id"])])
    intent["charges"] = _whole_list(f"/v1/charges?payment_intent={intent['id']}", charges)
    intent.pop("latest_charge", None)


def _refunds(store: Store, charge: Json) -> None:
    """2022-11-15 left the refunds out unless they are asked for."""
    refunds = store.find("refund", [field_is("charge", charge["id"])])
    charge["refunds"] = _whole_list(f"/v1/charges/{charge['id']}/refunds", refunds)


def _shipping(store: Store, session: Json) -> None:
    """2022-08-01 split it."""
    session["shipping"] = session.pop("shipping_details", None)
    session["shipping_rate"] = None


def _whole_list(url: str, data: list[Json]) -> dict[str, Any]:
    return {"object": "list", "data": data, "has_more": False, "total_count": len(data), "url": url}


PAYMENTS = (
    Change("dahlia", "checkout.session", _ui_mode),
    Change("basil", "checkout.session", _shipping_details),
    Change("basil", "payment_intent", _invoice),
    Change("basil", "charge", _invoice),
    Change("2024-04-10", "payment_intent", _capture_method),
    Change("2023-08-16", "payment_intent", _automatic_methods),
    Change("2022-11-15", "payment_intent", _charges),
    Change("2022-11-15", "charge", _refunds),
    Change("2022-08-01", "checkout.session", _shipping),
)
