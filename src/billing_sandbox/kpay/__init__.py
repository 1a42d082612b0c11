"""A KPay merchant account: its one endpoint, its card page, its pushes to phones and its postbacks, on loopback."""

from billing_sandbox.kpay.sandbox import KPaySandbox

__all__ = ["KPaySandbox"]
