"""Bugs to be planted where a provider bills subscriptions by itself: what may go wrong once a month."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from dependency_injector import providers

from billing.application.money.taking import TakeFact
from billing.application.subscriptions.billing_jobs import split
from billing.application.subscriptions.dunning import StopService
from billing.application.subscriptions.invoicing import TakeInvoice
from billing.application.subscriptions.recurring import CheckSubscription, EndBilling
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Record, Run
from billing.domain import InvoiceReason, InvoiceStands, InvoiceStatus, JobKind
from simulation.world import World

T = TypeVar("T")


def _instead(cls: type[T], real: Any, **changes: object) -> T:
    """The bug with everything that the real one was given."""
    return cls(**{**{f.name: getattr(real, f.name) for f in fields(real)}, **changes})


def _take(world: World, fact: type, bug: Any) -> None:
    """In the place of whoever takes facts of that kind."""
    take: TakeFact = world.container.take_fact()
    others: Mapping[type, Any] = {**take.others, fact: bug(take.others[fact])}
    world.container.take_fact.override(providers.Object(TakeFact(take.payments, others)))


def _handle(world: World, **bugs: Any) -> None:
    handlers = world.container.handlers()
    wrong = {JobKind(kind): bug(handlers[JobKind(kind)]) for kind, bug in bugs.items()}
    world.container.handlers.override(providers.Object({**handlers, **wrong}))


class _Repeating(TakeInvoice):
    def __call__(self, uow: UnitOfWork, gateway: str, fact: InvoiceStands) -> object | None:
        known = uow.invoices.of_ref(gateway, fact.invoice_ref)
        renewed = known is not None and known.order_id is not None
        taken = super().__call__(uow, gateway, fact)
        if known is not None and renewed and known.pays_period:
            held = uow.subscriptions.lock(known.subscription_id)
            if not held.is_over:
                held.renew(1, self.clock(), timedelta(days=30))
        return taken


def renew_whenever_a_paid_invoice_is_told_of(world: World) -> None:
    """An invoice renews as often as it is told of, asked for, or found again."""
    _take(world, InvoiceStands, partial(_instead, _Repeating))


class _Hasty(TakeInvoice):
    def __call__(self, uow: UnitOfWork, gateway: str, fact: InvoiceStands) -> object | None:
        known = super().__call__(uow, gateway, fact)
        if fact.reason is InvoiceReason.CYCLE and fact.status is InvoiceStatus.OPEN and fact.cycle is not None:
            held = uow.subscriptions.of_refs(gateway, frozenset({fact.billing_ref}))
            if held is not None:
                uow.subscriptions.lock(held).renew_until(fact.cycle.period_end)
        return known


def renew_what_is_not_paid_yet(world: World) -> None:
    """A period begins when it is billed."""
    _take(world, InvoiceStands, partial(_instead, _Hasty))


class _Gullible(TakeInvoice):
    """Where a try has failed, word of that comes late, too, and the newest word is believed."""

    def __call__(self, uow: UnitOfWork, gateway: str, fact: InvoiceStands) -> object | None:
        taken = super().__call__(uow, gateway, fact)
        known = uow.invoices.of_ref(gateway, fact.invoice_ref)
        if known is not None and known.has_failed and fact.status is InvoiceStatus.PAID:
            held = uow.subscriptions.lock(known.subscription_id)
            if not held.is_over:
                held.fall_due(self.clock(), "a try failed")
        return taken


class _Unasking(StopService):
    def __call__(self, run: Run) -> Record:
        subscription_id, _ = split(run.subject)

        def record(uow: UnitOfWork) -> None:
            uow.subscriptions.lock(subscription_id).suspend("nobody paid within the days of grace")

        return record


class _NeverAsks(CheckSubscription):
    def __call__(self, run: Run) -> Record:
        return lambda uow: None


def suspend_what_was_paid_after_a_late_failure(world: World) -> None:
    """The newest word of an invoice is believed, and nobody asks before service is stopped."""
    _take(world, InvoiceStands, partial(_instead, _Gullible))
    handlers = world.container.handlers()
    by_cause = handlers[JobKind.SUSPEND_SUBSCRIPTION]
    stop = _instead(_Unasking, by_cause.otherwise)
    _handle(
        world,
        suspend_subscription=lambda real: _instead(type(real), real, otherwise=stop),
        check_subscription=partial(_instead, _NeverAsks),
    )


class _Idle(EndBilling):
    def __call__(self, run: Run) -> Record:
        return lambda uow: None


def bill_on_what_nobody_needs(world: World) -> None:
    """Billing that was begun in vain, or is not paid, is not ended at the provider."""
    _handle(world, end_billing=partial(_instead, _Idle))
