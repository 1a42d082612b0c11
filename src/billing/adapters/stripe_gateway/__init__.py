"""Stripe behind `PaymentGateway`: the one place that knows Stripe's library, its words and its shapes."""

from billing.adapters.stripe_gateway.gateway import StripeGateway

__all__ = ["StripeGateway"]
