"""Bugs to be planted where names renew by themselves, and where the provider's books are compared with ours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dependency_injector import providers

from billing.application.expiry.expiring_names import LookAfterName, LookAfterNames
from billing.application.inbox.letterbox import Letterbox
from billing.application.records import Arrival
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.daily import OnceADay
from billing.application.work.housekeeping import KeepHouse
from billing.domain import DomainName
from billing.domain.renewal import RenewalPolicy
from simulation.world import World


def _see_to_names(world: World, bug: LookAfterName) -> None:
    """The round of the day does it in this way."""
    house: KeepHouse = world.container.keep_house()
    steps = [_with(step, bug) if _is_of_names(step) else step for step in house.steps]
    world.container.keep_house.override(providers.Object(replace(house, steps=steps)))


def _is_of_names(step: object) -> bool:
    return isinstance(step, OnceADay) and isinstance(step.steps, LookAfterNames)


def _with(step: object, bug: LookAfterName) -> OnceADay:
    assert isinstance(step, OnceADay) and isinstance(step.steps, LookAfterNames)
    return replace(step, steps=replace(step.steps, look_after=bug))


def _real(world: World) -> LookAfterName:
    real: LookAfterName = world.container.renewing.names().look_after
    return real


@dataclass(frozen=True)
class _Insistent(RenewalPolicy):
    def is_charge_due(self, declined_at: Sequence[datetime], expires_at: datetime, now: datetime) -> bool:
        return True


def charge_again_every_day(world: World) -> None:
    """A card that was declined is charged again on each day."""
    real = _real(world)
    _see_to_names(world, replace(real, charge=replace(real.charge, policy=_Insistent())))


@dataclass(frozen=True)
class _Hasty(LookAfterName):
    def __call__(self, uow: UnitOfWork, name: DomainName, now: datetime) -> None:
        held = uow.registrations.lock_name(name)
        if held is not None and now >= held.expires_at and held.renewing_item is None:
            held.lose(now, "its term is over")
        else:
            super().__call__(uow, name, now)


def give_a_name_up_when_its_term_is_over(world: World) -> None:
    """Nobody remembers that it can be renewed for weeks still."""
    _see_to_names(world, _Hasty(**vars(_real(world))))


class _Pretending(Letterbox):
    def __init__(self, real: Letterbox) -> None:
        self.__dict__ = real.__dict__

    def drop(self, arrival: Arrival) -> bool:
        return arrival.verdict.startswith("fetched") or super().drop(arrival)


def only_say_that_it_is_repaired(world: World) -> None:
    """What is found in the provider's feed is reported, and not stored."""
    world.container.letterbox.override(providers.Object(_Pretending(world.container.letterbox())))
