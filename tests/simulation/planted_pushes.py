"""Bugs to be planted where a provider proves nothing by itself: what is believed, asked twice, taken from anybody."""

from dataclasses import dataclass, replace
from typing import Any

from dependency_injector import providers

from billing.application.inbox.hints import CompareHint, ReceiveHint
from billing.application.money.taking import TakeFact
from billing.application.outcomes import Deadline
from billing.application.parts import lock_attempt, read_attempt
from billing.application.ports import HINT_TOKEN, Claim, Hint, Started
from billing.application.unit_of_work import UnitOfWork
from billing.domain import JobKind, Order, Payment, PaymentSucceeded
from simulation.wild_push import WildPush
from simulation.world import World


@dataclass(frozen=True, kw_only=True)
class _Believing(ReceiveHint):
    take: TakeFact

    def _take_in(self, uow: UnitOfWork, gateway: str, token: str, hint: Hint, body: bytes) -> bool:
        stored = super()._take_in(uow, gateway, token, hint, body)
        if hint.claim is Claim.PAID:
            _, payment = lock_attempt(uow, hint.payment_id)
            self.take(uow, gateway, PaymentSucceeded(payment_id=payment.id, received=payment.amount))
        return stored


def believe_what_a_hint_claims(world: World) -> None:
    """A notification that says so is a payment."""
    real, take = world.container.receive_hint(), world.container.take_fact()
    bug = _Believing(real.ledger, real.gateways, real.limits, real.ids, take=take)
    world.container.receive_hint.override(providers.Object(bug))


class _Pushy(WildPush):
    """Its adapter does not look whether the first call had arrived."""

    def __init__(self, push: WildPush) -> None:
        self.__dict__ = push.__dict__

    def start_again(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        started = super().start_again(order, payment, deadline)
        self.twin.pushed.append(payment.id)
        return started


def push_again_after_a_lost_answer(world: World) -> None:
    """Whoever was asked to approve is asked again."""
    world.push = _Pushy(world.push)
    world.stand_in(world.gateway, world.registrar)


def _check(world: World, **changes: Any) -> None:
    handlers = world.container.handlers()
    wrong = replace(handlers[JobKind.CHECK_PAYMENT], **changes)
    world.container.handlers.override(providers.Object({**handlers, JobKind.CHECK_PAYMENT: wrong}))


class _Incurious(CompareHint):
    def __call__(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        return


def compare_no_hint_with_the_provider(world: World) -> None:
    """Nobody hears of forged ones."""
    real = world.container.compare_hint()
    _check(world, compare=_Incurious(real.gateways, real.kept_max, real.telemetry))


class _Open(ReceiveHint):
    def _take_in(self, uow: UnitOfWork, gateway: str, token: str, hint: Hint, body: bytes) -> bool:
        known = read_attempt(uow, hint.payment_id)[1].options[HINT_TOKEN]
        return super()._take_in(uow, gateway, known, hint, body)


def take_hints_at_any_address(world: World) -> None:
    """Whoever knows the id of an attempt has it asked about."""
    real = world.container.receive_hint()
    bug = _Open(real.ledger, real.gateways, real.limits, real.ids)
    world.container.receive_hint.override(providers.Object(bug))
