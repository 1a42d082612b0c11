"""Intents to pay and to save a card."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.ids import new_id, scramble


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


def setup_intent(created: int, given: Json) -> Json:
    """An intent to save a method, for which nobody has given one."""
    id = new_id("seti")
    empty = (
        "application", "cancellation_reason", "customer", "customer_account", "description",
        "excluded_payment_method_types", "flow_directions", "last_setup_error", "latest_attempt", "mandate",
        "next_action", "on_behalf_of", "payment_method", "payment_method_configuration_details",
        "single_use_mandate",
    )  # fmt: skip
    return {
        "id": id,
        "object": "setup_intent",
        **dict.fromkeys(empty),
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "client_secret": f"{id}_secret_{scramble(31)}",
        "created": created,
        "livemode": False,
        "metadata": {},
        "payment_method_options": {
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "usage": "off_session",
        **given,
    }
