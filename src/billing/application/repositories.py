"""The repositories in a unit of work, one for each kind of thing that the ledger keeps (mails: `correspondence`)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from billing.application.records import ApiKey, Arrival, Made, RememberedAnswer, Transition
from billing.domain.breaker import Breaker
from billing.domain.catalogue import Catalogue
from billing.domain.customer import Customer
from billing.domain.daily_round import DailyRound
from billing.domain.dispute import Dispute, DisputeStatus
from billing.domain.domain_name import DomainName
from billing.domain.event import EventStatus, InboxEvent
from billing.domain.invoice import Invoice
from billing.domain.job import Job, JobKind, JobRequest, JobStatus
from billing.domain.order import Order
from billing.domain.order_status import OrderStatus
from billing.domain.refund import Refund, RefundStatus
from billing.domain.registration import Registration
from billing.domain.renewal import Renewal
from billing.domain.subscription import Subscription, SubscriptionStatus
from billing.domain.wallet import Wallet


class Orders(Protocol):
    """Orders with their items and payments."""

    def add(self, order: Order) -> None:
        """NameHeld where a registration in it is live in another order, RenewalOpen where a renewal is unpaid."""

    def get(self, order_id: str) -> Order:
        """To read; NotFound."""

    def lock(self, order_id: str) -> Order:
        """To change: nobody else moves the order, its items or payments until this unit ends."""

    def of_payment(self, payment_id: str) -> str | None:
        """The id of the order that an attempt belongs to."""

    def of_item(self, item_id: str) -> str | None:
        """The id of the order that an item belongs to."""

    def of_refund(self, refund_id: str) -> str | None:
        """The id of the order that a refund belongs to."""

    def of_dispute(self, dispute_id: str) -> str | None:
        """The id of the order that a dispute belongs to."""

    def of_number(self, number: str) -> str | None:
        """The id of the order that bears this number."""

    def of_refs(self, gateway: str, refs: frozenset[str]) -> str | None:
        """The id of the payment that bears one of the provider's ids."""

    def page(
        self, customer_id: str | None, status: OrderStatus | None, before: str | None, limit: int
    ) -> Sequence[Order]:
        """Newest first, those with an id below `before`."""

    def refunds(self, status: RefundStatus | None, before: str | None, limit: int) -> Sequence[Refund]:
        """Refunds of all payments, newest first, those with an id below `before`."""

    def disputes(self, status: DisputeStatus | None, before: str | None, limit: int) -> Sequence[Dispute]:
        """Disputes of all payments, newest first, those with an id below `before`."""

    def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of pending orders whose time is over."""

    def attempts_made(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        """Oldest first, from `since` to `until`; of those of that very first moment, only ids above `after`."""

    def refunds_made(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        """The same of refunds."""


class Customers(Protocol):
    """Who buys."""

    def add(self, customer: Customer) -> None:
        """A new one."""

    def get(self, customer_id: str) -> Customer:
        """NotFound."""


class Wallets(Protocol):
    """What customers keep at payment providers."""

    def add(self, wallet: Wallet) -> None:
        """A new one; ConcurrentChange where this customer has one at this provider."""

    def get(self, wallet_id: str) -> Wallet:
        """To read; NotFound."""

    def lock(self, wallet_id: str) -> Wallet:
        """To change; NotFound."""

    def of_customer(self, customer_id: str, gateway: str) -> Wallet | None:
        """To read."""

    def of_refs(self, gateway: str, refs: frozenset[str]) -> str | None:
        """The id of the wallet whose account or method bears one of the provider's ids."""

    def of_method(self, method_id: str) -> str | None:
        """The id of the wallet that a method is in."""

    def expiring(self, year: int, month: int, after: str, limit: int) -> Sequence[tuple[str, str]]:
        """Ids of usable methods whose card ends with that month, those above `after`, each with its wallet's."""

    def made(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        """Oldest first, as attempts are."""


class Subscriptions(Protocol):
    """Hosting subscriptions."""

    def add(self, subscription: Subscription) -> None:
        """A new one."""

    def get(self, subscription_id: str) -> Subscription:
        """To read; NotFound."""

    def lock(self, subscription_id: str) -> Subscription:
        """To change; NotFound."""

    def of_item(self, item_id: str) -> str | None:
        """The id of the one that this item opened."""

    def of_refs(self, gateway: str, refs: frozenset[str]) -> str | None:
        """The id of the one whose billing bears one of the provider's ids."""

    def renews_for(self, customer_id: str) -> bool:
        """Whether the customer has one that goes on by itself."""

    def to_look_at(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of those about which something may be due, longest due first."""

    def ending(self, until: datetime, after: tuple[datetime, str] | None, limit: int) -> Sequence[Subscription]:
        """Those that go on by orders of ours, by the end of their period; `after` is an end and an id."""

    def periods_ended(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        """Those that a provider bills and whose current period ended then, in that order; `after` as of attempts."""

    def page(
        self, status: SubscriptionStatus | None, before: str | None, limit: int, *, needing_attention: bool = False
    ) -> Sequence[Subscription]:
        """Newest first, those with an id below `before`."""


class Invoices(Protocol):
    """What providers wrote for subscriptions that they bill; the subscription's row is the lock of its invoices."""

    def add(self, invoice: Invoice) -> None:
        """A new one; ConcurrentChange where the provider's id is known."""

    def get(self, invoice_id: str) -> Invoice:
        """To read; NotFound."""

    def of_ref(self, gateway: str, invoice_ref: str) -> Invoice | None:
        """The one of that id of the provider's."""

    def of_order(self, order_id: str) -> Invoice | None:
        """The one that paid for a renewal."""

    def of_subscription(self, subscription_id: str) -> Sequence[Invoice]:
        """Every one of a subscription, oldest first."""


class Registrations(Protocol):
    """Names that we hold."""

    def add(self, registration: Registration) -> None:
        """A new holding; NameHeld where another one is active."""

    def of_name(self, name: DomainName) -> Registration | None:
        """The active holding of a name, to read."""

    def lock_name(self, name: DomainName) -> Registration | None:
        """The active holding of a name, to change."""

    def has_unpaid_renewal(self, name: DomainName) -> bool:
        """Whether a renewal of it waits to be paid."""

    def is_being_renewed(self, name: DomainName) -> bool:
        """Whether a renewal of it is paid and not delivered yet."""

    def expiring(self, until: datetime, after: tuple[datetime, str] | None, limit: int) -> Sequence[Registration]:
        """Active holdings that expire until then, by expiry and id, those after that expiry and id; to read."""

    def renews_for(self, customer_id: str) -> bool:
        """Whether the customer holds a name that is renewed automatically."""


class Renewals(Protocol):
    """Renewals that we offer by ourselves; one is changed by whoever holds what it renews."""

    def add(self, renewal: Renewal) -> None:
        """A new one; ConcurrentChange where this has one at the end of this term."""

    def of(self, subject_id: str, expires_at: datetime) -> Renewal | None:
        """The one of a registration or subscription at the end of its term."""

    def of_order(self, order_id: str) -> Renewal | None:
        """The one that an order of ours pays."""


class DailyRounds(Protocol):
    """How far the rounds of the day are, by name."""

    def get(self, name: str) -> DailyRound | None:
        """To read; None where it was never made."""

    def lock(self, name: str) -> DailyRound:
        """To change, made where there is none."""


class Inbox(Protocol):
    """Notifications."""

    def add_if_new(self, event: InboxEvent) -> bool:
        """False where (gateway, event_id) is known."""

    def take_in(self, arrivals: Sequence[Arrival]) -> Collection[str]:
        """Store those that are new, each with the job that reads it; their ids.

        For one that is known and not read yet the bell is rung again. It may be one statement that is committed by
        itself: nothing else belongs into its unit.
        """

    def lock(self, row_id: str) -> InboxEvent:
        """To change; NotFound."""

    def get(self, row_id: str) -> InboxEvent:
        """To read; NotFound."""

    def find(self, gateway: str, event_id: str) -> InboxEvent | None:
        """By the provider's id."""

    def known(self, gateway: str, event_ids: Collection[str]) -> Collection[str]:
        """Those of the provider's ids that are here."""

    def page(
        self, status: EventStatus | None, gateway: str | None, type: str | None, before: str | None, limit: int
    ) -> Sequence[InboxEvent]:
        """Newest first, those with an id of ours below `before`."""

    def prune_bodies(self, older_than: datetime, limit: int) -> int:
        """Forget the bodies of settled ones that came in before, oldest first; how many. The rows stay."""


class Jobs(Protocol):
    """Job rows. What is added or woken here and due at once is rung for when the unit has been committed."""

    def request(self, wanted: JobRequest, due_in: timedelta = timedelta()) -> bool:
        """Write a job unless its occasion has one; whether it was written."""

    def lock(self, job_id: str) -> Job | None:
        """To change, waiting for whoever holds it; None where it is unknown."""

    def lock_for(self, wanted: JobRequest) -> Job | None:
        """The same, by occasion."""

    def extend(self, job_id: str, claim_no: int, lease: timedelta) -> None:
        """Hold it for another lease, until this unit ends also against others; ClaimLost where it is not held so."""

    def ring(self, job: Job) -> None:
        """Ring for it once the unit is committed, if it is due or has lost its worker; the sweep then lets it be."""

    def ring_for(self, wanted: JobRequest) -> None:
        """Ring for the job of that occasion if it is still open; reads only."""

    def to_ring(self, now: datetime, limit: int) -> Sequence[Job]:
        """Open jobs whose `ring_at` has come, locked; those that others hold are passed over."""

    def written(self) -> Sequence[Job]:
        """What this unit has requested and was new."""

    def get(self, job_id: str) -> Job:
        """To read; NotFound."""

    def of_subjects(self, subjects: Sequence[str]) -> Sequence[Job]:
        """Every job about one of these, oldest first."""

    def page(self, status: JobStatus | None, kind: JobKind | None, before: str | None, limit: int) -> Sequence[Job]:
        """Newest first, those with an id below `before`."""

    def lock_kind(self, kind: JobKind) -> None:
        """Nobody else who asks for it counts this kind until this unit ends; taken after the job, before the order."""

    def running(self, kind: JobKind, now: datetime) -> int:
        """How many of a kind run under a lease that holds."""

    def dead(self, kind: JobKind | None, error: str | None, limit: int) -> Sequence[str]:
        """Ids of dead jobs, oldest first; `error` is what their reason contains, in any case."""

    def counts(self) -> Mapping[tuple[JobKind, JobStatus], int]:
        """How many are not yet over, by kind and status; reads no finished job."""


class Breakers(Protocol):
    """What is known of providers that did not answer."""

    def get(self, name: str) -> Breaker | None:
        """To read; None where nothing ever went wrong."""

    def lock(self, name: str) -> Breaker:
        """To change, made where there is none."""

    def all(self) -> Sequence[Breaker]:
        """To read, by name."""


class Catalogues(Protocol):
    """Price lists; the newest is in force."""

    def current(self) -> Catalogue:
        """NoPriceList where none was loaded."""

    def add(self, catalogue: Catalogue) -> int:
        """Put a new one in force; its number."""


class ApiKeys(Protocol):
    """Callers of the API."""

    def add(self, key: ApiKey) -> None:
        """A new caller."""

    def by_digest(self, digest: str) -> ApiKey | None:
        """The caller whose key has that SHA-256, if any."""

    def all(self) -> Sequence[ApiKey]:
        """Every caller there ever was, oldest first."""

    def revoke(self, key_id: str, at: datetime) -> ApiKey:
        """The caller may no longer call; revoked before, it stays as it is. NotFound."""


class RememberedAnswers(Protocol):
    """Idempotency keys of the API."""

    def claim(self, wanted: RememberedAnswer, now: datetime) -> RememberedAnswer | None:
        """None where the caller may go on (new, or its lease ran out); else what is remembered."""

    def finish(self, claimed: RememberedAnswer, status: int, body: str) -> None:
        """Keep the answer; nothing where the lease ran out and another call took the key over."""

    def forget(self, claimed: RememberedAnswer) -> None:
        """The call ended without an answer worth keeping; nothing where another call took the key over."""

    def prune(self, older_than: datetime, limit: int) -> int:
        """Forget old ones; how many."""


class History(Protocol):
    """Moves that were made."""

    def of(self, entity_ids: Sequence[str]) -> Sequence[Transition]:
        """Oldest first."""

    def made_by(self, by: str) -> Sequence[Transition]:
        """What somebody moved, oldest first."""
