"""The repositories of the in-memory ledger."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from billing.adapters.memory.store import Session
from billing.application.ports import Clock, Ids
from billing.application.records import Arrival, process_job
from billing.domain.customer import Customer
from billing.domain.domain_name import DomainName
from billing.domain.errors import ClaimLost
from billing.domain.event import EventStatus, InboxEvent
from billing.domain.job import OPEN, Job, JobKind, JobRequest, JobStatus
from billing.domain.order import Order
from billing.domain.order_item import ItemStatus, OrderItem
from billing.domain.order_status import OrderStatus
from billing.domain.payment import Payment
from billing.domain.purchase import DomainRenewal
from billing.domain.refund import Refund, RefundStatus
from billing.domain.registration import Registration, RegistrationStatus
from billing.domain.subscription import Subscription


@dataclass(frozen=True)
class KindLock:
    """A row that only its stamp matters of: of two units that locked a kind, the slower one is refused."""

    kind: JobKind


@dataclass(frozen=True)
class JobMaking:
    """What a new job row gets from outside the unit: its id, its times, and the logging context of the moment."""

    ids: Ids
    now: Clock
    ring_again: timedelta
    context: Callable[[], Mapping[str, str]]


class MemoryOrders:
    """Orders, found by scanning."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, order: Order) -> None:
        self._session.add(order.id, order)
        self._session.require_unique()

    def get(self, order_id: str) -> Order:
        return self._session.get(Order, order_id)

    def lock(self, order_id: str) -> Order:
        return self._session.get(Order, order_id, lock=True)

    def of_payment(self, payment_id: str) -> str | None:
        return self._first(lambda order: any(p.id == payment_id for p in order.payments))

    def of_item(self, item_id: str) -> str | None:
        return self._first(lambda order: any(i.id == item_id for i in order.items))

    def of_number(self, number: str) -> str | None:
        return self._first(lambda order: order.number == number)

    def of_refund(self, refund_id: str) -> str | None:
        return self._first(lambda order: any(r.id == refund_id for p in order.payments for r in p.refunds))

    def of_refs(self, gateway: str, refs: frozenset[str]) -> str | None:
        def bears(payment: Payment) -> bool:
            return payment.gateway == gateway and (payment.session_ref in refs or payment.payment_ref in refs)

        bearing = self._session.all(Order, lambda order: any(map(bears, order.payments)))
        return next((payment.id for order in bearing for payment in order.payments if bears(payment)), None)

    def page(
        self, customer_id: str | None, status: OrderStatus | None, before: str | None, limit: int
    ) -> Sequence[Order]:
        def fits(order: Order) -> bool:
            return (
                customer_id in (None, order.customer_id)
                and status in (None, order.status)
                and (before is None or order.id < before)
            )

        return list(self._session.all(Order, fits))[::-1][:limit]

    def refunds(self, status: RefundStatus | None, before: str | None, limit: int) -> Sequence[Refund]:
        every = (r for order in self._session.all(Order) for payment in order.payments for r in payment.refunds)
        fitting = [r for r in every if status in (None, r.status) and (before is None or r.id < before)]
        return sorted(fitting, key=lambda refund: refund.id, reverse=True)[:limit]

    def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        overdue = self._session.all(Order, lambda o: o.status is OrderStatus.PENDING and o.expires_at <= now)
        return [order.id for order in islice(overdue, limit)]

    def _first(self, fits: Callable[[Order], bool]) -> str | None:
        return next((order.id for order in self._session.all(Order, fits)), None)


class MemoryCustomers:
    """Customers by id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, customer: Customer) -> None:
        self._session.add(customer.id, customer)

    def get(self, customer_id: str) -> Customer:
        return self._session.get(Customer, customer_id)


class MemorySubscriptions:
    """Subscriptions by id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, subscription: Subscription) -> None:
        self._session.add(subscription.id, subscription)

    def get(self, subscription_id: str) -> Subscription:
        return self._session.get(Subscription, subscription_id)

    def lock(self, subscription_id: str) -> Subscription:
        return self._session.get(Subscription, subscription_id, lock=True)


class MemoryRegistrations:
    """Holdings by name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, registration: Registration) -> None:
        self._session.add(registration.id, registration)
        self._session.require_unique()

    def of_name(self, name: DomainName) -> Registration | None:
        return self._find(name, lock=False)

    def lock_name(self, name: DomainName) -> Registration | None:
        return self._find(name, lock=True)

    def has_unpaid_renewal(self, name: DomainName) -> bool:
        def is_meant(item: OrderItem) -> bool:
            is_unpaid = item.status is ItemStatus.UNPAID
            return is_unpaid and isinstance(item.what, DomainRenewal) and item.what.domain == name

        return any(True for _ in self._session.all(Order, lambda order: any(map(is_meant, order.items))))

    def _find(self, name: DomainName, *, lock: bool) -> Registration | None:
        for held in self._session.all(Registration, lambda r: r.name == name):
            if held.status is RegistrationStatus.ACTIVE:
                return self._session.find(Registration, held.id, lock=lock)
        return None


class MemoryInbox:
    """Notifications by our id and by the provider's."""

    def __init__(self, session: Session, jobs: "MemoryJobs", now: Clock) -> None:
        self._session, self._jobs, self._now = session, jobs, now

    def add_if_new(self, event: InboxEvent) -> bool:
        if self.find(event.gateway, event.event_id) is not None:
            return False
        self._session.add(event.id, event)
        return True

    def take_in(self, arrivals: Sequence[Arrival]) -> Collection[str]:
        new = set()
        for arrival in arrivals:
            if self.add_if_new(arrival.event(self._now())):
                self._jobs.request(arrival.job)
                new.add(arrival.id)
                continue
            known = self.find(arrival.gateway, arrival.event_id)
            if known is not None and not known.is_settled:
                self._jobs.ring_for(process_job(known.id))
        return new

    def lock(self, row_id: str) -> InboxEvent:
        return self._session.get(InboxEvent, row_id, lock=True)

    def get(self, row_id: str) -> InboxEvent:
        return self._session.get(InboxEvent, row_id)

    def find(self, gateway: str, event_id: str) -> InboxEvent | None:
        events = self._session.all(InboxEvent, lambda e: (e.gateway, e.event_id) == (gateway, event_id))
        return next(events, None)

    def page(
        self, status: EventStatus | None, gateway: str | None, type: str | None, before: str | None, limit: int
    ) -> Sequence[InboxEvent]:
        def fits(event: InboxEvent) -> bool:
            return (
                status in (None, event.status)
                and gateway in (None, event.gateway)
                and type in (None, event.type)
                and (before is None or event.id < before)
            )

        return list(self._session.all(InboxEvent, fits))[::-1][:limit]

    def prune_bodies(self, older_than: datetime, limit: int) -> int:
        def is_old(event: InboxEvent) -> bool:
            return event.is_settled and event.body is not None and event.received_at < older_than

        old = list(self._session.all(InboxEvent, is_old))
        old.sort(key=lambda event: event.received_at)
        for event in old[:limit]:
            self.lock(event.id).body = None
        return len(old[:limit])


class MemoryJobs:
    """Job rows; what is due at once goes into the unit's bells."""

    def __init__(self, session: Session, making: JobMaking, bells: dict[str, int]) -> None:
        self._session, self._making, self._bells = session, making, bells

    def request(self, wanted: JobRequest, due_in: timedelta = timedelta()) -> bool:
        if self._find(wanted) is not None:
            return False
        now = self._making.now()
        job = Job(
            id=self._making.ids("job"),
            kind=wanted.kind,
            subject=wanted.subject,
            dedup_key=wanted.dedup_key,
            created_at=now,
            due_at=now + due_in,
            ring_at=now + due_in,
            context=dict(self._making.context() if wanted.context is None else wanted.context),
        )
        self._session.add(job.id, job)
        self.ring(job)
        return True

    def lock(self, job_id: str) -> Job | None:
        return self._session.find(Job, job_id, lock=True)

    def lock_for(self, wanted: JobRequest) -> Job | None:
        job = self._find(wanted)
        return self.lock(job.id) if job else None

    def extend(self, job_id: str, claim_no: int, lease: timedelta) -> None:
        job = self.lock(job_id)
        if job is None:
            raise ClaimLost(job_id, claim_no)
        job.require(claim_no)
        job.extend(self._making.now(), lease)

    def ring(self, job: Job) -> None:
        now = self._making.now()
        if job.is_claimable(now):
            job.rung(now, self._making.ring_again)
            self._bells[job.id] = job.priority

    def ring_for(self, wanted: JobRequest) -> None:
        job = self._find(wanted)
        if job is not None and job.is_claimable(self._making.now()):
            self._bells[job.id] = job.priority

    def to_ring(self, now: datetime, limit: int) -> Sequence[Job]:
        due = list(self._session.all(Job, lambda job: job.status in OPEN and job.ring_at <= now))
        due.sort(key=lambda job: job.ring_at)
        return [job for job in due[:limit] if self.lock(job.id)]

    def written(self) -> Sequence[Job]:
        return [job for job in self._session.all(Job) if self._session.is_new(Job, job.id)]

    def get(self, job_id: str) -> Job:
        return self._session.get(Job, job_id)

    def of_subjects(self, subjects: Sequence[str]) -> Sequence[Job]:
        return list(self._session.all(Job, lambda job: job.subject in subjects))

    def page(self, status: JobStatus | None, kind: JobKind | None, before: str | None, limit: int) -> Sequence[Job]:
        def fits(job: Job) -> bool:
            return status in (None, job.status) and kind in (None, job.kind) and (before is None or job.id < before)

        return list(self._session.all(Job, fits))[::-1][:limit]

    def lock_kind(self, kind: JobKind) -> None:
        self._session.replace(kind, KindLock(kind))

    def running(self, kind: JobKind, now: datetime) -> int:
        at_it = self._session.all(Job, lambda job: job.kind is kind and job.status is JobStatus.RUNNING)
        return sum(job.lease_until is not None and job.lease_until > now for job in at_it)

    def dead(self, kind: JobKind | None, error: str | None, limit: int) -> Sequence[str]:
        fitting = (
            job.id
            for job in self._session.all(Job, lambda job: job.status is JobStatus.DEAD)
            if kind in (None, job.kind) and (error is None or error.lower() in (job.why or "").lower())
        )
        return list(fitting)[:limit]

    def counts(self) -> Mapping[tuple[JobKind, JobStatus], int]:
        waiting = OPEN | {JobStatus.DEAD}
        return Counter((job.kind, job.status) for job in self._session.all(Job, lambda job: job.status in waiting))

    def _find(self, wanted: JobRequest) -> Job | None:
        return next(self._session.all(Job, lambda job: job.dedup_key == wanted.dedup_key), None)
