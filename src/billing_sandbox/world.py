"""The outside world put together: every provider, on one clock, with one set of faults."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from flask import Blueprint

from billing_sandbox.clock import BusinessClock
from billing_sandbox.faults import Faults
from billing_sandbox.kpay import KPaySandbox
from billing_sandbox.mailbox import Mailbox
from billing_sandbox.mailbox.sandbox import Identity
from billing_sandbox.store import Json, Store
from billing_sandbox.stripe import StripeSandbox


class Provider(Protocol):
    """One part of the outside world."""

    @property
    def port(self) -> int:
        """Where it answers, once started."""

    def start(self, host: str, port: int) -> None:
        """Answer from now on; returns at once. Port 0 takes a free one."""

    def stop(self) -> None:
        """Answer no more."""

    def settings(self) -> dict[str, str]:
        """The environment that points billing here."""

    def state(self) -> Any:
        """What it holds, as JSON, for `/state`."""


class World:
    """The providers and what they share; all of it is kept in one directory."""

    def __init__(
        self, directory: Path, *, epp: bool = True, suffixes: Sequence[str] = (), mail_login: bool = False
    ) -> None:
        """Without `epp` there is no registry; `suffixes` are what it sells, if not its usual ones.

        With `mail_login`, the mailbox takes mails only over TLS, from who logs in.
        """
        self.store = Store(directory / "sandbox.sqlite3")
        self.clock = BusinessClock(self.store)
        self.faults = Faults(self.store)
        stripe = StripeSandbox(self.store, self.clock.now, self.faults, lambda: self.webhooks)
        self.controls: list[Blueprint] = [stripe.control()]
        self.providers: dict[str, Provider] = {"stripe": stripe}
        self._catch_up = stripe.catch_up
        kpay = KPaySandbox(self.store, self.clock.now, self.faults)
        self.controls.append(kpay.control())
        self.providers["kpay"] = kpay
        mailbox = Mailbox(self.store, self.clock.now, self.faults, _identity(directory) if mail_login else None)
        self.controls.append(mailbox.control())
        self.providers["mail"] = mailbox
        if epp:
            # Imported only where wanted: its cryptography takes as long to load as all the rest.
            from billing_sandbox.epp.control import registry_control
            from billing_sandbox.epp.registry import SUFFIXES, EppRegistry

            sold = tuple(suffixes) or SUFFIXES
            registry = EppRegistry(directory / "registry", self.clock.now, self.faults, sold)
            self.providers["registry"] = registry
            self.controls.append(registry_control(registry))

    @property
    def webhooks(self) -> Json | None:
        """Where Stripe's events are posted to and in the shape of which API version: `{"url", "api_version"?}`."""
        return self.store.get("sandbox", "webhooks")

    def post_webhooks_to(self, url: str, **more: str) -> None:
        """Have them posted there from now on, in the version that was said now or last."""
        self.store.put("sandbox", (self.webhooks or {}) | {"id": "webhooks", "url": url} | more)

    def start(self, host: str, ports: dict[str, int]) -> None:
        """Start every provider; ports by name, 0 or none for a free one or the one it had before."""
        for name, provider in self.providers.items():
            provider.start(host, ports.get(name) or self.port_before(name))
            self.remember_port(name, provider.port)

    def stop(self) -> None:
        """Stop every provider."""
        for provider in self.providers.values():
            provider.stop()

    def advance(self, seconds: float) -> None:
        """Move the business clock on; what is due by then has happened when this returns."""
        self.clock.advance(seconds)
        self._catch_up()

    def port_before(self, name: str) -> int:
        """The port something had when it last ran here, else 0."""
        kept = self.store.get("port", name)
        return kept["port"] if kept else 0

    def remember_port(self, name: str, port: int) -> None:
        """Have the same port next time."""
        self.store.put("port", {"id": name, "port": port})

    def settings(self) -> dict[str, str]:
        """The environment that points billing at every provider."""
        told = {name: value for provider in self.providers.values() for name, value in provider.settings().items()}
        return told | {"BILLING_SECRET_KEY": self._secret_key()}

    def _secret_key(self) -> str:
        """What billing signs its links with: made once, so that links in old mails stay good."""
        kept = self.store.get("sandbox", "secret_key")
        if kept is None:
            kept = {"id": "secret_key", "key": secrets.token_hex(32)}
            self.store.put("sandbox", kept)
        return str(kept["key"])

    def state(self) -> Json:
        """Everything that has happened, in one document."""
        absent: Json = {"registry": {}, "stripe": {}, "kpay": {}, "mail": []}
        shown = {name: provider.state() for name, provider in self.providers.items()}
        return absent | shown | {"clock": self.clock.to_json(), "webhooks": {"url": None} | (self.webhooks or {})}


def _identity(directory: Path) -> Identity:
    """The mailbox's certificate and the authority behind it."""
    from billing_sandbox.epp.certificates import identity

    (directory / "mailbox").mkdir(exist_ok=True)
    return identity(directory / "mailbox")
