"""Mail servers on loopback, a real one and one that says what it is told to say, and notifiers that send to them."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from email import message_from_bytes
from email.headerregistry import Address
from threading import Barrier, Event
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.smtp_notifier import SmtpConfig, SmtpNotifier, Tls
from billing.application.ports import Telemetry
from billing_sandbox.epp.certificates import Identity
from tests.integration.sandbox_registry import until
from tests.integration.sql_databases import free_port

SENDER = Address("Shop", "billing", "shop.example")
GREETING, BODY = "greeting", "body"
USUAL = {
    GREETING: b"220 here",
    "EHLO": b"250 here",
    "MAIL": b"250 ok",
    "RCPT": b"250 ok",
    "RSET": b"250 ok",
    "DATA": b"354 go on",
    BODY: b"250 taken",
    "QUIT": b"221 bye",
}


class Clock:
    """One that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@contextmanager
def a_notifier(
    port: int,
    tls: Tls = Tls.OFFERED,
    telemetry: Telemetry | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    **details: Any,
) -> Iterator[SmtpNotifier]:
    """One that hangs up at the end."""
    limits = {"line_mails_max": 100, "line_idle_seconds": 15.0, "idle_lines_max": 4}
    config = SmtpConfig(**{"host": "127.0.0.1", "port": port, "tls": tls, "sender": SENDER, **limits, **details})
    notifier = SmtpNotifier(config, telemetry or MemoryTelemetry(), monotonic)
    try:
        yield notifier
    finally:
        notifier.close()


class Mailbox:
    """What aiosmtpd hands over; `unknown` are recipients it has not, `busy` and `deaf` spoil the next mail."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, bytes]] = []
        self.unknown: set[str] = set()
        self.busy = self.deaf = False
        self.was_secret: list[bool] = []
        self.connections: list[SMTP] = []

    @property
    def delivered(self) -> list[tuple[str, str]]:
        """Recipient and Message-ID of each."""
        return [(recipient, message_from_bytes(body)["Message-ID"]) for recipient, body in self.letters]

    @property
    def lines(self) -> int:
        """How many greeted us; the server tries itself out at its start, without a greeting."""
        return sum(1 for line in self.connections if line.session is not None and line.session.host_name)

    def hang_up(self) -> None:
        """On everybody."""
        for line in self.connections:
            if (transport := line.transport) is not None:
                line.loop.call_soon_threadsafe(transport.abort)
        until(lambda: all(line.transport is None or line.transport.is_closing() for line in self.connections))

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


class _Counting(Controller):
    def factory(self) -> SMTP:
        line = super().factory()
        self.handler.connections.append(line)
        return line


@contextmanager
def a_mail_server(
    mailbox: Mailbox, context: ssl.SSLContext | None = None, port: int | None = None, **options: Any
) -> Iterator[int]:
    """Its port."""
    port = port or free_port()
    controller = _Counting(mailbox, hostname="127.0.0.1", port=port, ssl_context=context, **options)
    controller.start()
    try:
        yield port
    finally:
        mailbox.hang_up()
        controller.stop()


class Server:
    """Servers of a test, with the papers of the sandbox."""

    def __init__(self, stack: ExitStack, papers: Identity) -> None:
        self._stack, self.mailbox, self.tried = stack, Mailbox(), list[tuple[bytes, bytes]]()
        self.context, self.ca_file = papers.server_context(), str(papers.ca)

    def start(self, **options: Any) -> int:
        return self._stack.enter_context(a_mail_server(self.mailbox, **options))

    def authenticate(self, _server: object, _session: object, _envelope: object, _way: str, data: Any) -> AuthResult:
        self.tried.append((data.login, data.password))
        return AuthResult(handled=False, success=data.password == b"s3cret word")


class Script:
    """A server that answers each verb as told: bytes, or None to hang up; at `drips_at` it drips instead of an answer.

    What `once` has for a verb is said instead, the next time. With `together`, so many must have said DATA first.
    """

    def __init__(self, **says: bytes | None) -> None:
        self.says: dict[str, bytes | None] = {**USUAL, **says}
        self.once: dict[str, bytes | None] = {}
        self.heard: list[str] = []
        self.taken = 0
        self.drips_at: str | None = None
        self.together: Barrier | None = None
        self.lines: list[socket.socket] = []
        self.over = Event()

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Its port."""
        with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(16) as threads:
            listener.settimeout(0.05)
            threads.submit(self._serve, listener, threads)
            try:
                yield listener.getsockname()[1]
            finally:
                self.over.set()
                self.hang_up()

    def hang_up(self) -> None:
        """On everybody."""
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _serve(self, listener: socket.socket, threads: ThreadPoolExecutor) -> None:
        while not self.over.is_set():
            with suppress(TimeoutError):
                line, _ = listener.accept()
                self.lines.append(line)
                threads.submit(self._converse, line)

    def _converse(self, line: socket.socket) -> None:
        with suppress(OSError), line, line.makefile("rb") as commands:
            line.settimeout(20)
            if not self._answer(line, GREETING):
                return
            for command in commands:
                verb = command.split()[0].decode().upper()
                self.heard.append(verb)
                if verb == "DATA" and self.together is not None:
                    self.together.wait(20)
                said = self._answer(line, verb)
                if not said:
                    return
                if verb == "DATA" and said.startswith(b"354"):
                    while next(commands) != b".\r\n":
                        pass
                    if not self._answer(line, BODY):
                        return

    def _answer(self, line: socket.socket, verb: str) -> bytes | None:
        if verb == self.drips_at:
            while not self.over.wait(0.05):
                line.sendall(b"2")
            return None
        said = self.once.pop(verb) if verb in self.once else self.says.get(verb, b"502 what")
        self.taken += verb == BODY and (said or b"").startswith(b"250")
        if said is not None:
            line.sendall(said + b"\r\n")
        return said
