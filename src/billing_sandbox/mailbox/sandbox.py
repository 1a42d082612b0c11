"""The mailbox as the sandbox runs it: start, stop, settings for who sends, state for who looks."""

import secrets
import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from flask import Blueprint

from billing_sandbox.faults import Faults
from billing_sandbox.mailbox.letters import Letters
from billing_sandbox.mailbox.pages import mailbox_pages
from billing_sandbox.mailbox.smtp import Clerk, Conversation, Login, MailServer
from billing_sandbox.store import Json, Store

_CONNECT = "smtp.connect"
_FROM = "Sandbox Shop <billing@shop.example>"
_OPERATOR = "operator@shop.example"


class Identity(Protocol):
    """A certificate and the authority that clients are to trust."""

    @property
    def ca(self) -> Path:
        """The authority's PEM file."""

    def server_context(self) -> ssl.SSLContext:
        """The TLS settings of the listening side."""


class Mailbox:
    """A mail server on loopback that delivers everything to itself."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], faults: Faults, identity: Identity | None = None
    ) -> None:
        """With an identity, clients must begin TLS and log in before they may send."""
        self._letters, self._faults, self._identity = Letters(store, now), faults, identity
        self._login = Login(identity.server_context(), "mailer", _password(store)) if identity else None
        self._host = ""
        self._server: MailServer
        self._running = False
        faults.watch(self._follow_faults)

    @property
    def port(self) -> int:
        """Where it takes mails, once started."""
        return self._server.port

    def start(self, host: str, port: int) -> None:
        """Take mails from now on; returns at once. Port 0 takes a free one."""
        clerk = Clerk(self._letters)
        self._host = host
        self._server = MailServer(host, port, lambda loop: Conversation(clerk, self._faults, self._login, loop))
        self._running = True
        self._follow_faults()

    def stop(self) -> None:
        """Take no more mails."""
        self._running = False
        self._server.stop()

    def settings(self) -> dict[str, str]:
        """What has mails sent here."""
        login, identity = self._login, self._identity
        who = f"{login.username}:{login.password}@" if login else ""
        settings = {
            "BILLING_SMTP_URL": f"smtp://{who}{self._host}:{self.port}",
            "BILLING_MAIL_FROM": _FROM,
            "BILLING_OPERATOR_EMAIL": _OPERATOR,
        }
        return settings | ({"BILLING_SMTP_CA_FILE": str(identity.ca.resolve())} if identity else {})

    def control(self) -> Blueprint:
        """The pages and calls `/mail/...`."""
        return mailbox_pages(self._letters)

    def state(self) -> list[Json]:
        """Every mail, oldest first."""
        return self._letters.all()

    def _follow_faults(self) -> None:
        """A server that is down is not there at all, which no accepted connection can show."""
        if not self._running:
            return
        if self._faults.closed(_CONNECT):
            self._server.refuse()
        else:
            self._server.listen()


def _password(store: Store) -> str:
    """Made at random the first time."""
    kept = store.get("sandbox", "mail_login")
    if kept is None:
        kept = {"id": "mail_login", "password": secrets.token_hex(16)}
        store.put("sandbox", kept)
    return str(kept["password"])
