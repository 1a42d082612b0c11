"""The in-memory mail server: keeps what it was given, and fails on order."""

from copy import copy

from billing.adapters.memory.faults import FailsOnOrder
from billing.application.outcomes import Deadline, Refused
from billing.application.ports import Notifier
from billing.domain.mail import Mail


class MemoryNotifier(Notifier, FailsOnOrder):
    """`delivered` lists every mail that was taken, a repeated one again; `unknown` holds recipients it refuses."""

    usual_call = "send"

    def __init__(self) -> None:
        super().__init__()
        self.delivered: list[Mail] = []
        self.unknown: set[str] = set()

    def send(self, mail: Mail, deadline: Deadline) -> None:
        """Take it."""

        def take() -> None:
            if mail.recipient in self.unknown:
                raise Refused(f"550: there is no {mail.recipient}")
            self.delivered.append(copy(mail))

        self._call("send", mail.id, deadline, take)
