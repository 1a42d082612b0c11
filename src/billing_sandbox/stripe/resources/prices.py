"""`/v1/prices`: what things cost, once or again and again; found by `lookup_key`."""

from billing_sandbox.store import Condition, Json, field_is
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Currency, Flag, Group, Many, Metadata, Text, Whole
from billing_sandbox.stripe.recurring import prices, shapes
from billing_sandbox.stripe.updates import update

_LOOKUP_KEY = Text(length_max=200)
_SETTABLE = {
    "active": Flag(),
    "lookup_key": _LOOKUP_KEY,
    "metadata": Metadata(),
    "nickname": Text(),
    "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
    "transfer_lookup_key": Flag(),
}
_NEW = {
    **_SETTABLE,
    "billing_scheme": Choice(("per_unit",)),
    "currency": Currency(required=True),
    "product": Text(),
    "product_data": prices.PRODUCT_DATA,
    "recurring": prices.RECURRING,
    "unit_amount": Whole(required=True),
}
_NOT_KEPT = ("product_data", "transfer_lookup_key")


def _create(ledger: Ledger, call: Call) -> Json:
    given = {name: value for name, value in call.params.items() if name not in _NOT_KEPT}
    if ("product" in call.params) == ("product_data" in call.params):
        message = "You must specify either `product` or `product_data` when creating a price."
        raise StripeError(message, code="parameter_missing", param="product")
    prices.check_rhythm(given.get("recurring"), "recurring")
    if "product_data" in call.params:
        product = ledger.save(shapes.product(ledger.now(), call.params["product_data"]))
        ledger.tell("product.created", product, call.cause)
    else:
        product = ledger.get("product", given["product"], param="product", status=400)
    _free_key(ledger, call, "")
    return prices.create(ledger, call.cause, given | {"product": product["id"]})


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("price", call.id, param="price")


def _update(ledger: Ledger, call: Call) -> Json:
    price = _retrieve(ledger, call)
    changes = {name: value for name, value in call.params.items() if name not in _NOT_KEPT}
    _free_key(ledger, call, price["id"])
    return update(ledger, price, changes, "price.updated", call.cause)


def _free_key(ledger: Ledger, call: Call, id: str) -> None:
    """Take the lookup key from the price that has it, if that is asked for; else it must be free."""
    key = call.params.get("lookup_key")
    holder = prices.by_lookup_key(ledger, key) if key else None
    if holder is None or holder["id"] == id:
        return
    if not call.params.get("transfer_lookup_key"):
        message = f"A price (`{holder['id']}`) already uses that lookup key."
        raise StripeError(message, param="lookup_key")
    update(ledger, holder, {"lookup_key": None}, "price.updated", call.cause)


def _list(ledger: Ledger, call: Call) -> Json:
    asked: list[Condition] = [field_is(name, call.params[name]) for name in _PLAIN if name in call.params]
    if keys := call.params.get("lookup_keys"):
        asked.append((f"json_extract(json, '$.lookup_key') IN ({', '.join('?' * len(keys))})", keys))
    for part, value in call.params.get("recurring", {}).items():
        asked.append((f"json_extract(json, '$.recurring.{part}') = ?", (value,)))
    return page(ledger, "price", call, asked)


_PLAIN = ("active", "currency", "product", "type")
_FILTERS = {
    **NEWEST_FIRST,
    "active": Flag(),
    "currency": Currency(),
    "lookup_keys": Many(_LOOKUP_KEY, length_max=10),
    "product": Text(),
    "recurring": Group({"interval": Choice(("day", "month", "week", "year"))}),
    "type": Choice(("one_time", "recurring")),
}
_BASE = "/v1/prices"

OPERATIONS = (
    Operation("POST", _BASE, "prices.create", _NEW, _create),
    Operation("GET", _BASE, "prices.list", _FILTERS, _list),
    Operation("GET", f"{_BASE}/<id>", "prices.retrieve", {}, _retrieve),
    Operation("POST", f"{_BASE}/<id>", "prices.update", _SETTABLE, _update),
)
