"""`/v1/account`: the account itself."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.operations import Call, Operation


def _retrieve(ledger: Ledger, call: Call) -> Json:
    kept = ledger.store.find("account")
    if kept:
        return kept[0]
    return ledger.save(
        {
            "id": new_id("acct", 16),
            "object": "account",
            "business_profile": {"name": "Sandbox"},
            "business_type": None,
            "capabilities": {"card_payments": "active", "transfers": "active"},
            "charges_enabled": True,
            "controller": {"type": "account"},
            "country": "US",
            "created": ledger.now(),
            "default_currency": "usd",
            "details_submitted": True,
            "email": "sandbox@example.com",
            "metadata": {},
            "payouts_enabled": True,
            "settings": {"dashboard": {"display_name": "Sandbox", "timezone": "Etc/UTC"}},
            "type": "standard",
        }
    )


OPERATIONS = (Operation("GET", "/v1/account", "account.retrieve", {}, _retrieve),)
