"""Mails and alerts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, select, update

from billing.adapters.sql.columns import fixed
from billing.adapters.sql.mail_tables import alerts, digest, mails, unsent, untold
from billing.adapters.sql.work import Work
from billing.domain.alert import Alert
from billing.domain.mail import Mail, MailStatus


class SqlMails:
    """By id, by occasion and recipient, by what they are about."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add_if_new(self, mail: Mail) -> bool:
        return self._work.insert_if_new(mails, ("subject", "kind", "recipient"), _row(mails, mail))

    def get(self, mail_id: str) -> Mail:
        return self._work.get(Mail, mail_id)

    def lock(self, mail_id: str) -> Mail:
        return self._work.lock(Mail, mail_id)

    def last_digest(self) -> Mail | None:
        newest = select(Mail).where(digest).order_by(mails.c.created_at.desc()).limit(1)
        return self._work.session.scalars(newest).one_or_none()

    def of_subjects(self, subjects: Sequence[str]) -> Sequence[Mail]:
        about = select(Mail).where(mails.c.subject.in_(subjects)).order_by(mails.c.created_at, mails.c.id)
        return self._work.session.scalars(about).all()

    def page(self, status: MailStatus | None, before: str | None, limit: int) -> Sequence[Mail]:
        wanted = select(Mail).order_by(mails.c.id.desc()).limit(limit)
        if status is not None:
            wanted = wanted.where(fixed(mails.c.status, status))
        if status not in (None, MailStatus.SENT):
            wanted = wanted.where(unsent)
        if before is not None:
            wanted = wanted.where(mails.c.id < before)
        return self._work.session.scalars(wanted).all()


class SqlAlerts:
    """By occasion; what is new is put into the unit's list."""

    def __init__(self, work: Work, raised: list[Alert]) -> None:
        self._work, self._raised = work, raised

    def raise_once(self, alert: Alert) -> bool:
        new = self._work.insert_if_new(alerts, ("occasion",), _row(alerts, alert))
        if new:
            self._raised.append(alert)
        return new

    def untold(self, limit: int) -> Sequence[Alert]:
        oldest = select(Alert).where(untold).order_by(alerts.c.raised_at, alerts.c.occasion).limit(limit)
        return self._work.session.scalars(oldest).all()

    def mark_told(self, mail_id: str, occasions: Sequence[str]) -> int:
        these = alerts.c.occasion.in_(occasions)
        told = update(alerts).where(these, untold).values(told_by=mail_id, version=alerts.c.version + 1)
        return self._work.connection.execute(told).rowcount

    def untell(self, mail_id: str) -> int:
        told = alerts.c.told_by == mail_id  # no index leads there: a mail to the operator seldom dies
        untold_again = update(alerts).where(told).values(told_by=None, version=alerts.c.version + 1)
        return self._work.connection.execute(untold_again).rowcount

    def newest(self, limit: int) -> Sequence[Alert]:
        newest = select(Alert).order_by(alerts.c.raised_at.desc(), alerts.c.occasion.desc()).limit(limit)
        return self._work.session.scalars(newest).all()


def _row(table: Table, entity: Mail | Alert) -> dict[str, Any]:
    return {column.name: getattr(entity, column.name) for column in table.columns}
