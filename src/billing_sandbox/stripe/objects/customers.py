"""Customers, and what a page learned about who paid."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.ids import new_id, scramble
from billing_sandbox.stripe.objects.address import ADDRESS


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


def customer_details(known: Json, email: str | None) -> Json:
    """Who paid on the page, as far as it is known."""
    return {
        "address": ADDRESS | {"country": "RW"},
        "business_name": None,
        "email": known.get("email") or email or "customer@example.com",
        "individual_name": None,
        "name": known.get("name") or "Sandbox Customer",
        "phone": known.get("phone"),
        "tax_exempt": "none",
        "tax_ids": [],
    }
