"""A Stripe account in test mode: its v1 API, its payment page and its webhooks, on loopback."""

from billing_sandbox.stripe.sandbox import StripeSandbox

__all__ = ["StripeSandbox"]
