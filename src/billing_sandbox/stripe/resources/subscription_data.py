"""What subscriptions are made and changed with, wherever that is given."""

from typing import Any

from billing_sandbox.store import Json
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Cause, Ledger
from billing_sandbox.stripe.operations import Call
from billing_sandbox.stripe.parameters import (
    Choice,
    Flag,
    Group,
    Many,
    Metadata,
    Moment,
    Text,
    Unsettable,
    Whole,
)
from billing_sandbox.stripe.recurring import prices, shapes, subscriptions
from billing_sandbox.stripe.recurring.beginnings import Wanted
from billing_sandbox.stripe.updates import merged

_ITEMS_MAX = 20
_ITEM = {
    "metadata": Metadata(),
    "plan": Text(),
    "price": Text(),
    "price_data": Group(prices.PRICE_DATA | {"recurring": prices.RECURRING}),
    "quantity": Whole(),
}
_PRORATION = Choice(("always_invoice", "create_prorations", "none"))
_PAYMENT = Choice(("allow_incomplete", "default_incomplete", "error_if_incomplete"))
_TRIAL_SETTINGS = Group(
    {
        "end_behavior": Group(
            {"missing_payment_method": Choice(("cancel", "create_invoice", "pause"), required=True)}, required=True
        )
    }
)
_CANCELLATION = Group(
    {
        "comment": Unsettable(Text()),
        "feedback": Unsettable(
            Choice(
                ("customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex",
                 "too_expensive", "unused")
            )
        ),
    }
)  # fmt: skip
_PAYMENT_SETTINGS = Group(
    {
        "payment_method_types": Unsettable(Many(Text())),
        "save_default_payment_method": Choice(("off", "on_subscription")),
    }
)
ANCHOR_CONFIG = Group(
    {
        "day_of_month": Whole(least=1, most=31, required=True),
        "hour": Whole(most=23),
        "minute": Whole(most=59),
        "month": Whole(least=1, most=12),
        "second": Whole(most=59),
    }
)
BEGINNING = {
    "billing_cycle_anchor": Whole(),
    "billing_cycle_anchor_config": ANCHOR_CONFIG,
    "billing_mode": Group({"type": Choice(("classic", "flexible"), required=True)}),
    "description": Text(length_max=500),
    "metadata": Metadata(),
    "trial_period_days": Whole(least=1, most=730),
    "trial_settings": _TRIAL_SETTINGS,
}
"""What is accepted of a subscription to begin, at checkout as well."""
_SHARED = {
    "cancel_at_period_end": Flag(),
    "collection_method": Choice(("charge_automatically",)),
    "default_payment_method": Text(),
    "off_session": Flag(),
    "payment_behavior": _PAYMENT,
    "payment_settings": _PAYMENT_SETTINGS,
    "proration_behavior": _PRORATION,
    "trial_settings": _TRIAL_SETTINGS,
}
NEW = {
    **BEGINNING,
    **_SHARED,
    "cancel_at": Whole(),
    "currency": Text(),
    "customer": Text(required=True),
    "items": Many(Group(_ITEM), length_max=_ITEMS_MAX, required=True),
    "trial_end": Moment(("now",)),
}
CHANGES = {
    **_SHARED,
    "billing_cycle_anchor": Moment(("now", "unchanged")),
    "cancel_at": Unsettable(Whole()),
    "cancellation_details": _CANCELLATION,
    "description": Unsettable(Text(length_max=500)),
    "items": Many(Group(_ITEM | {"deleted": Flag(), "id": Text()}), length_max=_ITEMS_MAX),
    "metadata": Metadata(),
    "pause_collection": Unsettable(
        Group(
            {
                "behavior": Choice(("keep_as_draft", "mark_uncollectible", "void"), required=True),
                "resumes_at": Whole(),
            }
        )
    ),
    "proration_date": Whole(),
    "trial_end": Moment(("now",)),
}
CANCEL = {"cancellation_details": _CANCELLATION, "invoice_now": Flag(), "prorate": Flag()}
RESUME = {
    "billing_cycle_anchor": Choice(("now", "unchanged")),
    "payment_behavior": _PAYMENT,
    "proration_behavior": _PRORATION,
    "proration_date": Whole(),
}


def wanted(ledger: Ledger, items: list[Json], cause: Cause) -> list[Wanted]:
    """What is to be subscribed to, at prices that exist from now on at the latest."""
    if not items:
        raise StripeError("Missing required param: items.", code="parameter_missing", param="items")
    return [
        Wanted(_price(ledger, item, cause, f"items[{index}]"), item.get("quantity", 1), item.get("metadata", {}))
        for index, item in enumerate(items)
    ]


def changed_items(ledger: Ledger, subscription: Json, asked: list[Json], call: Call) -> list[Json]:
    """All items of the subscription after the change; an item that is not named stays as it is."""
    items: dict[str, Json] = {item["id"]: item for item in subscription["items"]["data"]}
    for index, one in enumerate(asked):
        at = f"items[{index}]"
        if "id" in one and one["id"] not in items:
            raise StripeError(f"Invalid subscription_item id: {one['id']}", param=f"{at}[id]")
        if one.get("deleted"):
            del items[one["id"]]
            continue
        old = items.get(one.get("id", ""))
        sold = _sold(ledger, one, old, call.cause, at)
        if old is None:
            start_end = subscriptions.period(subscription)
            new = shapes.item(ledger.now(), subscription["id"], sold, one.get("quantity", 1), start_end,
                              one.get("metadata", {}))  # fmt: skip
            items[new["id"]] = new
        else:
            metadata = merged(old["metadata"], one["metadata"]) if "metadata" in one else old["metadata"]
            changed = {"metadata": metadata, "quantity": one.get("quantity", old["quantity"])}
            items[old["id"]] = old | changed | {"plan": shapes.plan(sold), "price": sold}
    if not items:
        raise StripeError("A subscription must have at least one active plan.", param="items")
    return list(items.values())


def _sold(ledger: Ledger, one: Json, old: Json | None, cause: Cause, at: str) -> Json:
    names_price = {"plan", "price", "price_data"} & one.keys()
    price: Any = old["price"] if old and not names_price else _price(ledger, one, cause, at)
    if price["recurring"] is None:
        raise StripeError("The price specified is set to `type=one_time`.", param=f"{at}[price]")
    return dict(price)


def _price(ledger: Ledger, item: Json, cause: Cause, at: str) -> Json:
    if "price_data" in item:
        return prices.inline(ledger, cause, item["price_data"], f"{at}[price_data]")
    name = item.get("price", item.get("plan"))
    if name is None:
        raise StripeError(f"Missing required param: {at}[price].", code="parameter_missing", param=f"{at}[price]")
    return prices.usable(ledger, name, f"{at}[price]")
