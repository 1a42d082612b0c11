"""Stripe behind the ports of payment providers: the one place that knows Stripe's library, its words and its shapes."""

from billing.adapters.stripe_gateway.billing import StripeBilling
from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.feed import StripeFeed
from billing.adapters.stripe_gateway.gateway import StripeGateway
from billing.adapters.stripe_gateway.methods import StripeMethods
from billing.adapters.stripe_gateway.setup import StripeSetup
from billing.adapters.stripe_gateway.statements import StripeStatements

__all__ = [
    "StripeApi",
    "StripeBilling",
    "StripeFeed",
    "StripeGateway",
    "StripeMethods",
    "StripeSetup",
    "StripeStatements",
]
