"""A registry that speaks EPP over TLS (RFC 5730 to 5734), behind billing's `Registrar`."""

from billing.adapters.epp_registrar.config import EppConfig, ExpiryFormat
from billing.adapters.epp_registrar.registrar import EppRegistrar

__all__ = ["EppConfig", "EppRegistrar", "ExpiryFormat"]
