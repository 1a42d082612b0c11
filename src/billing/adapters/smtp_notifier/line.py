"""One conversation with a mail server (RFC 5321): one mail or several, every byte before its mail's deadline."""

import contextlib
import io
import re
import smtplib
import socket
import ssl
from typing import Any

from billing.adapters.smtp_notifier.config import SmtpConfig, Tls
from billing.application.outcomes import Deadline, Refused, RetryLater
from billing.transport import connect

COURTESY_SECONDS = 1.0
"""What does not concern the mail, such as a goodbye, is worth no longer a wait."""
_WHY_CHARS_MAX = 300
_OK = 250
_FORWARDED = 251
_START = 354
_READY = 220
_CLOSING = 421
# "Authentication required" and "bad sequence" come in answer to a recipient too, and are not the recipient's fault.
_NOT_ABOUT_THE_RECIPIENT = {503, 530}


class SmtpLine(smtplib.SMTP):
    """The library's client limits each wait, so that a server which drips its answer could hold a worker for ever.

    Here the limit is a moment: `deadline`, which is that of the mail at hand. `mails` counts those begun; `is_at_rest`
    between two of them, where the server has nothing left of the last.
    """

    def __init__(self, config: SmtpConfig, context: ssl.SSLContext, deadline: Deadline) -> None:
        super().__init__(local_hostname=config.sender.domain)
        self.deadline, self.mails, self.is_at_rest = deadline, 0, False
        self._config, self._context = config, context

    # ------------------------------------------------------------------ the steps before the mail

    def open(self) -> None:
        """Connect, greet, make the line secret, log in."""
        code, said = self.connect(self._config.host, self._config.port)
        if code != _READY:
            raise smtplib.SMTPConnectError(code, said)
        self.ehlo_or_helo_if_needed()
        if self._config.tls is not Tls.AT_ONCE:
            self._start_tls()
        if self._config.username is not None:
            self._require_secrecy()
            self.login(self._config.username, self._config.password or "")

    def _start_tls(self) -> None:
        if not self.has_extn("starttls"):
            if self._config.tls is Tls.REQUIRED:
                raise smtplib.SMTPNotSupportedError("the server offers no TLS, which is required")
            return
        code, said = self.docmd("STARTTLS")
        if code != _READY:
            raise smtplib.SMTPResponseException(code, said)
        self.sock = self._wrap(self._live())
        # What was said before, and what may have been slipped in, counts no more (RFC 3207 §4.2).
        self.file = None
        self.ehlo_resp = self.helo_resp = None
        self.esmtp_features, self.does_esmtp = {}, False
        self.ehlo_or_helo_if_needed()

    @property
    def is_secret(self) -> bool:
        """Whether it is encrypted."""
        return isinstance(self.sock, ssl.SSLSocket)

    def _require_secrecy(self) -> None:
        if not self.is_secret:
            raise smtplib.SMTPNotSupportedError("the server offers no TLS, and a password is not sent in the clear")

    def address(self, sender: str, recipient: str) -> None:
        """From whom and to whom; Refused where the server will not take this recipient, now or ever."""
        self.mails += 1
        self.is_at_rest = False
        _require(self._alive(self.mail(sender)), _OK)
        code, said = self._alive(self.rcpt(recipient))
        if code >= 400 and code not in _NOT_ABOUT_THE_RECIPIENT:
            self._reset()
        if code >= 500 and code not in _NOT_ABOUT_THE_RECIPIENT:
            raise Refused(objection(code, said))
        _require((code, said), _OK, _FORWARDED)

    def begin(self) -> None:
        """The server is ready for the mail itself."""
        _judge(self._alive(self.docmd("DATA")), _START)

    def _alive(self, answer: tuple[int, bytes]) -> tuple[int, bytes]:
        if answer[0] == _CLOSING:  # the server hangs up, in so many words (RFC 5321 §3.8)
            self.close()
            raise smtplib.SMTPServerDisconnected(objection(*answer))
        return answer

    def _reset(self) -> None:
        """The next mail may come where the server says that it has forgotten this one."""
        self.deadline = brief(self.deadline)
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self.is_at_rest = self.rset()[0] == _OK

    # ------------------------------------------------------------------ the mail

    def finish(self, letter: bytes) -> None:
        """Send it and hear that it was taken; from here on a line that breaks leaves its outcome unknown."""
        self.send(re.sub(rb"(?m)^\.", b"..", letter) + b".\r\n")
        _judge(self.getreply(), _OK)
        self.is_at_rest = True

    def leave(self, deadline: Deadline) -> None:
        """Close it, with a goodbye where there is somebody to hear it."""
        self.deadline = deadline
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if self.is_at_rest:
                self.quit()
        self.close()

    # ------------------------------------------------------------------ the library's ways to the socket

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:
        plain = connect(host, port, self._left)
        return self._wrap(plain) if self._config.tls is Tls.AT_ONCE else plain

    def _wrap(self, plain: socket.socket) -> ssl.SSLSocket:
        plain.settimeout(self._left())
        try:
            return self._context.wrap_socket(plain, server_hostname=self._config.host)
        except OSError:
            plain.close()
            raise

    def send(self, s: Any) -> None:
        """All of it."""
        unsent = memoryview(s.encode("ascii") if isinstance(s, str) else s)
        try:
            while unsent:
                unsent = unsent[self._live().send(unsent) :]
        except OSError as fault:
            self.close()
            raise smtplib.SMTPServerDisconnected(f"the line broke while sending: {fault}") from fault

    def getreply(self) -> tuple[int, bytes]:
        """The server's next answer."""
        if self.file is None:
            self.file = io.BufferedReader(_Reader(self))
        return super().getreply()

    def receive_into(self, buffer: Any) -> int:
        """What has come, or comes before the deadline."""
        return self._live().recv_into(buffer)

    def _live(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the line is closed")
        self.sock.settimeout(self._left())
        return self.sock

    def _left(self) -> float:
        try:
            return self.deadline.remaining_seconds()
        except RetryLater as late:
            raise TimeoutError("no answer in time") from late


class _Reader(io.RawIOBase):
    def __init__(self, line: SmtpLine) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._line.receive_into(buffer)


def brief(deadline: Deadline) -> Deadline:
    """No later than the deadline, and soon."""
    return Deadline(min(deadline.at, deadline.monotonic() + COURTESY_SECONDS), deadline.monotonic)


def objection(code: int, said: bytes | str) -> str:
    """What the server said, in one line."""
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"SMTP {code}: {' '.join(words.split())}"[:_WHY_CHARS_MAX]


def _require(answer: tuple[int, bytes], *awaited: int) -> None:
    """RetryLater: it is our server or our account that says no, and the mail can't help it."""
    if answer[0] not in awaited:
        raise RetryLater(objection(*answer))


def _judge(answer: tuple[int, bytes], awaited: int) -> None:
    """The server has seen the mail: a 5xx answer is about it, and for good (RFC 5321 §4.2.1)."""
    match answer[0] // 100:
        case 4:
            raise RetryLater(objection(*answer))
        case 5:
            raise Refused(objection(*answer))
    if answer[0] != awaited:
        raise smtplib.SMTPResponseException(*answer)
