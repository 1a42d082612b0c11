"""Cards and bank accounts, as they are kept and as a charge shows them."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.cards import TestCard
from billing_sandbox.stripe.ids import new_id, scramble
from billing_sandbox.stripe.objects.address import ADDRESS

_CHARGED = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")


def payment_method(created: int, details: Json, given: Json) -> Json:
    """A way to pay that belongs to nobody yet; `details` say which, such as `card(...)`."""
    given_details = given.get("billing_details", {})
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "created": created,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        **details,
        **given,
        "billing_details": billing_details(given_details),
    }


def billing_details(given: Json) -> Json:
    """Whose method it is, as far as was told."""
    blank = {"address": ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}
    return {**blank, **given, "address": {**ADDRESS, **given.get("address", {})}}


def card(test: TestCard, exp_month: int, exp_year: int) -> Json:
    """What is kept of a card."""
    shown = {
        "brand": test.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": test.cvc_check},
        "country": test.country,
        "display_brand": test.brand,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": scramble(16),
        "funding": test.funding,
        "generated_from": None,
        "last4": test.number[-4:],
        "networks": {"available": [test.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return {"card": shown, "type": "card"}


def bank_debit() -> Json:
    """What is kept of a bank account, which pays days later."""
    return {
        "sepa_debit": {
            "bank_code": "37040044",
            "branch_code": "",
            "country": "DE",
            "fingerprint": scramble(16),
            "generated_from": {"charge": None, "setup_attempt": None},
            "last4": "3000",
        },
        "type": "sepa_debit",
    }


def charged(method: Json, *, authenticated: bool) -> Json:
    """The method as a charge made with it shows it."""
    kind = method["type"]
    if kind != "card":
        return {kind: {name: value for name, value in method[kind].items() if name != "generated_from"}, "type": kind}
    shown = {name: method["card"][name] for name in _CHARGED}
    shown |= {"mandate": None, "network": shown["brand"], "three_d_secure": None, "wallet": None}
    if authenticated:
        shown["three_d_secure"] = {
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05",
            "exemption_indicator": None,
            "result": "authenticated",
            "result_reason": None,
            "transaction_id": scramble(32),
            "version": "2.2.0",
        }
    return {"card": shown, "type": "card"}
