"""Stripe Billing: what is sold again and again, what is owed for it, and how that is collected as time goes on."""
