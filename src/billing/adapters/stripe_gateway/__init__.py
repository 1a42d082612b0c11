"""Stripe behind `PaymentGateway` and `RecurringBilling`: the one place that knows its library, words and shapes."""

from billing.adapters.stripe_gateway.billing import StripeBilling
from billing.adapters.stripe_gateway.gateway import StripeGateway

__all__ = ["StripeBilling", "StripeGateway"]
