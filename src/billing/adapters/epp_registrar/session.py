"""One logged-in session with a registry: a command at a time, each reported under its clTRID."""

import secrets
import threading
from collections.abc import Callable
from contextlib import suppress

from epptools import (
    Client,
    CommandException,
    Config,
    ConnectionException,
    EppException,
    Frame,
    Response,
    ResultCode,
    ValidationException,
)

from billing.adapters.epp_registrar.config import EppConfig
from billing.adapters.epp_registrar.errors import CLOSING, LineLost, objection
from billing.adapters.epp_registrar.transport import TlsTransport
from billing.application.outcomes import Deadline, Refused, RetryLater
from billing.application.ports import Telemetry

Send = Callable[[Client], Response]
Line = Callable[[Deadline], TlsTransport]

_ENDS_SESSION = CLOSING | {ResultCode.COMMAND_USE_ERROR, ResultCode.AUTHENTICATION_ERROR}
_PASSING = {
    ResultCode.COMMAND_FAILED,
    ResultCode.COMMAND_FAILED_SERVER_CLOSING,
    ResultCode.SESSION_LIMIT_EXCEEDED_SERVER_CLOSING,
}
_prefixes = threading.Lock()


class _Frame(Frame):
    """The library borrows ElementTree's global table of prefixes while it writes: one thread at a time."""

    def to_xml(self) -> str:
        with _prefixes:
            return super().to_xml()


class _Client(Client):
    """Remembers the clTRID of its last command, which is all that is left when an answer is lost."""

    cl_trid = ""

    def frame(self) -> Frame:
        self.cl_trid = self._next_cltrid()
        return _Frame.command(self.cl_trid)


class Session:
    """Usable until a command on it fails in a way that leaves doubt about the line."""

    def __init__(self, config: EppConfig, line: Line, telemetry: Telemetry, deadline: Deadline) -> None:
        """Connect, read the greeting, log in; RetryLater where any of it fails, since nothing was asked yet."""
        self._config, self._telemetry = config, telemetry
        started = deadline.monotonic()
        self._transport = line(_earlier(deadline, config.connect_timeout_seconds))
        self._client = _Client(_library_config(config), self._transport)
        if refusal := self._log_in(deadline):
            self._transport.close()
            self._report_refusal(refusal)
            raise RetryLater(f"the registry refuses our own login: {_why(refusal)}")
        # From here on answers are judged by their codes: the library's messages quote the value that the registry
        # objects to, which may be a secret.
        self._client.throw_on_failure(False)
        self.is_usable = True
        self.used_at = deadline.monotonic()
        telemetry.event("epp_session_opened", seconds=self.used_at - started)

    def _log_in(self, deadline: Deadline) -> CommandException | None:
        try:
            self._client.connect()
            self._transport.until = _earlier(deadline, self._config.read_timeout_seconds)
            self._client.login()
        except CommandException as refusal:
            return refusal
        except EppException as fault:
            self._transport.close()
            raise RetryLater(f"no session with the registry: {fault}") from None
        return None

    def _report_refusal(self, refusal: CommandException) -> None:
        # Not within `except`: there the stack goes along, and it holds the password.
        if refusal.epp_code not in _PASSING:
            self._telemetry.alarm("epp_login_refused", host=self._config.host, why=_why(refusal))

    def ask(self, command: str, send: Send, deadline: Deadline) -> Response:
        """The registry's answer, whatever its code; LineLost where none came, RetryLater where no time is left."""
        deadline.remaining_seconds()
        self._transport.until = _earlier(deadline, self._config.read_timeout_seconds)
        self.is_usable = False
        started, ended = deadline.monotonic(), "lost"
        try:
            answer = send(self._client)
            ended = str(answer.code())
        except ValidationException as wrong:
            self.is_usable, ended = True, "not sent"
            raise Refused(f"it can't be asked of a registry: {wrong}") from None
        except ConnectionException as fault:
            raise LineLost(f"{command} {self._client.cl_trid}: {fault}") from None
        finally:
            self.used_at = deadline.monotonic()
            self._telemetry.event(
                "epp_command",
                seconds=self.used_at - started,
                command=command,
                code=ended,
                cl_trid=self._client.cl_trid,
            )
        code = answer.code()
        if code == 0 or (code in CLOSING and not answer.cl_trid()):
            raise LineLost(f"{command} {self._client.cl_trid}: what came is not its answer")
        self.is_usable = code not in _ENDS_SESSION
        return answer

    def is_alive(self, deadline: Deadline) -> bool:
        """Whether a command may be risked on it: nothing came unasked, and after a long rest it answers a hello."""
        if not self._transport.is_quiet():
            return False
        if deadline.monotonic() - self.used_at < self._config.hello_after_seconds:
            return True
        deadline.remaining_seconds()
        self._transport.until = _earlier(deadline, self._config.hello_timeout_seconds)
        try:
            self._client.hello()
        except ConnectionException:
            return False
        self.used_at = deadline.monotonic()
        return True

    def logout(self, deadline: Deadline) -> None:
        """Take leave and hang up; a registry that does not answer is left without a word."""
        self._transport.until = _earlier(deadline, self._config.logout_timeout_seconds)
        with suppress(EppException):
            self._client.logout()
        self.close()

    def close(self) -> None:
        """Hang up."""
        self.is_usable = False
        self._transport.close()


def _why(refusal: CommandException) -> str:
    return objection(refusal.response) if refusal.response is not None else f"EPP {refusal.epp_code}"


def _earlier(deadline: Deadline, seconds: float) -> Deadline:
    return Deadline(min(deadline.at, deadline.monotonic() + seconds), deadline.monotonic)


def _library_config(config: EppConfig) -> Config:
    return Config(
        host=config.host,
        port=config.port,
        clid=config.username,
        password=config.password,
        # The library counts commands per client: without a part of its own, two sessions would give the same clTRID.
        cltrid_prefix=f"BILLING-{secrets.token_hex(4)}",
    )
