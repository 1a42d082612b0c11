"""Providers behind their circuit breakers: every call outward goes through the guard, and nothing else does."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from billing.application.guarding.breakers import Guard
from billing.application.outcomes import AccountRefused, Deadline, OutcomeUnknown, RetryLater
from billing.application.ports import (
    Availability,
    DomainInfo,
    Envelope,
    Hint,
    HintingGateway,
    PaymentGateway,
    Reading,
    Registrar,
    SignedGateway,
    Started,
)
from billing.application.provider_ports import RecurringBilling, SavedMethods
from billing.domain.contact import Contact
from billing.domain.customer import Customer
from billing.domain.domain_name import DomainName
from billing.domain.facts import BillingStands, Fact, InvoiceStands, MethodStands
from billing.domain.money import Money
from billing.domain.offer import Cycle
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.domain.refund import Refund
from billing.domain.subscription import Subscription
from billing.domain.wallet import Wallet


class GuardedRegistrar(Registrar):
    """A registrar that is left in peace while it does not answer."""

    def __init__(self, inner: Registrar, guard: Guard) -> None:
        self._inner, self._guard = inner, guard

    def check(self, names: Sequence[DomainName], deadline: Deadline) -> Sequence[Availability]:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.check(names, deadline))

    def info(self, name: DomainName, deadline: Deadline) -> DomainInfo | None:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.info(name, deadline))

    def register(
        self,
        name: DomainName,
        years: int,
        registrant: Contact,
        nameservers: Sequence[str],
        key: str,
        deadline: Deadline,
    ) -> DomainInfo:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.register(name, years, registrant, nameservers, key, deadline))

    def renew(self, name: DomainName, years: int, current_expiry: datetime, key: str, deadline: Deadline) -> DomainInfo:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.renew(name, years, current_expiry, key, deadline))


class GuardedGateway(PaymentGateway):
    """A provider of payments that is left in peace while it does not answer."""

    def __init__(self, inner: PaymentGateway, guard: Guard) -> None:
        self._inner, self._guard = inner, guard
        self.name, self.manner = inner.name, inner.manner

    def require_reachable(self) -> None:
        """What the guard knows."""
        self._guard.require()

    def prepare(self, total: Money, options: Mapping[str, str]) -> Mapping[str, str]:
        """Calls nobody."""
        return self._inner.prepare(total, options)

    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.start(order, payment, deadline))

    def start_again(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.start_again(order, payment, deadline))

    def check(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.check(payment, deadline))

    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.close(payment, deadline))

    def refund(self, payment: Payment, refund: Refund, deadline: Deadline) -> Sequence[Fact]:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.refund(payment, refund, deadline))


class GuardedSignedGateway(GuardedGateway, SignedGateway):
    """The same, of one whose notifications are proof."""

    def __init__(self, inner: SignedGateway, guard: Guard) -> None:
        super().__init__(inner, guard)
        self._signed = inner

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        """Calls nobody."""
        return self._signed.verify(body, headers)

    def interpret(self, body: bytes, deadline: Deadline) -> Reading:
        """Mostly calls nobody, so it is never held back; where it did call in vain, that is counted."""
        try:
            return self._signed.interpret(body, deadline)
        except (RetryLater, OutcomeUnknown, AccountRefused) as failure:
            self._guard.note(failure)
            raise


class GuardedHintingGateway(GuardedGateway, HintingGateway):
    """The same, of one whose notifications only hint."""

    def __init__(self, inner: HintingGateway, guard: Guard) -> None:
        super().__init__(inner, guard)
        self._hinting = inner

    def hint(self, body: bytes) -> Hint:
        """Calls nobody."""
        return self._hinting.hint(body)


class GuardedMethods(SavedMethods):
    """A provider that keeps payment methods, left in peace while it does not answer."""

    def __init__(self, inner: SavedMethods, guard: Guard) -> None:
        self._inner, self._guard = inner, guard
        self.gateway = inner.gateway

    def open_account(self, customer: Customer, deadline: Deadline) -> str:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.open_account(customer, deadline))

    def start_setup(self, wallet: Wallet, key: str, options: Mapping[str, str], deadline: Deadline) -> Started:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.start_setup(wallet, key, options, deadline))

    def attached(self, wallet: Wallet, deadline: Deadline) -> Sequence[MethodStands]:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.attached(wallet, deadline))

    def set_default(self, wallet: Wallet, method_ref: str, deadline: Deadline) -> None:
        """Guarded."""
        self._guard(deadline, lambda: self._inner.set_default(wallet, method_ref, deadline))

    def detach(self, method_ref: str, deadline: Deadline) -> None:
        """Guarded."""
        self._guard(deadline, lambda: self._inner.detach(method_ref, deadline))

    def portal_url(self, wallet: Wallet, return_url: str, deadline: Deadline) -> str:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.portal_url(wallet, return_url, deadline))


class GuardedBilling(RecurringBilling):
    """Recurring billing at a provider that is left in peace while it does not answer."""

    def __init__(self, inner: RecurringBilling, guard: Guard) -> None:
        self._inner, self._guard = inner, guard
        self.gateway = inner.gateway

    def ensure_price(self, plan: str, name: str, cycle: Cycle, price: Money, deadline: Deadline) -> str:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.ensure_price(plan, name, cycle, price, deadline))

    def begin(self, subscription: Subscription, wallet: Wallet, deadline: Deadline) -> BillingStands:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.begin(subscription, wallet, deadline))

    def read(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.read(billing_ref, deadline))

    def cancel(self, billing_ref: str, *, at_period_end: bool, deadline: Deadline) -> BillingStands:
        """Guarded."""

        def cancel() -> BillingStands:
            return self._inner.cancel(billing_ref, at_period_end=at_period_end, deadline=deadline)

        return self._guard(deadline, cancel)

    def resume(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.resume(billing_ref, deadline))

    def change_plan(self, billing_ref: str, price_ref: str, key: str, deadline: Deadline) -> BillingStands:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.change_plan(billing_ref, price_ref, key, deadline))

    def invoices(self, billing_ref: str, deadline: Deadline) -> Sequence[InvoiceStands]:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.invoices(billing_ref, deadline))

    def pay(self, invoice_ref: str, key: str, deadline: Deadline) -> InvoiceStands:
        """Guarded."""
        return self._guard(deadline, lambda: self._inner.pay(invoice_ref, key, deadline))
