"""Bugs as people make them, put in by overriding what the container provides; each says what it breaks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, Self, TypeVar

from dependency_injector import providers

from billing.adapters.memory.inbox import MemoryInbox
from billing.adapters.memory.jobs import MemoryJobs
from billing.adapters.memory.ledger import MemoryUnitOfWork
from billing.application.deliveries.fulfilment import RegisterDomain, RenewDomain
from billing.application.deliveries.hosting import ActivateSubscription
from billing.application.money.disputes import TakeDispute
from billing.application.money.payments import RecordFact
from billing.application.money.refunds import RefundPayment
from billing.application.outcomes import Deadline, OutcomeUnknown, Refused
from billing.application.parts import lock_item
from billing.application.ports import DomainInfo
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.housekeeping import Sweep
from billing.application.work.jobs import Record, Run
from billing.domain import (
    DisputeStands,
    DomainName,
    Fact,
    InboxEvent,
    Job,
    JobKind,
    JobRequest,
    Money,
    Order,
    Payment,
    PaymentExpired,
    PaymentFailed,
    PaymentStatus,
    PaymentSucceeded,
    Refund,
)
from simulation.wild_gateway import WildGateway
from simulation.wild_registrar import WildRegistrar
from simulation.world import World

T = TypeVar("T")


def _instead(cls: type[T], real: Any, **changes: object) -> T:
    """The bug with everything that the real one was given."""
    return cls(**{**{f.name: getattr(real, f.name) for f in fields(real)}, **changes})


def _handle(world: World, kind: JobKind, bug: Callable[[Any], object]) -> None:
    handlers = world.container.handlers()
    world.container.handlers.override(providers.Object({**handlers, kind: bug(handlers[kind])}))


def _begin(world: World, unit: type[MemoryUnitOfWork]) -> None:
    """Behind the weather, where whoever has a ledger already meets it too."""
    ledger: Any = world.begin
    world.wild.begin = lambda by, *, reading=False: unit(ledger, by)


# ---------------------------------------------------------------------- what makes it once


@dataclass(frozen=True)
class _Keyless(JobRequest):
    occasion: str = ""

    @property
    def dedup_key(self) -> str:
        return self.occasion


class _EagerJobs(MemoryJobs):
    def request(self, wanted: JobRequest, due_in: timedelta = timedelta()) -> bool:
        return super().request(
            _Keyless(wanted.kind, wanted.subject, wanted.context, self._making.ids("occasion")), due_in
        )

    def _find(self, wanted: JobRequest) -> Job | None:
        if isinstance(wanted, _Keyless):
            return None
        return next(self._session.all(Job, lambda j: (j.kind, j.subject) == (wanted.kind, wanted.subject)), None)


def drop_the_dedup_key_of_jobs(world: World) -> None:
    """A job is written whether or not its occasion has one."""

    class Unit(MemoryUnitOfWork):
        def __enter__(self) -> Self:
            super().__enter__()
            self.jobs = _EagerJobs(self._session, self._ledger.making, self.bells)
            return self

    _begin(world, Unit)


class _ForgetfulInbox(MemoryInbox):
    def add_if_new(self, event: InboxEvent) -> bool:
        event.event_id = event.id
        return super().add_if_new(event)


def drop_the_dedup_key_of_events(world: World) -> None:
    """Every delivery of a notification is a new one."""

    class Unit(MemoryUnitOfWork):
        def __enter__(self) -> Self:
            super().__enter__()
            self.inbox = _ForgetfulInbox(self._session, self.jobs, self.now)
            return self

    _begin(world, Unit)


class _UnfencedJobs(MemoryJobs):
    def lock(self, job_id: str) -> Job | None:
        job: Any = super().lock(job_id)
        if job is not None:
            job.require = lambda claim_no: None
        return job


def ignore_the_fence(world: World) -> None:
    """Whoever slept through its lease writes all the same."""

    class Unit(MemoryUnitOfWork):
        def __enter__(self) -> Self:
            super().__enter__()
            self.jobs = _UnfencedJobs(self._session, self._ledger.making, self.bells)
            return self

    _begin(world, Unit)


class _KeylessGateway:
    def __init__(self, gateway: WildGateway) -> None:
        self._gateway, self._numbers = gateway, count(1000)
        self.manner = gateway.manner

    def refund(self, payment: Payment, refund: Refund, deadline: Deadline) -> Sequence[Fact]:
        return self._gateway.refund(payment, _instead(Refund, refund, try_no=next(self._numbers)), deadline)


def refund_without_a_key(world: World) -> None:
    """Every try of a refund is another refund to the provider."""
    gateways = {**world.container.gateways(), "memory": _KeylessGateway(world.gateway)}
    _handle(world, JobKind.REFUND_PAYMENT, lambda real: _instead(RefundPayment, real, gateways=gateways))


# ---------------------------------------------------------------------- in which order


class _HastyRegistration(RegisterDomain):
    def __call__(self, run: Run) -> Record:
        order, item = run.checkpoint(lambda uow: self._promise(uow, run.subject))
        assert order.registrant is not None
        what: Any = item.what
        registrar = self.registrars.of(what.domain)
        registrar.register(what.domain, what.years, order.registrant, (), str(item.handle), run.deadline())
        return lambda uow: None

    def _promise(self, uow: UnitOfWork, item_id: str) -> tuple[Order, Any]:
        order, item = lock_item(uow, item_id)
        if item.is_wanted:
            order.begin_item(item.id)
            order.fulfil_item(item.id, "as good as done")
        return order, item


def commit_before_the_call(world: World) -> None:
    """The item is fulfilled in the ledger before the registry is asked."""
    _handle(world, JobKind.REGISTER_DOMAIN, partial(_instead, _HastyRegistration))


class _Gullible(RecordFact):
    def _apply(self, uow: UnitOfWork, order: Order, payment: Payment, fact: Fact) -> None:
        if isinstance(fact, PaymentFailed | PaymentExpired):
            payment.status = PaymentStatus.FAILED
        else:
            super()._apply(uow, order, payment, fact)


def let_a_late_failure_overwrite_a_success(world: World) -> None:
    """The newest notification is believed."""
    world.container.record_fact.override(providers.Object(_instead(_Gullible, world.container.record_fact())))


# ---------------------------------------------------------------------- what is asked, and what is believed


class _Forward(RenewDomain):
    def __call__(self, run: Run) -> Record:
        item, handle = run.checkpoint(lambda uow: self._take_slot(uow, run.subject)) or (None, None)
        if item is None:
            return lambda uow: None
        what: Any = item.what
        shown = self._expiry(run, what, handle)
        renewed = self.registrars.of(what.domain).renew(what.domain, what.years, shown, item.id, run.deadline())
        return partial(self._record, item_id=item.id, expires_at=renewed.expires_at)


def renew_from_whatever_expiry_is_shown(world: World) -> None:
    """A repeat asks for the expiry again instead of keeping the one it began with."""
    _handle(world, JobKind.RENEW_DOMAIN, partial(_instead, _Forward))


class _Impatient(WildRegistrar):
    def __init__(self, registrar: WildRegistrar) -> None:
        self.__dict__ = registrar.__dict__

    def register(self, *asked: Any) -> DomainInfo:
        try:
            return super().register(*asked)
        except OutcomeUnknown as unknown:
            raise Refused(unknown.why) from unknown

    def info(self, name: DomainName, deadline: Deadline) -> DomainInfo | None:
        return None


def take_no_answer_for_a_no(world: World) -> None:
    """A registration whose outcome is unknown is paid back."""
    world.stand_in(world.gateway, _Impatient(world.registrar))


class _Trusting(RecordFact):
    def _apply(self, uow: UnitOfWork, order: Order, payment: Payment, fact: Fact) -> None:
        if isinstance(fact, PaymentSucceeded):
            fact = replace(fact, received=payment.amount)
        super()._apply(uow, order, payment, fact)


def leave_the_sum_unread(world: World) -> None:
    """Whatever came is taken for what was asked."""
    world.container.record_fact.override(providers.Object(_instead(_Trusting, world.container.record_fact())))


class _DeafSweep(Sweep):
    def __call__(self) -> int:
        return 0


def ring_only_once(world: World) -> None:
    """A bell that nobody heard is not rung again."""
    world.container.sweep.override(providers.Object(_instead(_DeafSweep, world.container.sweep())))


# ---------------------------------------------------------------------- what banks question


class _Forgetful(TakeDispute):
    def __call__(self, uow: UnitOfWork, gateway: str, fact: DisputeStands) -> Payment | None:
        nothing = Money.zero(fact.amount.currency)
        return super().__call__(uow, gateway, replace(fact, withdrawn=nothing, reinstated=nothing))


def leave_what_banks_take_out_of_the_books(world: World) -> None:
    """A dispute is known, and its money counts as ours all the same."""
    world.container.take_dispute.override(providers.Object(_instead(_Forgetful, world.container.take_dispute())))


class _Reckless(ActivateSubscription):
    def _record(self, uow: UnitOfWork, item_id: str) -> None:
        order, item = lock_item(uow, item_id)
        if item.is_wanted:
            order.begin_item(item.id)
        super()._record(uow, item_id)


def deliver_whatever_banks_say(world: World) -> None:
    """Hosting begins though its payment is disputed."""
    _handle(world, JobKind.ACTIVATE_SUBSCRIPTION, partial(_instead, _Reckless))
