"""What a person sees of Stripe: where to pay, where a bank asks who they are, where cards are kept."""

from flask import Blueprint

from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.pages.authenticate import authentication_page
from billing_sandbox.stripe.pages.invoice import invoice_page
from billing_sandbox.stripe.pages.pay import payment_page
from billing_sandbox.stripe.pages.portal import portal_page


def stripe_pages(ledger: Ledger) -> list[Blueprint]:
    """Every page."""
    return [payment_page(ledger), authentication_page(ledger), portal_page(ledger), invoice_page(ledger)]
