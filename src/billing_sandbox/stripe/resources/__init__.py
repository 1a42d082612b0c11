"""Stripe's resources, one module each: what their endpoints accept and do."""

from billing_sandbox.stripe.operations import Operation
from billing_sandbox.stripe.resources import (
    account,
    charges,
    checkout_sessions,
    customer_balance,
    customers,
    events,
    invoice_items,
    invoice_payments,
    invoice_previews,
    invoices,
    payment_intents,
    payment_methods,
    portal_sessions,
    prices,
    products,
    refunds,
    setup_intents,
    subscriptions,
    test_clocks,
)

OPERATIONS: tuple[Operation, ...] = (
    *account.OPERATIONS,
    *charges.OPERATIONS,
    *checkout_sessions.OPERATIONS,
    *customer_balance.OPERATIONS,
    *customers.OPERATIONS,
    *events.OPERATIONS,
    *invoice_items.OPERATIONS,
    *invoice_payments.OPERATIONS,
    *invoice_previews.OPERATIONS,
    *invoices.OPERATIONS,
    *payment_intents.OPERATIONS,
    *payment_methods.OPERATIONS,
    *portal_sessions.OPERATIONS,
    *prices.OPERATIONS,
    *products.OPERATIONS,
    *refunds.OPERATIONS,
    *setup_intents.OPERATIONS,
    *subscriptions.OPERATIONS,
    *test_clocks.OPERATIONS,
)
"""Every endpoint there is."""
