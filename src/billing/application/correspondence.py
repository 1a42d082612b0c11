"""The ledger's port, continued: what customers and operators are told."""

from collections.abc import Sequence
from typing import Protocol

from billing.domain.alert import Alert
from billing.domain.mail import Mail, MailStatus


class Mails(Protocol):
    """Mails, sent and to be sent."""

    def add_if_new(self, mail: Mail) -> bool:
        """False where its occasion and recipient have one."""

    def get(self, mail_id: str) -> Mail:
        """To read; NotFound."""

    def lock(self, mail_id: str) -> Mail:
        """To change; NotFound."""

    def last_digest(self) -> Mail | None:
        """The youngest mail of alerts to an operator."""

    def of_subjects(self, subjects: Sequence[str]) -> Sequence[Mail]:
        """Every mail about one of these, oldest first."""

    def page(self, status: MailStatus | None, before: str | None, limit: int) -> Sequence[Mail]:
        """Newest first, those with an id below `before`."""


class Alerts(Protocol):
    """What a person must know of."""

    def raise_once(self, alert: Alert) -> bool:
        """False where its occasion has one."""

    def untold(self, limit: int) -> Sequence[Alert]:
        """Oldest first."""

    def mark_told(self, mail_id: str, occasions: Sequence[str]) -> int:
        """Those of them that were untold are told by this mail; how many."""

    def untell(self, mail_id: str) -> int:
        """What this mail should have told is untold again; how many."""

    def newest(self, limit: int) -> Sequence[Alert]:
        """Newest first."""
