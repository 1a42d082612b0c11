"""`/v1/products`: what is sold."""

from billing_sandbox.store import Condition, Json, field_is
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Flag, Many, Metadata, Text, Unsettable, Url
from billing_sandbox.stripe.recurring import shapes
from billing_sandbox.stripe.updates import update

_SETTABLE = {
    "active": Flag(),
    "images": Many(Url(), length_max=8),
    "metadata": Metadata(),
    "statement_descriptor": Text(length_max=22),
}
_NEW = {
    **_SETTABLE,
    "id": Text(length_max=255),
    "name": Text(required=True),
    "description": Text(),
    "shippable": Flag(),
    "tax_code": Text(),
    "type": Choice(("good", "service")),
    "unit_label": Text(length_max=12),
    "url": Url(),
}
_CHANGE = {
    **_SETTABLE,
    "name": Text(),
    "default_price": Text(),
    "description": Unsettable(Text()),
    "tax_code": Unsettable(Text()),
    "unit_label": Unsettable(Text(length_max=12)),
    "url": Unsettable(Url()),
}


def _create(ledger: Ledger, call: Call) -> Json:
    if "id" in call.params and ledger.store.get("product", call.params["id"]):
        raise StripeError("Product already exists.", code="resource_already_exists", param="id")
    product = ledger.save(shapes.product(ledger.now(), call.params))
    ledger.tell("product.created", product, call.cause)
    return product


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("product", call.id)


def _update(ledger: Ledger, call: Call) -> Json:
    product, given = _retrieve(ledger, call), call.params
    if "default_price" in given:
        ledger.get("price", given["default_price"], param="default_price", status=400)
    return update(ledger, product, given | {"updated": ledger.now()}, "product.updated", call.cause)


def _delete(ledger: Ledger, call: Call) -> Json:
    product = _retrieve(ledger, call)
    if ledger.find("price", [field_is("product", product["id"])]):
        message = "This product cannot be deleted because it has one or more user-created prices."
        raise StripeError(message)
    ledger.store.delete("product", product["id"])
    ledger.tell("product.deleted", product, call.cause)
    return {"id": product["id"], "object": "product", "deleted": True}


def _list(ledger: Ledger, call: Call) -> Json:
    asked: list[Condition] = []
    if "active" in call.params:
        asked.append(field_is("active", call.params["active"]))
    if ids := call.params.get("ids"):
        asked.append((f"id IN ({', '.join('?' * len(ids))})", ids))
    return page(ledger, "product", call, asked)


_BASE = "/v1/products"
_FILTERS = NEWEST_FIRST | {"active": Flag(), "ids": Many(Text())}

OPERATIONS = (
    Operation("POST", _BASE, "products.create", _NEW, _create),
    Operation("GET", _BASE, "products.list", _FILTERS, _list),
    Operation("GET", f"{_BASE}/<id>", "products.retrieve", {}, _retrieve),
    Operation("POST", f"{_BASE}/<id>", "products.update", _CHANGE, _update),
    Operation("DELETE", f"{_BASE}/<id>", "products.delete", {}, _delete),
)
