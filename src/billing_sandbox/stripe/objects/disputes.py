"""Disputes: cardholders who want their money back from their banks."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.ids import new_id

EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt", "refund_policy",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
    "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation",
    "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip
"""What a shop may say for itself."""
_NETWORK_CODES = {"fraudulent": "10.4", "product_not_received": "13.1", "duplicate": "12.6.1"}
_FEE = 1500


def dispute(created: int, charge: Json, due_by: int, given: Json) -> Json:
    """A dispute of a charge; `given` has at least amount, reason, status and whether it is still refundable."""
    inquiry = given["status"].startswith("warning")
    card = charge["payment_method_details"].get("card") or {"brand": None}
    shown = {
        "brand": card["brand"],
        "case_type": "inquiry" if inquiry else "chargeback",
        "network_reason_code": _NETWORK_CODES.get(given["reason"]),
    }
    return {
        "id": new_id("du"),
        "object": "dispute",
        "balance_transactions": [],
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": shown, "type": "card"},
        **given,
    }


def dispute_movement(created: int, dispute: Json, *, withdrawn: bool) -> Json:
    """The entry on the account's balance by which the disputed sum goes, or comes back."""
    amount, fee = (-dispute["amount"], _FEE) if withdrawn else (dispute["amount"], -_FEE)
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": created,
        "balance_type": "payments",
        "created": created,
        "currency": dispute["currency"],
        "description": f"Chargeback {'withdrawal' if withdrawn else 'reversal'} for {dispute['charge']}",
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [],
        "net": amount - fee,
        "reporting_category": "dispute" if withdrawn else "dispute_reversal",
        "source": dispute["id"],
        "status": "available",
        "type": "adjustment",
    }
