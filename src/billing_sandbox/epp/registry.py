"""The registry as the sandbox runs it: start, stop, settings for its client, state for its tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from billing_sandbox.epp import domains, names, store, terms
from billing_sandbox.epp.certificates import identity
from billing_sandbox.epp.connection import Line
from billing_sandbox.epp.credentials import credentials
from billing_sandbox.epp.desk import Desk
from billing_sandbox.epp.documents import timestamp
from billing_sandbox.epp.fields import HANDLE
from billing_sandbox.epp.server import Server
from billing_sandbox.epp.session import Office, Session
from billing_sandbox.faults import Faults

SUFFIXES = ("rw", "ac.rw", "co.rw", "coop.rw", "net.rw", "org.rw", "africa", "com", "net", "org", "io", "co.uk")
IDLE_SECONDS = 600.0
OTHER_REGISTRAR = "another-rar"


class EppRegistry:
    """A domain registry on loopback that speaks EPP over TLS; all it knows is kept in its directory."""

    def __init__(
        self,
        directory: Path,
        now: Callable[[], datetime],
        faults: Faults,
        suffixes: tuple[str, ...] = SUFFIXES,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """`now` gives the business time, with a time zone; idle connections end after `idle_seconds`."""
        directory.mkdir(parents=True, exist_ok=True)
        self._now, self._faults, self._suffixes, self._idle_seconds = now, faults, suffixes, idle_seconds
        self._identity = identity(directory)
        self._account = credentials(directory / "registrar.json")
        self._store = store.Store(directory / "registry.sqlite")
        self._host = ""
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on, while it runs."""
        if self._server is None:
            raise RuntimeError("the registry is not running")
        return self._server.port

    def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listens on `host`, which is 127.0.0.1 or localhost, when it returns; port 0 is any free one."""
        if self._server is not None:
            raise RuntimeError("the registry is running already")
        stopping = threading.Event()
        office = Office(self._store, self._now, self._account, self._faults, self._suffixes, stopping.wait)
        line = Line(self._identity.server_context(), self._idle_seconds, stopping)
        self._host = host
        self._server = Server((host, port), line, self._faults, lambda: Session(office))

    def stop(self) -> None:
        """Cuts all connections and closes the file; it can be started again."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self._store.close()

    def settings(self) -> dict[str, str]:
        """The settings that point billing at this registry, while it runs."""
        return {
            "BILLING_EPP_HOST": self._host,
            "BILLING_EPP_PORT": str(self.port),
            "BILLING_EPP_USERNAME": self._account.username,
            "BILLING_EPP_PASSWORD": self._account.password,
            "BILLING_EPP_CA_FILE": str(self._identity.ca.resolve()),
            "BILLING_REGISTRARS": ",".join(f"{suffix}=epp" for suffix in self._suffixes),
        }

    def state(self) -> dict[str, object]:
        """Domains with their creates and renews that took effect, contacts, hosts, commands, balance."""
        with self._store.transaction() as db:
            return store.state(db)

    def domain(self, name: str) -> dict[str, object]:
        """One domain as `state` shows it."""
        with self._store.transaction() as db:
            return store.domain(db, name.lower())

    def set_balance(self, years: int | None) -> None:
        """How many more years the account pays for; `None` is no limit, 0 makes create and renew 2104."""
        with self._store.transaction() as db:
            db.execute("UPDATE account SET balance = ?", (years,))

    def set_status(self, name: str, status: str | None) -> None:
        """Puts a domain under one status, such as `serverRenewProhibited`; `None` lifts it."""
        if status is not None and status not in terms.STATUSES:
            raise ValueError(f"a status is one of {', '.join(terms.STATUSES)}")
        self._change("forced_status", name, status)

    def set_expiry(self, name: str, expires: datetime) -> None:
        """Moves the end of a registration, backwards too."""
        self._change("expires", name, timestamp(expires))

    def occupy(self, name: str, registrant: str = "SOMEBODY-ELSE", years: int = 1) -> None:
        """Gives a name to the customer of another registrar."""
        wanted = names.well_formed(name)
        refused = "Invalid name" if wanted is None else names.objection(wanted, self._suffixes)
        if wanted is None or refused:
            raise ValueError(f"{name}: {refused}")
        if isinstance(years, bool) or not isinstance(years, int) or not 1 <= years <= terms.YEARS_MAX:
            raise ValueError(f"years must be a whole number from 1 to {terms.YEARS_MAX}")
        if not isinstance(registrant, str) or not HANDLE.fullmatch(registrant):
            raise ValueError("a registrant's handle has 3 to 16 characters")
        now = self._now()
        with self._store.transaction() as db:
            desk = Desk(db, now, OTHER_REGISTRAR, self._suffixes)
            domains.insert(desk, wanted, registrant, terms.plus_years(now, years), "not-yours")

    def _change(self, column: str, name: str, value: str | None) -> None:
        with self._store.transaction() as db:
            if not db.execute(f"UPDATE domains SET {column} = ? WHERE name = ?", (value, name.lower())).rowcount:
                raise KeyError(name)
