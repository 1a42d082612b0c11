"""The notifier on any mail server."""

import contextlib
import smtplib
import ssl
from collections.abc import Callable

from billing.adapters.smtp_notifier.config import SmtpConfig
from billing.adapters.smtp_notifier.letters import compose
from billing.adapters.smtp_notifier.line import COURTESY_SECONDS, SmtpLine, objection
from billing.adapters.smtp_notifier.pool import LinePool
from billing.application.outcomes import Deadline, OutcomeUnknown, RetryLater
from billing.application.ports import Notifier, Telemetry
from billing.domain.errors import BillingError
from billing.domain.mail import Mail


class SmtpNotifier(Notifier):
    """Each mail has a line to itself while it is sent; between mails lines are kept open."""

    def __init__(self, config: SmtpConfig, telemetry: Telemetry, monotonic: Callable[[], float]) -> None:
        self._config, self._telemetry, self._monotonic = config, telemetry, monotonic
        self._context = ssl.create_default_context(cafile=config.ca_file)
        self._lines = LinePool(self._open, config, monotonic)

    def send(self, mail: Mail, deadline: Deadline) -> None:
        """Before the mail itself was sent every fault is RetryLater, but a refused recipient; afterwards the answer
        decides, and a line that broke before it leaves the outcome unknown."""
        started, outcome = self._monotonic(), "bug"
        try:
            self._send(mail, deadline)
            outcome = "sent"
        except BillingError as ended:
            outcome = type(ended).__name__
            raise
        finally:
            self._telemetry.event("mail_call", seconds=self._monotonic() - started, kind=mail.kind, outcome=outcome)

    def close(self) -> None:
        """Say goodbye on every line; call it when the process ends."""
        self._lines.close(Deadline.after(COURTESY_SECONDS, self._monotonic))

    def _send(self, mail: Mail, deadline: Deadline) -> None:
        deadline.remaining_seconds()
        letter = compose(mail, self._config.sender)
        try:
            return self._hand_over(mail.recipient, letter, deadline)
        except _LineDied as died:
            self._telemetry.event("mail_line_died", why=str(died))
        # Nothing of the mail was sent, so nothing can double; a new line tells whether it is the server that is away.
        deadline.remaining_seconds()
        return self._hand_over(mail.recipient, letter, deadline, fresh=True)

    def _hand_over(self, recipient: str, letter: bytes, deadline: Deadline, *, fresh: bool = False) -> None:
        with self._lines.lend(deadline, fresh=fresh) as line:
            was_kept = line.mails > 0
            try:
                line.address(self._config.sender.addr_spec, recipient)
                line.begin()
            except (smtplib.SMTPException, OSError) as fault:
                if was_kept and isinstance(fault, smtplib.SMTPServerDisconnected):
                    raise _LineDied(_why(fault)) from fault
                raise RetryLater(_why(fault)) from fault
            try:
                line.finish(letter)
            except (smtplib.SMTPException, OSError) as fault:
                raise OutcomeUnknown(_why(fault)) from fault

    def _open(self, deadline: Deadline) -> SmtpLine:
        started = self._monotonic()
        with contextlib.ExitStack() as unless_open:
            line = SmtpLine(self._config, self._context, deadline)
            unless_open.callback(line.close)
            try:
                line.open()
            except (smtplib.SMTPException, OSError) as fault:
                raise RetryLater(_why(fault)) from fault
            unless_open.pop_all()
        self._telemetry.event("mail_line_opened", seconds=self._monotonic() - started, tls=line.is_secret)
        return line


class _LineDied(Exception):
    """A line that was kept open ended before the mail itself was sent."""


def _why(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        return objection(fault.smtp_code, fault.smtp_error)
    return str(fault) or type(fault).__name__
