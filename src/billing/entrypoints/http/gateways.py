"""The gateways as people are told of them: which take an order's sum, and which can be used now instead of another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.application.ledger import Ledger
from billing.application.money.paying import seconds_kept_out
from billing.application.money.reachable import ReachableGateways
from billing.domain.money import Money
from billing.domain.order import Order
from billing.entrypoints.kpay_settings import BY_CARD, KPAY

PHONE_CHARS_MAX = 40
"""A number, however it is typed."""

_CURRENCY = "RWF"


@dataclass(frozen=True)
class KpayTerms:
    """What KPay takes: the least and the most RWF of each method; and for how long an attempt keeps out another."""

    limits: Mapping[str, tuple[int, int]]
    retry_after: timedelta

    def methods_for(self, total: Money) -> Sequence[str]:
        """Those that take this sum."""
        if total.currency != _CURRENCY:
            return []
        return [method for method, (least, most) in self.limits.items() if least <= total.minor <= most]


@dataclass(frozen=True)
class Gateways:
    """Those that may be named here; without KPay's terms nothing is known of what it takes."""

    names: Sequence[str]
    reachable: ReachableGateways
    kpay: KpayTerms | None = None

    def instead_of(self, gateway: str, total: Money) -> Sequence[str]:
        """The others that take this sum and are not known to be away."""
        reachable = self.reachable()
        return [name for name in self.names if name != gateway and name in reachable and self._takes(name, total)]

    def wait_seconds(self, order: Order, now: datetime) -> int:
        """For how long open attempts keep out another, since their provider closes none; 0 where none does."""
        if self.kpay is None:
            return 0
        older = (payment for payment in order.payments if payment.gateway == KPAY)
        return max((seconds_kept_out(payment, self.kpay.retry_after, now) for payment in older), default=0)

    def _takes(self, name: str, total: Money) -> bool:
        return name != KPAY or self.kpay is None or bool(self.kpay.methods_for(total))


def with_payer(ledger: Ledger, order_id: str, gateway: str, options: Mapping[str, str]) -> Mapping[str, str]:
    """What an attempt is started with: KPay wants a number for a card, too, and the customer may have one. NotFound."""
    if gateway != KPAY or options.get("method") != BY_CARD or "phone" in options:
        return options
    phone = ledger.read(lambda uow: uow.customers.get(uow.orders.get(order_id).customer_id).phone)
    return {**options, "phone": phone} if phone else options
