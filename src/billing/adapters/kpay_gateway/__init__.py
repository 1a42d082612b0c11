"""KPay behind the port of payment providers: the one place that knows KPay's words, codes and shapes."""

from billing.adapters.kpay_gateway.account import KpayAccount
from billing.adapters.kpay_gateway.gateway import KpayGateway

__all__ = ["KpayAccount", "KpayGateway"]
