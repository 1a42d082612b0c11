"""Prices: made for themselves or beside what they are the price of."""

from dataclasses import dataclass
from typing import Any

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.form import Raw
from billing_sandbox.stripe.ledger import Cause, Ledger
from billing_sandbox.stripe.money import show
from billing_sandbox.stripe.parameters import Choice, Currency, Group, Many, Metadata, Text, Url, Whole
from billing_sandbox.stripe.recurring import shapes
from billing_sandbox.stripe.recurring.periods import Rhythm

_INDEX = """
CREATE INDEX IF NOT EXISTS prices_by_lookup_key ON documents (json_extract(json, '$.lookup_key'))
    WHERE kind = 'price';
"""
_INTERVALS_MAX = {"day": 1095, "week": 156, "month": 36, "year": 3}

RECURRING = Group(
    {
        "interval": Choice(("day", "month", "week", "year"), required=True),
        "interval_count": Whole(least=1),
        "usage_type": Choice(("licensed",)),
    }
)
PRODUCT_DATA = Group(
    {
        "name": Text(required=True),
        "description": Text(),
        "images": Many(Url(), length_max=8),
        "metadata": Metadata(),
        "statement_descriptor": Text(length_max=22),
        "tax_code": Text(),
        "unit_label": Text(length_max=12),
    }
)
PRICE_DATA = {
    "currency": Currency(required=True),
    "product": Text(),
    "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
    "unit_amount": Whole(required=True),
}
"""What is accepted as an inline price, wherever there is one."""


@dataclass(frozen=True)
class InlinePrice(Group):
    """An inline price of a product that exists, or of one made with it."""

    def read(self, raw: Raw, name: str) -> dict[str, Any]:
        if isinstance(raw, dict) and not {"product", "product_data"} & raw.keys():
            missing = f"{name}[product_data]"
            raise StripeError(f"Missing required param: {missing}.", code="parameter_missing", param=missing)
        return super().read(raw, name)


def define(ledger: Ledger) -> None:
    """Make the store ready for `by_lookup_key`."""
    ledger.store.define(_INDEX)


def by_lookup_key(ledger: Ledger, key: str) -> Json | None:
    """The price that bears the key now."""
    found = ledger.find("price", [field_is("lookup_key", key)])
    return found[0] if found else None


def create(ledger: Ledger, cause: Cause, given: Json) -> Json:
    """A new price of a product that exists; a recurring one is told as a plan too."""
    price = ledger.save(shapes.price(ledger.now(), given))
    if price["recurring"]:
        ledger.tell("plan.created", shapes.plan(price), cause)
    ledger.tell("price.created", price, cause)
    return price


def inline(ledger: Ledger, cause: Cause, given: Json, at: str) -> Json:
    """The price that is made for one use by a `price_data`; nobody else can use it."""
    known = {name: value for name, value in given.items() if name != "product_data"}
    if ("product" in given) == ("product_data" in given):
        message = f"You must specify either `product` or `product_data` when creating `{at}`."
        raise StripeError(message, code="parameter_missing", param=at)
    if "product_data" in given:
        product = ledger.save(shapes.product(ledger.now(), given["product_data"] | {"active": False}))
        ledger.tell("product.created", product, cause)
        known["product"] = product["id"]
    product = ledger.get("product", known["product"], param=f"{at}[product]", status=400)
    check_rhythm(given.get("recurring"), f"{at}[recurring]")
    return create(ledger, cause, known | {"active": False, "product": product["id"]})


def usable(ledger: Ledger, id: str, param: str) -> Json:
    """A price that something new may be sold at."""
    price = ledger.get("price", id, param=param, status=400)
    if not price["active"]:
        message = f"The price specified is inactive. This field only accepts active prices: `{id}`"
        raise StripeError(message, param=param)
    return price


def check_rhythm(recurring: Json | None, param: str) -> None:
    """Refuse periods of more than three years."""
    if recurring and recurring.get("interval_count", 1) > _INTERVALS_MAX[recurring["interval"]]:
        raise StripeError("You cannot specify a recurring interval of more than 3 years.", param=param)


def rhythm(price: Json) -> Rhythm:
    """How often it is charged."""
    return Rhythm(price["recurring"]["interval"], price["recurring"]["interval_count"])


def describe(ledger: Ledger, price: Json, quantity: int) -> str:
    """For people: `1 × Starter (at 4.99 USD / month)`."""
    count, interval = price["recurring"]["interval_count"], price["recurring"]["interval"]
    every = interval if count == 1 else f"{count} {interval}s"
    cost = show(price["unit_amount"], price["currency"])
    return f"{quantity} × {product_name(ledger, price)} (at {cost} / {every})"


def product_name(ledger: Ledger, price: Json) -> str:
    """What it is the price of."""
    return str(ledger.get("product", price["product"])["name"])
