"""Stripe's resources, one module each: what their endpoints accept and do."""

from billing_sandbox.stripe.operations import Operation
from billing_sandbox.stripe.resources import (
    account,
    charges,
    checkout_sessions,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    portal_sessions,
    refunds,
    setup_intents,
    webhook_endpoints,
)

OPERATIONS: tuple[Operation, ...] = (
    *account.OPERATIONS,
    *charges.OPERATIONS,
    *checkout_sessions.OPERATIONS,
    *customers.OPERATIONS,
    *disputes.OPERATIONS,
    *events.OPERATIONS,
    *payment_intents.OPERATIONS,
    *payment_methods.OPERATIONS,
    *portal_sessions.OPERATIONS,
    *refunds.OPERATIONS,
    *setup_intents.OPERATIONS,
    *webhook_endpoints.OPERATIONS,
)
"""Every endpoint there is."""
