"""Stripe's objects as its API shows them since dahlia: every field, most of them empty."""

from typing import Any

from billing_sandbox.store import Json
from billing_sandbox.stripe.ids import new_id, scramble

_ADDRESS: Json = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def customer(created: int, given: Json) -> Json:
    """A customer."""
    return {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": created,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": None,
        "invoice_prefix": scramble(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **given,
    }


def payment_intent(created: int, given: Json) -> Json:
    """A payment intent that nobody has tried to pay; `given` has at least amount and currency."""
    id = new_id("pi")
    empty = (
        "application", "application_fee_amount", "canceled_at", "cancellation_reason", "customer",
        "customer_account", "description", "excluded_payment_method_types", "last_payment_error",
        "latest_charge", "next_action", "on_behalf_of", "payment_method",
        "payment_method_configuration_details", "processing", "receipt_email", "review",
        "setup_future_usage", "shipping", "source", "statement_descriptor", "statement_descriptor_suffix",
        "transfer_data", "transfer_group",
    )  # fmt: skip
    return {
        "id": id,
        "object": "payment_intent",
        **dict.fromkeys(empty),
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "capture_method": "automatic_async",
        "client_secret": f"{id}_secret_{scramble(25)}",
        "confirmation_method": "automatic",
        "created": created,
        "livemode": False,
        "metadata": {},
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        **given,
    }


def charge(created: int, intent: Json, method: Json, given: Json) -> Json:
    """One attempt to pay an intent by a method; `given` says how it went."""
    empty = (
        "application", "application_fee", "application_fee_amount", "balance_transaction",
        "failure_balance_transaction", "failure_code", "failure_message", "on_behalf_of", "receipt_number",
        "review", "shipping", "source_transfer", "statement_descriptor", "statement_descriptor_suffix",
        "transfer_data", "transfer_group",
    )  # fmt: skip
    return {
        "id": new_id("ch"),
        "object": "charge",
        **dict.fromkeys(empty),
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": {"address": _ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": "SANDBOX",
        "captured": False,
        "created": created,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": new_id("pm"),
        "payment_method_details": method,
        "receipt_email": intent["receipt_email"],
        "receipt_url": None,
        "refunded": False,
        "status": "pending",
        **given,
    }


def refund(created: int, paid: Json, given: Json) -> Json:
    """A refund of a charge; `given` has at least the amount."""
    return {
        "id": new_id("re"),
        "object": "refund",
        "balance_transaction": new_id("txn"),
        "charge": paid["id"],
        "created": created,
        "currency": paid["currency"],
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": {},
        "payment_intent": paid["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
        **given,
    }


def checkout_session(created: int, given: Json) -> Json:
    """An open session in payment mode; `given` has at least the sums, the addresses and the expiry."""
    empty = (
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


def customer_details(known: Json, email: str | None) -> Json:
    """Who paid on the page, as far as it is known."""
    return {
        "address": _ADDRESS | {"country": "RW"},
        "business_name": None,
        "email": known.get("email") or email or "customer@example.com",
        "individual_name": None,
        "name": known.get("name") or "Sandbox Customer",
        "phone": known.get("phone"),
        "tax_exempt": "none",
        "tax_ids": [],
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


def listing(url: str, data: list[Json], has_more: bool = False) -> Json:
    """A page of a list."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def card(last4: str) -> Json:
    """The details of a payment by card."""
    details: dict[str, Any] = {
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "funding": "credit",
        "last4": last4,
        "network": "visa",
        "three_d_secure": None,
        "wallet": None,
    }
    return {"card": details, "type": "card"}


def bank_debit() -> Json:
    """The details of a payment by a method that settles days later."""
    return {"sepa_debit": {"bank_code": "37040044", "country": "DE", "last4": "3000"}, "type": "sepa_debit"}
