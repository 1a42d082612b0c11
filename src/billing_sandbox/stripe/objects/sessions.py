"""Pages for customers, and what is bought on them."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.ids import new_id, scramble


def checkout_session(created: int, given: Json) -> Json:
    """An open session; `given` has at least the addresses and the expiry, and sums where something is paid."""
    empty = (
        "amount_subtotal", "amount_total", "currency",
        "after_expiration", "allow_promotion_codes", "billing_address_collection", "cancel_url",
        "client_reference_id", "client_secret", "collected_information", "consent", "consent_collection",
        "currency_conversion", "customer", "customer_account", "customer_details", "customer_email",
        "integration_identifier", "invoice", "locale", "origin_context", "payment_intent", "payment_link",
        "payment_method_configuration_details", "permissions", "recovered_from",
        "saved_payment_method_options", "setup_intent", "shipping_address_collection", "shipping_cost",
        "submit_type", "subscription", "wallet_options",
    )  # fmt: skip
    return {
        "id": f"cs_test_a1{scramble(56)}",
        "object": "checkout.session",
        **dict.fromkeys(empty),
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "created": created,
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer_creation": "if_required",
        "discounts": [],
        "invoice_creation": {"enabled": False, "invoice_data": {}},
        "livemode": False,
        "metadata": {},
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        **given,
    }


def line_item(created: int, currency: str, unit_amount: int, quantity: int, product: Json) -> Json:
    """A line of a session, with the price made for it."""
    price = {
        "id": new_id("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": new_id("prod", 14),
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    }
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": unit_amount * quantity,
        "amount_tax": 0,
        "amount_total": unit_amount * quantity,
        "currency": currency,
        "description": product["name"],
        "metadata": product.get("metadata", {}),
        "price": price,
        "quantity": quantity,
    }


def portal_session(created: int, given: Json) -> Json:
    """A link to the customer portal; `given` has at least the customer."""
    return {
        "id": new_id("bps"),
        "object": "billing_portal.session",
        "configuration": new_id("bpc"),
        "created": created,
        "customer_account": None,
        "flow": None,
        "livemode": False,
        "locale": None,
        "on_behalf_of": None,
        "return_url": None,
        **given,
    }
