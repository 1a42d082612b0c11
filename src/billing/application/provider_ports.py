"""What a payment provider may offer beyond single payments: saved methods, recurring billing, a feed of its events.

A provider that lacks one has no adapter for it. As every call outward, each ends in a result or in one of the closed
set (`outcomes`), takes a `Deadline`, and is safe to repeat.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing.application.outcomes import Deadline
from billing.application.ports import Started
from billing.domain.customer import Customer
from billing.domain.facts import BillingStands, InvoiceStands, MethodStands
from billing.domain.money import Money
from billing.domain.offer import Cycle
from billing.domain.subscription import Subscription
from billing.domain.wallet import Wallet


class SavedMethods(ABC):
    """Keeps payment methods of customers, to be charged when they are not there."""

    gateway: str

    @abstractmethod
    def open_account(self, customer: Customer, deadline: Deadline) -> str:
        """The provider's id of the customer's account, opened at the first call."""

    @abstractmethod
    def start_setup(self, wallet: Wallet, key: str, options: Mapping[str, str], deadline: Deadline) -> Started:
        """A page on which the customer saves a method, opened once a key; `options` has success_url and cancel_url."""

    @abstractmethod
    def attached(self, wallet: Wallet, deadline: Deadline) -> Sequence[MethodStands]:
        """Every method that is saved there now."""

    @abstractmethod
    def set_default(self, wallet: Wallet, method_ref: str, deadline: Deadline) -> None:
        """What the provider charges by itself is charged to it from now on."""

    @abstractmethod
    def detach(self, method_ref: str, deadline: Deadline) -> None:
        """Forget it; one that is forgotten already stays so."""

    @abstractmethod
    def portal_url(self, wallet: Wallet, return_url: str, deadline: Deadline) -> str:
        """The provider's own page for the customer to look after methods and invoices, good for a few minutes."""


class RecurringBilling(ABC):
    """Charges subscriptions by itself, period by period, to the customer's default method."""

    gateway: str

    @abstractmethod
    def ensure_price(self, plan: str, name: str, cycle: Cycle, price: Money, deadline: Deadline) -> str:
        """The provider's id of a price of our catalogue, mirrored at the first call."""

    @abstractmethod
    def begin(self, subscription: Subscription, wallet: Wallet, deadline: Deadline) -> BillingStands:
        """Bill it from the end of its current period on, at its frozen price, on its anchor; once a subscription."""

    @abstractmethod
    def read(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        """How it stands now."""

    @abstractmethod
    def cancel(self, billing_ref: str, *, at_period_end: bool, deadline: Deadline) -> BillingStands:
        """Charge no further period; `at_period_end` can be taken back until then. One that has ended stays so."""

    @abstractmethod
    def resume(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        """Take a cancel at the period's end back; Refused where it has ended."""

    @abstractmethod
    def change_plan(self, billing_ref: str, price_ref: str, key: str, deadline: Deadline) -> BillingStands:
        """Another price of the same cycle from now on, the rest of the period prorated; once a key."""

    @abstractmethod
    def invoices(self, billing_ref: str, deadline: Deadline) -> Sequence[InvoiceStands]:
        """Every invoice of it, oldest first."""

    @abstractmethod
    def pay(self, invoice_ref: str, key: str, deadline: Deadline) -> InvoiceStands:
        """Try an open invoice again at once, with the default method; how it stands then. Once a key."""


@dataclass(frozen=True, kw_only=True)
class Missed:
    """An event that the provider could not deliver, or of which nobody knows: as a notification would have told it."""

    event_id: str
    type: str
    api_version: str | None
    body: bytes
    created_at: datetime


class EventFeed(ABC):
    """Lists what happened, for those who missed the notification."""

    gateway: str

    @abstractmethod
    def since(self, moment: datetime, deadline: Deadline) -> Iterable[Missed]:
        """Every event that we read and that happened since then, oldest first."""
