"""Stripe behind our ports: the one place that knows Stripe's library, its words and its shapes."""

from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.feed import StripeFeed
from billing.adapters.stripe_gateway.gateway import StripeGateway
from billing.adapters.stripe_gateway.setup import StripeSetup
from billing.adapters.stripe_gateway.statements import StripeStatements

__all__ = ["StripeApi", "StripeFeed", "StripeGateway", "StripeSetup", "StripeStatements"]
