"""The provider's recurring billing and saved methods in bad weather; what changes there is told by webhooks."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from billing.adapters.memory.billing import MemoryBilling
from billing.adapters.memory.methods import MemoryMethods
from billing.application.outcomes import Deadline
from billing.application.ports import Clock, Started
from billing.application.provider_ports import RecurringBilling, SavedMethods
from billing.domain import BillingStands, Customer, Cycle, InvoiceStands, MethodStands, Money, Subscription, Wallet
from simulation.weather import Weather
from simulation.wild_gateway import WildGateway

T = TypeVar("T")


class WildBilling(RecurringBilling):
    """The twin behind the weather; `when_begun` hears of every billing once, whoever began it."""

    gateway = "memory"

    def __init__(self, weather: Weather, gateway: WildGateway, installation: Callable[[], str], now: Clock) -> None:
        self.twin = MemoryBilling(gateway.twin, installation, now, now)
        self.when_begun: Callable[[str], None] = lambda billing_ref: None
        self._weather, self._provider = weather, gateway
        self._known: set[str] = set()

    def look(self) -> None:
        """Hear of what has begun since the last time."""
        for billing_ref in sorted(self.twin.books.bills.keys() - self._known):
            self._known.add(billing_ref)
            self.when_begun(billing_ref)

    # ------------------------------------------------------------------ the port

    def ensure_price(self, plan: str, name: str, cycle: Cycle, price: Money, deadline: Deadline) -> str:
        return self._call(
            "ensure_price", plan, deadline, lambda by: self.twin.ensure_price(plan, name, cycle, price, by)
        )

    def begin(self, subscription: Subscription, wallet: Wallet, deadline: Deadline) -> BillingStands:
        def begin(by: Deadline) -> BillingStands:
            stands = self._told(self.twin.begin(subscription, wallet, by))
            self.look()
            return stands

        return self._call("begin", subscription.id, deadline, begin)

    def read(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        return self._call("read", billing_ref, deadline, lambda by: self.twin.read(billing_ref, by))

    def cancel(self, billing_ref: str, *, at_period_end: bool, deadline: Deadline) -> BillingStands:
        def cancel(by: Deadline) -> BillingStands:
            return self._told(self.twin.cancel(billing_ref, at_period_end=at_period_end, deadline=by))

        return self._call("cancel", billing_ref, deadline, cancel)

    def resume(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        return self._call("resume", billing_ref, deadline, lambda by: self._told(self.twin.resume(billing_ref, by)))

    def change_plan(self, billing_ref: str, price_ref: str, key: str, deadline: Deadline) -> BillingStands:
        def change(by: Deadline) -> BillingStands:
            return self._told(self.twin.change_plan(billing_ref, price_ref, key, by))

        return self._call("change_plan", billing_ref, deadline, change)

    def invoices(self, billing_ref: str, deadline: Deadline) -> Sequence[InvoiceStands]:
        return self._call("invoices", billing_ref, deadline, lambda by: self.twin.invoices(billing_ref, by))

    def pay(self, invoice_ref: str, key: str, deadline: Deadline) -> InvoiceStands:
        return self._call("pay", invoice_ref, deadline, lambda by: self.twin.pay(invoice_ref, key, by))

    # ------------------------------------------------------------------ within

    def _told(self, stands: BillingStands) -> BillingStands:
        """Its own webhook follows every change."""
        self._provider.pass_on([self.twin.desk.notification(stands.billing_ref)])
        return stands

    def _call(self, call: str, about: str, deadline: Deadline, act: Callable[[Deadline], T]) -> T:
        return self._weather.call(f"billing: {call} {about}", deadline, act)


class WildMethods(SavedMethods):
    """The twin behind the weather."""

    gateway = "memory"

    def __init__(self, weather: Weather, gateway: WildGateway, installation: Callable[[], str]) -> None:
        self.twin = MemoryMethods(gateway.twin, installation)
        self._weather = weather

    def open_account(self, customer: Customer, deadline: Deadline) -> str:
        return self._call("open_account", customer.id, deadline, lambda by: self.twin.open_account(customer, by))

    def start_setup(self, wallet: Wallet, key: str, options: Mapping[str, str], deadline: Deadline) -> Started:
        return self._call("start_setup", key, deadline, lambda by: self.twin.start_setup(wallet, key, options, by))

    def attached(self, wallet: Wallet, deadline: Deadline) -> Sequence[MethodStands]:
        return self._call("attached", wallet.id, deadline, lambda by: self.twin.attached(wallet, by))

    def set_default(self, wallet: Wallet, method_ref: str, deadline: Deadline) -> None:
        self._call("set_default", method_ref, deadline, lambda by: self.twin.set_default(wallet, method_ref, by))

    def detach(self, method_ref: str, deadline: Deadline) -> None:
        self._call("detach", method_ref, deadline, lambda by: self.twin.detach(method_ref, by))

    def portal_url(self, wallet: Wallet, return_url: str, deadline: Deadline) -> str:
        return self._call("portal_url", wallet.id, deadline, lambda by: self.twin.portal_url(wallet, return_url, by))

    def _call(self, call: str, about: str, deadline: Deadline, act: Callable[[Deadline], T]) -> T:
        return self._weather.call(f"methods: {call} {about}", deadline, act)
