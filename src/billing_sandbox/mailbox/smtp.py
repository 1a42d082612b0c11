"""The mailbox's side of SMTP (RFC 5321): every recipient is known here, unless a fault says otherwise."""

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from billing_sandbox.faults import Faults
from billing_sandbox.mailbox.letters import Letters

MESSAGE_BYTES_MAX = 10 * 1024 * 1024
BACKLOG = 128
SLOW_SECONDS = 1.0
LOOK_SECONDS = 0.05
CALL_SECONDS = 10.0
CODES = {"connect": 421, "rcpt": 550}
CODE_ELSE = 451


@dataclass(frozen=True)
class Login:
    """What clients must do first, where anything: STARTTLS, and name and password."""

    context: ssl.SSLContext
    username: str
    password: str

    def matches(self, mechanism: str, username: bytes, password: bytes) -> bool:
        """Whether these are the right ones."""
        return (username.decode(errors="replace"), password.decode(errors="replace")) == (self.username, self.password)


class Conversation(SMTP):
    """One connection; each step is a point at which a fault may be ordered: `smtp.<step>`."""

    def __init__(self, clerk: "Clerk", faults: Faults, login: Login | None, loop: asyncio.AbstractEventLoop) -> None:
        options: dict[str, Any] = {"hostname": "sandbox.invalid", "ident": "mailbox", "loop": loop}
        options |= {"enable_SMTPUTF8": True, "data_size_limit": MESSAGE_BYTES_MAX}
        if login is not None:
            options |= {"tls_context": login.context, "require_starttls": True}
            options |= {"auth_required": True, "auth_callback": login.matches}
        super().__init__(clerk, **options)
        self._faults = faults
        self._mails = 0

    async def attempt(self, step: str, act: Callable[[], str]) -> str:
        """Act and give the answer, or go wrong as ordered for this step."""
        fault = self._faults.take(f"smtp.{step}")
        if fault is None:
            return act()
        match fault.kind:
            case "refuse":
                code = fault.code or CODES.get(step.partition(".")[0], CODE_ELSE)
                return f"{code} {code // 100}.0.0 The sandbox was told to refuse this"
            case "close" | "reject_connect":
                await self._cut()
            case "hang":
                while not fault.lifted.is_set():
                    await asyncio.sleep(LOOK_SECONDS)
                await self._cut()
            case "slow":
                await asyncio.sleep(SLOW_SECONDS if fault.seconds is None else fault.seconds)
            case "lose_answer":
                act()
                await self._cut()
        return act()

    async def _handle_client(self) -> None:
        refusal = await self.attempt("connect", lambda: "")
        if refusal:
            await self.push(refusal)
            self._line.close()
            return
        await super()._handle_client()

    async def begin_mail(self, note: Callable[[], str]) -> str:
        """`smtp.connect` is for whoever sends a mail, also one who kept a line open: it is cut, so that he connects."""
        if self._mails and self._faults.ordered("smtp.connect"):
            await self._cut()
        self._mails += 1
        return await self.attempt("mail", note)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:
        """Before the mail itself is sent: `smtp.data`; what follows, once all of it came, is `smtp.message`."""
        refusal = await self.attempt("data", lambda: "")
        if refusal:
            await self.push(refusal)
            return
        await super().smtp_DATA(arg)

    @property
    def _line(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self.transport)

    async def _cut(self) -> NoReturn:
        self._line.abort()
        await self.loop.create_future()  # never comes: the end of the connection cancels whoever waits here
        raise AssertionError


class Clerk:
    """What the commands of a conversation do."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def handle_MAIL(
        self, server: Conversation, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Note the sender."""

        def note() -> str:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
            return "250 2.1.0 OK"

        return await server.begin_mail(note)

    async def handle_RCPT(
        self, server: Conversation, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Note a recipient."""

        def note() -> str:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
            return "250 2.1.5 OK"

        return await server.attempt(f"rcpt.{address.lower()}", note)

    async def handle_DATA(self, server: Conversation, session: Session, envelope: Envelope) -> str:
        """Keep the mail."""

        def keep() -> str:
            id = self._letters.keep(envelope.mail_from or "", envelope.rcpt_tos, envelope.original_content or b"")
            return f"250 2.0.0 Kept as {id}"

        return await server.attempt("message", keep)


class MailServer:
    """The listening socket and the thread on which all conversations run."""

    def __init__(self, host: str, port: int, converse: Callable[[asyncio.AbstractEventLoop], Conversation]) -> None:
        """Listens when the constructor returns; port 0 takes a free one."""
        self._host, self.port, self._converse = host, port, converse
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of its own past at every login
        self._loop = asyncio.new_event_loop()
        self._listener: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._thread.start()
        try:
            self.listen()
        except OSError:
            self.stop()
            raise

    def listen(self) -> None:
        """Take connections, on the same port as ever."""
        self._call(self._listen())

    def refuse(self) -> None:
        """Take no more connections; those there are go on."""
        self._call(self._refuse())

    def stop(self) -> None:
        """End everything."""
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_SECONDS)
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_SECONDS)

    async def _listen(self) -> None:
        if self._listener is None:
            self._listener = await self._loop.create_server(
                lambda: self._converse(self._loop), self._host, self.port, backlog=BACKLOG, reuse_address=True
            )
            self.port = self._listener.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _end(self) -> None:
        await self._refuse()
        left = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
