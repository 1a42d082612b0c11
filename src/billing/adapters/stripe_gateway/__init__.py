"""Stripe behind the ports of payment providers: the one place that knows Stripe's library, its words and its shapes."""

from billing.adapters.stripe_gateway.billing import StripeBilling
from billing.adapters.stripe_gateway.gateway import StripeGateway
from billing.adapters.stripe_gateway.methods import StripeMethods

__all__ = ["StripeBilling", "StripeGateway", "StripeMethods"]
