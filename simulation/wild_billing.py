"""The provider's recurring billing in bad weather."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from billing.adapters.memory.billing import MemoryBilling
from billing.application.outcomes import Deadline
from billing.application.ports import Clock
from billing.application.provider_ports import RecurringBilling
from billing.domain import BillingStands, Cycle, InvoiceStands, Money, Subscription, Wallet
from simulation.weather import Weather
from simulation.wild_gateway import WildGateway

T = TypeVar("T")
_AGES_SECONDS = 3600.0


class WildBilling(RecurringBilling):
    """The twin behind the weather; `twin.desk` plays time and banks."""

    gateway = "memory"

    def __init__(self, gateway: WildGateway, weather: Weather, now: Clock, installation: Callable[[], str]) -> None:
        self.twin = MemoryBilling(gateway.twin, installation, now, now)
        self._weather = weather

    def ensure_price(self, plan: str, name: str, cycle: Cycle, price: Money, deadline: Deadline) -> str:
        return self._call(f"price {plan}", deadline, lambda at: self.twin.ensure_price(plan, name, cycle, price, at))

    def begin(self, subscription: Subscription, wallet: Wallet, deadline: Deadline) -> BillingStands:
        return self._call(f"begin {subscription.id}", deadline, lambda at: self.twin.begin(subscription, wallet, at))

    def read(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        return self._call(f"read {billing_ref}", deadline, lambda at: self.twin.read(billing_ref, at))

    def cancel(self, billing_ref: str, *, at_period_end: bool, deadline: Deadline) -> BillingStands:
        def act(at: Deadline) -> BillingStands:
            return self.twin.cancel(billing_ref, at_period_end=at_period_end, deadline=at)

        return self._call(f"cancel {billing_ref}", deadline, act)

    def resume(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        return self._call(f"resume {billing_ref}", deadline, lambda at: self.twin.resume(billing_ref, at))

    def change_plan(self, billing_ref: str, price_ref: str, key: str, deadline: Deadline) -> BillingStands:
        return self._call(f"plan {key}", deadline, lambda at: self.twin.change_plan(billing_ref, price_ref, key, at))

    def invoices(self, billing_ref: str, deadline: Deadline) -> Sequence[InvoiceStands]:
        return self._call(f"invoices {billing_ref}", deadline, lambda at: self.twin.invoices(billing_ref, at))

    def pay(self, invoice_ref: str, key: str, deadline: Deadline) -> InvoiceStands:
        return self._call(f"pay {invoice_ref}", deadline, lambda at: self.twin.pay(invoice_ref, key, at))

    def _call(self, what: str, deadline: Deadline, act: Callable[[Deadline], T]) -> T:
        """What was sent in time arrives, however long the sender sleeps between."""
        sent = Deadline.after(_AGES_SECONDS, deadline.monotonic)
        return self._weather.call(f"provider: {what}", deadline, lambda: act(sent))
