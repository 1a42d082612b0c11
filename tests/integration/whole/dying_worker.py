"""A worker that is killed between the registry's answer and our record of it: run as a program by a test."""

import os
import signal
import sys
from collections.abc import Sequence

from dependency_injector import providers

from billing.application.ports import Deadline, DomainInfo, Registrar, Registrars
from billing.domain import Contact, DomainName
from billing.entrypoints.startup import start
from billing.entrypoints.worker import run_consumer


class KilledAfter(Registrars):
    """Every registrar answers the named call, and that is the last thing this process hears."""

    def __init__(self, routes: Registrars, call: str) -> None:
        self._routes, self._call = routes, call

    def of(self, name: DomainName) -> Registrar:
        return _Last(self._routes.of(name), self._call)


class _Last(Registrar):
    def __init__(self, registrar: Registrar, call: str) -> None:
        self._registrar, self._call = registrar, call

    def check(self, names: Sequence[DomainName], deadline: Deadline) -> object:  # type: ignore[override]
        return self._registrar.check(names, deadline)

    def info(self, name: DomainName, deadline: Deadline) -> DomainInfo | None:
        return self._registrar.info(name, deadline)

    def register(
        self,
        name: DomainName,
        years: int,
        registrant: Contact,
        nameservers: Sequence[str],
        key: str,
        deadline: Deadline,
    ) -> DomainInfo:
        return self._die("register", self._registrar.register(name, years, registrant, nameservers, key, deadline))

    def renew(self, name: DomainName, years: int, current_expiry: object, key: str, deadline: Deadline) -> DomainInfo:
        return self._die("renew", self._registrar.renew(name, years, current_expiry, key, deadline))  # type: ignore[arg-type]

    def _die(self, call: str, answer: DomainInfo) -> DomainInfo:
        if call == self._call:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


container = start()
container.registrars.override(providers.Object(KilledAfter(container.registrars(), sys.argv[1])))
run_consumer(container)
