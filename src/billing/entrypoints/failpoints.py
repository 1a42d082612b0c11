"""Failpoints: named steps at which a proof may kill, stop or break a process, to see that nothing comes of it.

Where BILLING_FAILPOINTS_DIR names a folder, ports and commits are wrapped, and nothing behind them knows. A file in the
folder orders one failure: its name is a step and a side, its text what happens there, once, to whoever comes first.

    registrar.register:after                kill          SIGKILL when the registry has answered
    commit:process_event:before             kill@2        at the second such commit from now
    gateway.start:after                     sleep:5       hold the answer back for five seconds
    queue.ring:before                       raise         a defect

Steps are `<port>.<call>` and `commit:<who>`, where the claim of a job is `commit:claim:<kind>`. A file named `passed`
gets a line for every point that is passed, which is how a list of all of them is made: when, by which process, the
point, and what was done there or whose job it was.
"""

import fcntl
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dependency_injector import providers

from billing.application.deliveries.registrars import RegistrarRoutes
from billing.application.ledger import Begin
from billing.application.ports import JobQueue, Notifier, PaymentGateway, Registrar
from billing.application.unit_of_work import UnitOfWork
from billing.domain.errors import NotFound
from billing.domain.job import JobStatus

if TYPE_CHECKING:
    from billing.entrypoints.container import Container

PASSED = "passed"
_ORDER = re.compile(r"(?P<act>kill|raise|sleep:(?P<seconds>[0-9.]+))(?:@(?P<passing>[0-9]+))?")


class Broken(RuntimeError):
    """What a failpoint raises: an error that nobody expects."""


@dataclass(frozen=True)
class Failpoints:
    """The orders in one folder; several processes may share it, and one of them carries each order out."""

    folder: Path

    @contextmanager
    def around(self, step: str, subject: str = "") -> Iterator[None]:
        """Both sides of a step; what ends in an error has no `after`."""
        self.pass_by(f"{step}:before", subject)
        yield
        self.pass_by(f"{step}:after", subject)

    def pass_by(self, point: str, subject: str = "") -> None:
        """Do what is ordered for this point, if anything is."""
        self._tell(point, subject)
        if not (self.folder / point).exists():
            return
        if (order := self._take(point)) is not None:
            self._tell(point, order["act"])
            _carry_out(order)

    def _take(self, point: str) -> re.Match[str] | None:
        """The order whose turn is now; the file is gone before anything happens."""
        with (self.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                text = (self.folder / point).read_text().strip()
            except FileNotFoundError:
                return None
            order = _ORDER.fullmatch(text)
            if order is None:
                raise Broken(f"{point}: {text!r} is not kill, raise or sleep:<seconds>, with @<passing> behind it")
            passing = int(order["passing"] or 1)
            if passing > 1:
                (self.folder / point).write_text(f"{order['act']}@{passing - 1}")
                return None
            (self.folder / point).unlink()
            return order

    def _tell(self, point: str, what: str) -> None:
        try:
            log = os.open(self.folder / PASSED, os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError:
            return
        try:
            os.write(log, f"{time.time():.6f} {os.getpid()} {point} {what}\n".encode())
        finally:
            os.close(log)


def install(container: "Container", folder: Path) -> None:
    """Put a wrapper around the ledger, the bell and every port to the outside of this container.

    Ledger and bell come first, since a gateway is built with the ledger in hand.
    """
    points = Failpoints(folder)
    container.begin.override(providers.Object(_WatchedLedger(container.begin(), points)))
    container.queue.override(providers.Object(cast(JobQueue, _Watched(container.queue(), "queue", points))))
    gateways = {name: _Watched(gateway, "gateway", points) for name, gateway in container.gateways().items()}
    container.gateways.override(providers.Object(cast(dict[str, PaymentGateway], gateways)))
    for provider, name in ((container.recurring_billing, "billing"), (container.saved_methods, "methods")):
        watched = {gateway: _Watched(port, name, points) for gateway, port in provider().items()}
        provider.override(providers.Object(watched))
    routes = {suffix: _Watched(one, "registrar", points) for suffix, one in container.registrars().by_suffix.items()}
    container.registrars.override(providers.Object(RegistrarRoutes(cast(dict[str, Registrar], routes))))
    if (notifier := container.notifier()) is not None:
        container.notifier.override(providers.Object(cast(Notifier, _Watched(notifier, "notifier", points))))


def _carry_out(order: re.Match[str]) -> None:
    if order["act"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif order["act"] == "raise":
        raise Broken("a failpoint")
    time.sleep(float(order["seconds"] or 0))


class _Watched:
    """Stands for a port, whichever it is; every call passes its step."""

    def __init__(self, port: object, name: str, points: Failpoints) -> None:
        self._port, self._name, self._points = port, name, points

    @property  # type: ignore[misc]
    def __class__(self) -> type[Any]:
        """The port's own: what a gateway is, is asked by `isinstance`."""
        return type(self._port)

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._port, attribute)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            with self._points.around(f"{self._name}.{attribute}"):
                return found(*arguments, **named)

        return call


class _WatchedLedger:
    """Stands for the ledger's `begin`."""

    def __init__(self, begin: Begin, points: Failpoints) -> None:
        self._begin, self._points = begin, points

    def __call__(self, by: str, *, reading: bool = False) -> UnitOfWork:
        unit = self._begin(by, reading=reading)
        return unit if reading else cast(UnitOfWork, _WatchedUnit(unit, by, self._points))

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._begin, attribute)


class _WatchedUnit:
    """Stands for one unit of work; its commit passes a step named after who commits."""

    def __init__(self, unit: UnitOfWork, by: str, points: Failpoints) -> None:
        self._unit, self._by, self._points = unit, by, points

    def __enter__(self) -> "_WatchedUnit":
        self._unit.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._unit.__exit__(*exc)

    def commit(self) -> None:
        who, _, subject = self._by.partition(" ")
        if who == "claim":
            who = f"claim:{self._claimed(subject)}"
        with self._points.around(f"commit:{who}", subject):
            self._unit.commit()

    def _claimed(self, job_id: str) -> str:
        try:
            job = self._unit.jobs.get(job_id)
        except NotFound:
            return "nothing"
        return job.kind if job.status is JobStatus.RUNNING else "nothing"

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._unit, attribute)
