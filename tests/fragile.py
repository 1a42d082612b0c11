"""Twins that break at one exact place: the worker dies there, a write fails, or something else comes in between."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.ledger import MemoryLedger, MemoryUnitOfWork
from billing.adapters.memory.queue import MemoryQueue
from billing.adapters.memory.registrar import MemoryRegistrar
from billing.application.outcomes import Deadline
from billing.application.ports import Reading
from billing.entrypoints.container import Container
from tests.twins import InterruptibleRegistrar, Twins

T = TypeVar("T")
Interruption = Callable[[], object]


class Killed(BaseException):
    """What SIGKILL looks like from inside: nothing runs any more."""


def die() -> None:
    """The worker is killed."""
    raise Killed


class FragileRegistrar(InterruptibleRegistrar):
    """`after` interrupts a call of that name once, between its effect and its answer."""

    def __init__(self, shop: "FragileTwins") -> None:
        super().__init__(shop.clock)
        self.after: dict[str, Interruption] = {}

    def _call(self, call: str, about: str, deadline: Deadline, act: Callable[[], T]) -> T:
        result = MemoryRegistrar._call(self, call, about, deadline, act)
        self.after.pop(call, _nothing)()
        return result


class FragileGateway(MemoryGateway):
    """The same; `interpret` can be interrupted, too."""

    def __init__(self, shop: "FragileTwins") -> None:
        super().__init__(installation=lambda: shop.begin.store.installation, now=shop.clock)
        self.after: dict[str, Interruption] = {}

    def interpret(self, body: bytes, deadline: Deadline) -> Reading:
        """As its parent does; then the interruption, once."""
        reading = super().interpret(body, deadline)
        self.after.pop("interpret", _nothing)()
        return reading

    def _call(self, call: str, about: str, deadline: Deadline, act: Callable[[], T]) -> T:
        result = super()._call(call, about, deadline, act)
        self.after.pop(call, _nothing)()
        return result


class FragileLedger(MemoryLedger):
    """After `let_pass` more commits the next end in `errors`, one each, with nothing written."""

    def __init__(self, shop: "FragileTwins") -> None:
        super().__init__(ids=shop.new_id, now=shop.clock)
        self.errors: list[BaseException] = []
        self.let_pass = 0

    def __call__(self, by: str, *, reading: bool = False) -> MemoryUnitOfWork:
        """A unit whose commit may fail."""
        return _FragileUnit(self, by, self.fail_on_order)

    def fail_on_order(self) -> None:
        """What happens at every commit."""
        if self.let_pass:
            self.let_pass -= 1
        elif self.errors:
            raise self.errors.pop(0)


class _FragileUnit(MemoryUnitOfWork):
    def __init__(self, ledger: MemoryLedger, by: str, before_commit: Interruption) -> None:
        super().__init__(ledger, by)
        self._before_commit = before_commit

    def commit(self) -> None:
        self._before_commit()
        super().commit()


class FragileQueue(MemoryQueue):
    """`at_next_bell` happens instead of the next bell, once."""

    at_next_bell: Interruption | None = None

    def ring(self, bells: Mapping[str, int]) -> None:
        """As its parent does, unless interrupted."""
        interruption, self.at_next_bell = self.at_next_bell, None
        if interruption is not None:
            interruption()
        else:
            super().ring(bells)


class FragileTwins(Twins):
    """The program on twins that break; no id is to be had with a prefix that is in `out_of_ids`."""

    begin: FragileLedger
    gateway: FragileGateway
    registrar: FragileRegistrar
    queue: FragileQueue
    out_of_ids: frozenset[str] = frozenset()

    def _wire(self) -> Container:
        self.begin, self.queue = FragileLedger(self), FragileQueue()
        self.gateway, self.registrar = FragileGateway(self), FragileRegistrar(self)
        return super()._wire()

    def new_id(self, prefix: str) -> str:
        """As its parent does, while there are any."""
        if prefix in self.out_of_ids:
            raise ZeroDivisionError(f"a bug in {prefix}")
        return super().new_id(prefix)

    def fail_the_record(self, error: BaseException) -> Callable[[], None]:
        """An interruption: whatever is written next is lost with this error."""
        return lambda: self.begin.errors.append(error)


def _nothing() -> None:
    """No interruption."""
