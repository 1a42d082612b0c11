"""`expand`: showing a named object whole where there was only its id."""

from typing import Any

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.objects import listing
from billing_sandbox.stripe.parameters import Many, Text
from billing_sandbox.stripe.recurring import invoices

EXPAND = {"expand": Many(Text(), length_max=20)}

_KIND_BY_FIELD = {
    "charge": "charge",
    "customer": "customer",
    "default_payment_method": "payment_method",
    "dispute": "dispute",
    "default_price": "price",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "price": "price",
    "product": "product",
    "setup_intent": "setup_intent",
    "subscription": "subscription",
    "test_clock": "test_helpers.test_clock",
}
_DEPTH_MAX = 4


def expand(ledger: Ledger, document: Json, paths: list[str]) -> Json:
    """The document with each path, such as `data.payment_intent.latest_charge`, shown whole."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > _DEPTH_MAX:
            raise StripeError(f"You cannot expand more than {_DEPTH_MAX} levels of a property: {path}")
        _expand(ledger, document, steps, path)
    return document


def _expand(ledger: Ledger, value: Any, steps: list[str], path: str) -> None:
    if isinstance(value, list):
        for element in value:
            _expand(ledger, element, steps, path)
        return
    if not steps or not isinstance(value, dict):
        return
    field, *rest = steps
    included = _included(ledger, value, field)
    if included is not None:
        value[field] = included
    elif (value.get("object"), field) == ("invoice", "confirmation_secret"):
        value[field] = None  # nothing is to be confirmed
    elif field not in value or not (field in _KIND_BY_FIELD or isinstance(value[field], dict | list)):
        raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
    elif isinstance(value[field], str):
        value[field] = ledger.get(_KIND_BY_FIELD[field], value[field])
    _expand(ledger, value[field], rest, path)


def _included(ledger: Ledger, value: Json, field: str) -> Json | None:
    """Lists that are shown only when asked for."""
    match (value.get("object"), field):
        case ("checkout.session", "line_items"):
            lines = ledger.store.get("line_items", value["id"]) or {"data": []}
            return listing(f"/v1/checkout/sessions/{value['id']}/line_items", lines["data"])
        case ("invoice", "confirmation_secret"):
            return invoices.confirmation_secret(ledger, value)
        case ("invoice", "payments"):
            return listing("/v1/invoices/payments", ledger.find("invoice_payment", [field_is("invoice", value["id"])]))
        case ("charge", "refunds"):
            refunds = ledger.find("refund", [field_is("charge", value["id"])])
            return listing(f"/v1/charges/{value['id']}/refunds", refunds)
    return None
