"""A registry of the sandbox in this process, and registrars that talk to it over TLS."""

import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from billing.adapters.epp_registrar import EppConfig, EppRegistrar
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.domain import DomainName
from billing.transport import Resolve
from billing_sandbox.epp import EppRegistry
from billing_sandbox.faults import Faults
from billing_sandbox.store import Store
from tests.contracts.registry import OURS, Registry

NOON = datetime(2027, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
POINTS = {"register": "create", "renew": "renew", "info": "info", "check": "check"}


class SandboxRegistry(Registry):
    """A registry of the sandbox, and registrars that talk to it."""

    def __init__(self, directory: Path) -> None:
        self.now = NOON
        self.directory = directory
        self.faults, self.telemetry = Faults(Store(":memory:")), MemoryTelemetry()
        self.port, self.opened = 0, []
        self.start()
        self.registrar = self.connect()

    def start(self, idle_seconds: float = 600.0) -> None:
        self.epp = EppRegistry(self.directory, lambda: self.now, self.faults, idle_seconds=idle_seconds)
        self.epp.start("127.0.0.1", self.port)
        self.settings = self.epp.settings()
        self.port = self.epp.port

    def connect(self, resolve: Resolve = socket.getaddrinfo, **changes: object) -> EppRegistrar:
        given = {
            "host": self.settings["BILLING_EPP_HOST"],
            "port": self.port,
            "username": self.settings["BILLING_EPP_USERNAME"],
            "password": self.settings["BILLING_EPP_PASSWORD"],
            "ca_file": self.settings["BILLING_EPP_CA_FILE"],
        }
        registrar = EppRegistrar(EppConfig(**(given | changes)), self.telemetry, time.monotonic, resolve)
        self.opened.append(registrar)
        return registrar

    def close(self) -> None:
        for registrar in self.opened:
            registrar.close()
        self.epp.stop()

    def order(self, point: str, kind: str, times: int | None = 1, **more: object) -> None:
        self.faults.replace({"faults": [{"point": f"epp.{point}", "kind": kind, "times": times, **more}]})

    def row(self, name: DomainName) -> dict[str, object]:
        return next((row for row in self.epp.state()["domains"] if row["name"] == str(name)), {})

    def commands(self, name: str) -> int:
        return self.epp.state()["commands"].get(name, 0)

    def rows(self, query: str, *values: str) -> list[dict[str, str]]:
        with closing(sqlite3.connect(self.directory / "registry.sqlite")) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(query, values)]

    def contact(self, handle: str = OURS) -> dict[str, str]:
        [row] = self.rows("SELECT * FROM contacts WHERE id = ?", handle)
        return row

    def reported(self, event: str) -> list[dict[str, object]]:
        return [fields for name, fields in self.telemetry.events if name == event]

    # ------------------------------------------------------------------ the contract's hands

    def creates(self, name: DomainName) -> int:
        return self.row(name).get("creates", 0)

    def renews(self, name: DomainName) -> int:
        return self.row(name).get("renews", 0)

    def asked(self) -> int:
        return sum(self.epp.state()["commands"].values())

    def occupy(self, name: DomainName) -> None:
        self.epp.occupy(str(name))

    def hide_others(self) -> None:
        self.order("info", "refuse", times=None, code=2201)

    def hold(self, name: DomainName) -> None:
        self.epp.set_status(str(name), "pendingCreate")

    def grant(self, name: DomainName) -> None:
        self.epp.set_status(str(name), None)

    def set_funds(self, has_funds: bool) -> None:
        self.epp.set_balance(None if has_funds else 0)

    def set_reachable(self, is_reachable: bool) -> None:
        self.start() if is_reachable else self.epp.stop()

    def refuse(self, call: str) -> None:
        self.order(POINTS[call], "refuse", code=2306)

    def lose_answer(self, call: str) -> None:
        self.order(POINTS[call], "lose_answer")

    def hang(self, call: str) -> None:
        self.order(POINTS[call], "hang")


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10.0
    while not holds():
        assert time.monotonic() < deadline, "did not come true in time"
        threading.Event().wait(0.005)


def serving() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "epp-connection"]
