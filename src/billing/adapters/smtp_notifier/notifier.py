"""The notifier on any mail server."""

import contextlib
import smtplib
import ssl
from collections.abc import Callable

from billing.adapters.smtp_notifier.config import SmtpConfig
from billing.adapters.smtp_notifier.letters import compose
from billing.adapters.smtp_notifier.line import SmtpLine, objection
from billing.application.ports import Deadline, Notifier, OutcomeUnknown, RetryLater, Telemetry
from billing.domain.errors import BillingError
from billing.domain.mail import Mail


class SmtpNotifier(Notifier):
    """One conversation for each mail; nothing is kept open in between."""

    def __init__(self, config: SmtpConfig, telemetry: Telemetry, monotonic: Callable[[], float]) -> None:
        self._config, self._telemetry, self._monotonic = config, telemetry, monotonic
        self._context = ssl.create_default_context(cafile=config.ca_file)

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

    def _send(self, mail: Mail, deadline: Deadline) -> None:
        deadline.remaining_seconds()
        letter = compose(mail, self._config.sender)
        line = SmtpLine(self._config, self._context, deadline)
        try:
            try:
                line.open()
                line.address(self._config.sender.addr_spec, mail.recipient)
                line.begin()
            except (smtplib.SMTPException, OSError) as fault:
                raise RetryLater(_why(fault)) from fault
            try:
                line.finish(letter)
            except (smtplib.SMTPException, OSError) as fault:
                raise OutcomeUnknown(_why(fault)) from fault
            with contextlib.suppress(smtplib.SMTPException, OSError):
                line.quit()
        finally:
            line.close()


def _why(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        return objection(fault.smtp_code, fault.smtp_error)
    return str(fault) or type(fault).__name__
