"""Attempts to pay, and money that goes back."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.objects.methods import charged


def charge(created: int, intent: Json, method: Json, given: Json, *, authenticated: bool = False) -> Json:
    """One attempt to pay an intent by a method; `given` says how it went."""
    empty = (
        "application", "application_fee", "application_fee_amount", "balance_transaction", "dispute",
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
        "billing_details": method["billing_details"],
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
        "payment_method": method["id"],
        "payment_method_details": charged(method, authenticated=authenticated),
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
