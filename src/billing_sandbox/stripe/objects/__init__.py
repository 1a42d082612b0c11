"""Stripe's objects as its API shows them since dahlia: every field, most of them empty."""

from billing_sandbox.stripe.objects.charges import charge, refund
from billing_sandbox.stripe.objects.customers import customer, customer_details
from billing_sandbox.stripe.objects.disputes import EVIDENCE, dispute, dispute_movement
from billing_sandbox.stripe.objects.intents import payment_intent, setup_intent
from billing_sandbox.stripe.objects.listing import listing
from billing_sandbox.stripe.objects.methods import bank_debit, billing_details, card, payment_method
from billing_sandbox.stripe.objects.sessions import checkout_session, line_item, portal_session
from billing_sandbox.stripe.objects.webhooks import thin_event, webhook_endpoint

__all__ = [
    "EVIDENCE",
    "bank_debit",
    "billing_details",
    "card",
    "charge",
    "checkout_session",
    "customer",
    "customer_details",
    "dispute",
    "dispute_movement",
    "line_item",
    "listing",
    "payment_intent",
    "payment_method",
    "portal_session",
    "refund",
    "setup_intent",
    "thin_event",
    "webhook_endpoint",
]
