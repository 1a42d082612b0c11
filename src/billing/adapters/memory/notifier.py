"""The in-memory mail server: keeps what it was given, and fails on order."""

from copy import copy
from dataclasses import dataclass

from billing.application.outcomes import Deadline, OutcomeUnknown, Refused
from billing.application.ports import Notifier
from billing.domain.errors import BillingError
from billing.domain.mail import Mail


@dataclass(frozen=True)
class _Fault:
    error: BillingError
    once_done: bool


class MemoryNotifier(Notifier):
    """`delivered` lists every mail that was taken, a repeated one again; `unknown` holds recipients it refuses."""

    def __init__(self) -> None:
        self.delivered: list[Mail] = []
        self.unknown: set[str] = set()
        self._faults: list[_Fault] = []

    def send(self, mail: Mail, deadline: Deadline) -> None:
        """Take it."""
        deadline.remaining_seconds()
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None and not fault.once_done:
            raise fault.error
        if mail.recipient in self.unknown:
            raise Refused(f"550: there is no {mail.recipient}")
        self.delivered.append(copy(mail))
        if fault is not None:
            raise fault.error

    def lose_answer(self, times: int = 1) -> None:
        """The next mails are taken and the answers are lost."""
        self.fail_with(OutcomeUnknown("the answer was lost"), times, once_done=True)

    def fail_with(self, error: BillingError, times: int = 1, *, once_done: bool = False) -> None:
        """The next calls end in this, without effect unless `once_done`."""
        self._faults += [_Fault(error, once_done)] * times
