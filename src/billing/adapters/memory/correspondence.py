"""Mails and alerts of the in-memory ledger."""

from collections.abc import Sequence

from billing.adapters.memory.session import Session
from billing.domain.alert import Alert
from billing.domain.mail import Mail, MailKind, MailStatus


class MemoryMails:
    """Mails by id, and by occasion and recipient."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_if_new(self, mail: Mail) -> bool:
        if self._session.claimant(Mail, "mail", f"{mail.occasion} {mail.recipient}") is not None:
            return False
        self._session.add(mail.id, mail)
        return True

    def get(self, mail_id: str) -> Mail:
        return self._session.get(Mail, mail_id)

    def lock(self, mail_id: str) -> Mail:
        return self._session.get(Mail, mail_id, lock=True)

    def last_digest(self) -> Mail | None:
        digests = self._session.all(Mail, lambda mail: mail.kind is MailKind.OPERATOR_ALERTS)
        return max(digests, key=lambda mail: (mail.created_at, mail.id), default=None)

    def of_subjects(self, subjects: Sequence[str]) -> Sequence[Mail]:
        about = self._session.all(Mail, lambda mail: mail.subject in subjects)
        return sorted(about, key=lambda mail: (mail.created_at, mail.id))

    def page(self, status: MailStatus | None, before: str | None, limit: int) -> Sequence[Mail]:
        fitting = [
            mail
            for mail in self._session.all(Mail)
            if status in (None, mail.status) and (before is None or mail.id < before)
        ]
        return fitting[::-1][:limit]


class MemoryAlerts:
    """Alerts by occasion; what is new is put into the unit's list."""

    def __init__(self, session: Session, raised: list[Alert]) -> None:
        self._session, self._raised = session, raised

    def raise_once(self, alert: Alert) -> bool:
        if self._session.find(Alert, alert.occasion) is not None:
            return False
        self._session.add(alert.occasion, alert)
        self._raised.append(alert)
        return True

    def untold(self, limit: int) -> Sequence[Alert]:
        return self._untold()[:limit]

    def mark_told(self, mail_id: str, occasions: Sequence[str]) -> int:
        untold = [alert for alert in self._untold() if alert.occasion in occasions]
        for alert in untold:
            alert.told_by = mail_id
        return len(untold)

    def untell(self, mail_id: str) -> int:
        told = list(self._session.all(Alert, lambda alert: alert.told_by == mail_id))
        for alert in told:
            alert.told_by = None
        return len(told)

    def newest(self, limit: int) -> Sequence[Alert]:
        return sorted(self._session.all(Alert), key=_age)[::-1][:limit]

    def _untold(self) -> list[Alert]:
        return sorted(self._session.waiting(Alert), key=_age)


def _age(alert: Alert) -> tuple[object, str]:
    return alert.raised_at, alert.occasion
