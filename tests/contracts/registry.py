"""The registry behind a registrar under test, and the hands that reach into it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

from billing.application.outcomes import Deadline
from billing.application.ports import DomainInfo, Registrar
from billing.domain import BillingError, DomainName, registrant_handle
from tests.builders import a_registrant

THREADS = 8
EXAMPLE = DomainName("example.rw")
OURS, THEIRS = registrant_handle("itm_1"), registrant_handle("itm_2")


def within(seconds: float = 20.0) -> Deadline:
    return Deadline.after(seconds, time.monotonic)


class Registry(ABC):
    """The registrar under test, and the hands that reach into the registry behind it."""

    registrar: Registrar
    now: datetime

    @abstractmethod
    def creates(self, name: DomainName) -> int: ...

    @abstractmethod
    def renews(self, name: DomainName) -> int: ...

    @abstractmethod
    def asked(self) -> int:
        """How many commands have reached it."""

    @abstractmethod
    def occupy(self, name: DomainName) -> None:
        """Somebody holds the name at another registrar."""

    @abstractmethod
    def hide_others(self) -> None:
        """From now on the registry shows a name to its sponsor alone."""

    @abstractmethod
    def hold(self, name: DomainName) -> None:
        """Accepted, not yet granted."""

    @abstractmethod
    def grant(self, name: DomainName) -> None: ...

    @abstractmethod
    def set_funds(self, has_funds: bool) -> None: ...

    @abstractmethod
    def set_reachable(self, is_reachable: bool) -> None: ...

    @abstractmethod
    def refuse(self, call: str) -> None:
        """The next call of that name is refused for good."""

    @abstractmethod
    def lose_answer(self, call: str) -> None:
        """The next call of that name takes effect, and the line is cut before the answer."""

    @abstractmethod
    def hang(self, call: str) -> None:
        """The next call of that name takes effect and is never answered."""

    def register(
        self, key: str = OURS, name: DomainName = EXAMPLE, years: int = 1, nameservers: Sequence[str] = ()
    ) -> DomainInfo:
        return self.registrar.register(name, years, a_registrant(), nameservers, key, within())

    def renew(self, current_expiry: datetime, years: int = 1, name: DomainName = EXAMPLE) -> DomainInfo:
        return self.registrar.renew(name, years, current_expiry, "itm_9", within())

    def info(self, name: DomainName = EXAMPLE) -> DomainInfo | None:
        return self.registrar.info(name, within())


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Start all together; what each returned or raised."""
    start = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        start.wait()
        try:
            return call()
        except BillingError as ended:
            return ended

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))
