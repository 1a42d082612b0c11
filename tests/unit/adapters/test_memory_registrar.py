from datetime import datetime

import pytest

from billing.adapters.memory.registrar import MemoryRegistrar
from billing.application.outcomes import NeedsPerson, OutcomeUnknown, RetryLater
from billing.domain import DomainName, Term
from tests.builders import NOW, a_registrant
from tests.contracts.registrar import RegistrarContract
from tests.contracts.registry import EXAMPLE, OURS, Registry, within


class MemoryRegistry(Registry):
    def __init__(self) -> None:
        self.now: datetime = NOW
        self.registrar: MemoryRegistrar = MemoryRegistrar(lambda: self.now)

    def creates(self, name: DomainName) -> int:
        return self.registrar.creates[str(name)]

    def renews(self, name: DomainName) -> int:
        return self.registrar.renews[str(name)]

    def asked(self) -> int:
        return len(self.registrar.calls)

    def occupy(self, name: DomainName) -> None:
        self.registrar.occupy(name)

    def hide_others(self) -> None:
        self.registrar.hide_others()

    def hold(self, name: DomainName) -> None:
        self.registrar.hold(name)

    def grant(self, name: DomainName) -> None:
        self.registrar.grant(name)

    def set_funds(self, has_funds: bool) -> None:
        self.registrar.set_funds(has_funds)

    def set_reachable(self, is_reachable: bool) -> None:
        self.registrar.set_reachable(is_reachable)

    def refuse(self, call: str) -> None:
        self.registrar.refuse(call=call)

    def lose_answer(self, call: str) -> None:
        self.registrar.lose_answer(call)

    def hang(self, call: str) -> None:
        lost = RetryLater("no answer in time") if call == "info" else OutcomeUnknown("no answer in time")
        self.registrar.fail_with(lost, call, once_done=True)


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


class TestMemoryRegistrar(RegistrarContract):
    """The twin keeps what the registry keeps."""


def test_it_remembers_who_was_registered_and_what_was_asked(registry: MemoryRegistry):
    registry.register()
    registry.info()
    assert registry.registrar.contacts == {OURS: a_registrant()}
    assert registry.registrar.calls == [("register", "example.rw"), ("info", "example.rw")]


def test_an_ordered_fault_happens_as_often_as_ordered_and_only_to_its_call(registry: MemoryRegistry):
    registry.registrar.fail_with(NeedsPerson("odd"), "info", times=2)
    registry.register()
    for _ in range(2):
        with pytest.raises(NeedsPerson):
            registry.info()
    assert registry.info() is not None
    assert registry.creates(EXAMPLE) == 1


def test_what_somebody_else_extends_is_not_counted_as_a_renewal_of_ours(registry: MemoryRegistry):
    expiry = registry.register().expires_at
    registry.registrar.extend(EXAMPLE, 1)
    assert registry.info().expires_at == Term.years(1).end(expiry)
    assert registry.renews(EXAMPLE) == 0


def test_a_released_name_can_be_registered_anew(registry: MemoryRegistry):
    registry.occupy(EXAMPLE)
    registry.registrar.release(EXAMPLE)
    assert registry.register().holder == OURS


def test_funds_are_asked_for_only_by_what_costs(registry: MemoryRegistry):
    registry.register()
    registry.set_funds(False)
    assert registry.register().holder == OURS
    assert registry.registrar.check([DomainName("free.rw")], within())[0].available
