"""Mail servers on loopback: a real one, and one that says what it is told to say."""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes
from threading import Event, Thread
from typing import Any

from aiosmtpd.controller import Controller

from tests.integration.sql_databases import free_port

GREETING, BODY = "greeting", "body"
USUAL = {
    GREETING: b"220 here",
    "EHLO": b"250 here",
    "MAIL": b"250 ok",
    "RCPT": b"250 ok",
    "DATA": b"354 go on",
    BODY: b"250 taken",
    "QUIT": b"221 bye",
}


class Mailbox:
    """What aiosmtpd hands over; `unknown` are recipients it has not, `busy` and `deaf` spoil the next mail."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, bytes]] = []
        self.unknown: set[str] = set()
        self.busy = self.deaf = False
        self.was_secret: list[bool] = []

    @property
    def delivered(self) -> list[tuple[str, str]]:
        """Recipient and Message-ID of each."""
        return [(recipient, message_from_bytes(body)["Message-ID"]) for recipient, body in self.letters]

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address in self.unknown:
            return f"550 5.1.1 there is no {address}"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.was_secret.append(session.ssl is not None)
        if self.busy:
            self.busy = False
            return "451 4.3.0 later"
        self.letters.append((envelope.rcpt_tos[0], envelope.content))
        if self.deaf:
            self.deaf = False
            server.transport.abort()
        return "250 taken"


@contextmanager
def a_mail_server(mailbox: Mailbox, context: ssl.SSLContext | None = None, **options: Any) -> Iterator[int]:
    """Its port."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), ssl_context=context, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class Script:
    """A server that answers each verb as told: bytes, or None to hang up; it drips `drip` instead of an answer."""

    def __init__(self, **says: bytes | None) -> None:
        self.says: Mapping[str, bytes | None] = {**USUAL, **says}
        self.heard: list[str] = []
        self.drips_at: str | None = None
        self.over = Event()

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Its port; one conversation."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(20)
            thread = Thread(target=self._serve, args=(listener,))
            thread.start()
            try:
                yield listener.getsockname()[1]
            finally:
                self.over.set()
                thread.join(20)

    def _serve(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                connection.settimeout(20)
                self._converse(connection, lines)
        except OSError:
            return

    def _converse(self, connection: socket.socket, lines: Any) -> None:
        if not self._answer(connection, GREETING):
            return
        for line in lines:
            verb = line.split()[0].decode().upper()
            self.heard.append(verb)
            if not self._answer(connection, verb):
                return
            if verb == "DATA" and (self.says["DATA"] or b"").startswith(b"354"):
                while next(lines) != b".\r\n":
                    pass
                if not self._answer(connection, BODY):
                    return

    def _answer(self, connection: socket.socket, verb: str) -> bool:
        if verb == self.drips_at:
            while not self.over.wait(0.05):
                connection.sendall(b"2")
            return False
        said = self.says.get(verb, b"502 what")
        if said is None:
            return False
        connection.sendall(said + b"\r\n")
        return True


def seconds_since(started: float) -> float:
    """On the clock of deadlines."""
    return time.monotonic() - started
