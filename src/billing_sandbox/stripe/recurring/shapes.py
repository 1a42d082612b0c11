"""The shapes of what is sold and of what is subscribed to, as Stripe's API shows them since dahlia."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.objects import listing


def product(created: int, given: Json) -> Json:
    """A product; `given` has at least its name."""
    return {
        "id": new_id("prod", 14),
        "object": "product",
        "active": True,
        "created": created,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": created,
        "url": None,
        **given,
    }


def price(created: int, given: Json) -> Json:
    """A price; `given` has at least currency, product and unit_amount, and `recurring` where it is."""
    rhythm = given.get("recurring")
    return {
        "id": new_id("price"),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": created,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if rhythm else "one_time",
        "unit_amount_decimal": str(given["unit_amount"]),
        **given,
        "recurring": rhythm
        and {"interval_count": 1, "meter": None, "trial_period_days": None, "usage_type": "licensed", **rhythm},
    }


def plan(price: Json) -> Json:
    """A recurring price in the words of an earlier time, which are still shown beside it."""
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def item(created: int, subscription: str, price: Json, quantity: int, period: tuple[int, int], metadata: Json) -> Json:
    """A line of a subscription."""
    return {
        "id": new_id("si", 14),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": created,
        "current_period_end": period[1],
        "current_period_start": period[0],
        "discounts": [],
        "metadata": metadata,
        "plan": plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": subscription,
        "tax_rates": [],
    }


def items(subscription: str, data: list[Json]) -> Json:
    """The lines of a subscription, as they are shown in it."""
    listed = listing(f"/v1/subscription_items?subscription={subscription}", data)
    return listed | {"total_count": len(data)}


def first_item(items: Json) -> Json:
    """What a subscription shows of its item at the top, where it has a single one."""
    (only, *more) = items["data"]
    return {"plan": None, "quantity": None} if more else {"plan": only["plan"], "quantity": only["quantity"]}


def subscription(created: int, given: Json) -> Json:
    """A subscription; `given` has at least id, customer, currency, items, status and the anchor."""
    empty = (
        "application", "application_fee_percent", "billing_cycle_anchor_config", "billing_thresholds",
        "cancel_at", "canceled_at", "customer_account", "days_until_due", "default_payment_method",
        "default_source", "description", "ended_at", "latest_invoice", "next_pending_invoice_item_invoice",
        "on_behalf_of", "pause_collection", "pending_invoice_item_interval", "pending_setup_intent",
        "pending_update", "schedule", "test_clock", "transfer_data", "trial_end", "trial_start",
    )  # fmt: skip
    return {
        "object": "subscription",
        **dict.fromkeys(empty),
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_mode": {
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
            "updated_at": created,
        },
        "cancel_at_period_end": False,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": created,
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "livemode": False,
        "metadata": {},
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "start_date": created,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        **first_item(given["items"]),
        **given,
    }


def test_clock(created: int, frozen_time: int, name: str | None) -> Json:
    """A test clock."""
    return {
        "id": new_id("clock"),
        "object": "test_helpers.test_clock",
        "created": created,
        "deletes_after": created + 30 * 86_400,
        "frozen_time": frozen_time,
        "livemode": False,
        "name": name,
        "status": "ready",
        "status_details": {},
    }
