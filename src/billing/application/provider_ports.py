"""What a payment provider may offer beyond single payments: saved methods, recurring billing, a look into its books.

A provider that lacks one has no adapter for it. As every call outward, each ends in a result or in one of the closed
set (`outcomes`), takes a `Deadline`, and is safe to repeat.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from billing.application.outcomes import Deadline
from billing.application.ports import Started
from billing.domain.customer import Customer
from billing.domain.facts import BillingStands, InvoiceStands, MethodStands, RefundNews
from billing.domain.money import Money
from billing.domain.offer import Cycle
from billing.domain.payment import Payment
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
class FeedEvent:
    """Something that happened, in the words in which a notification would have told it."""

    event_id: str
    type: str
    api_version: str | None
    body: bytes
    created_at: datetime


@dataclass(frozen=True)
class FeedPage:
    """A part of what happened; `after` is where to go on, None at the end."""

    events: Sequence[FeedEvent]
    after: str | None = None


class EventFeed(ABC):
    """Lists what happened, for those who missed the notification.

    `kept` is how far back it reaches. It is read page by page, so that each call has a deadline of its own.
    """

    gateway: str
    kept: timedelta

    @abstractmethod
    def page(self, since: datetime, until: datetime, after: str | None, deadline: Deadline) -> FeedPage:
        """The next events of the types that we read, in any order, as notifications come: one may come twice.

        First those that the provider could not deliver, then all.
        """


@dataclass(frozen=True)
class Statement:
    """What a provider's books have of one payment: what came in, None where nothing did, and every refund of it."""

    received: Money | None
    refunds: Sequence[RefundNews] = ()


class Statements(ABC):
    """Shows a provider's own books."""

    gateway: str

    @abstractmethod
    def of(self, payment: Payment, deadline: Deadline) -> Statement:
        """Refunds whoever made them, failed ones too; NeedsPerson where it can't show all of them."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a provider sends its notifications, of which types and in which version; its secret is told only once."""

    ref: str
    url: str
    types: frozenset[str]
    version: str | None
    is_enabled: bool
    secret: str | None = field(default=None, repr=False)


class ProviderSetup(ABC):
    """What a provider must know and allow before its notifications can come and our calls be answered.

    `types` and `version` are what an endpoint of ours must have. Each of `checks` is one harmless call.
    """

    gateway: str
    types: frozenset[str]
    version: str
    checks: Sequence[str]

    @abstractmethod
    def endpoints(self, deadline: Deadline) -> Sequence[Endpoint]:
        """Every one of the account."""

    @abstractmethod
    def make_endpoint(self, url: str, deadline: Deadline) -> Endpoint:
        """A new one, with its secret; look before: a repeat makes another."""

    @abstractmethod
    def correct_endpoint(self, ref: str, deadline: Deadline) -> Endpoint:
        """Exactly our types, and enabled; its version can't be changed."""

    @abstractmethod
    def problem(self, check: str, deadline: Deadline) -> str | None:
        """What is wrong with the account or our key, in a sentence; None where this check finds nothing."""
