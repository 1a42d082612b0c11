"""Send a mail: at most once more than once, and never at the cost of the work that it tells of."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from billing.application.outcomes import NeedsPerson, NotYet, Refused, RetryLater
from billing.application.ports import Notifier
from billing.application.telling.alerts import raise_alert
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.alert import AlertKind
from billing.domain.job import Job
from billing.domain.mail import Mail, MailKind, MailStatus


@dataclass(frozen=True)
class SendMail(Handler):
    """Hand one mail to the mail server; `notifier` is None where none is set up any more."""

    alerts_itself: ClassVar[bool] = True
    notifier: Notifier | None
    absent_retry: timedelta

    def __call__(self, run: Run) -> Record:
        """In doubt from before the call until its outcome is known; found in doubt again, it is sent once more.

        What the server refuses for good is dead, so that a person sees it and may revive it.
        """
        if self.notifier is None:
            raise NotYet("no mail server is set up", self.absent_retry)
        mail = run.checkpoint(lambda uow: _begin(uow, run.subject))
        if mail is None:
            return lambda uow: None
        try:
            self.notifier.send(mail, run.claim_deadline)
        except Refused as refusal:
            raise NeedsPerson(refusal.why) from refusal
        except (RetryLater, NotYet) as later:
            why = later.why
            run.checkpoint(lambda uow: uow.mails.lock(run.subject).was_not_sent(why))
            raise
        return lambda uow: uow.mails.lock(run.subject).send(uow.now())

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The operator is told, unless it is the mail to the operator that can't be sent: the next one tells it all."""
        mail = _give_up(uow, job, why)
        if mail.kind is not MailKind.OPERATOR_ALERTS:
            about = f"{mail.occasion} to {mail.recipient}, job {job.id}: {why}"
            raise_alert(uow, AlertKind.MAIL_DEAD, mail.id, about, once=str(job.claim_no))

    def called_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """Nobody gets it, and whoever called it off knows; alerts are told by the next mail."""
        _give_up(uow, job, why)

    def revived(self, uow: UnitOfWork, job: Job) -> None:
        """It may be sent again."""
        uow.mails.lock(job.subject).revive()


def _begin(uow: UnitOfWork, mail_id: str) -> Mail | None:
    """The mail, now in doubt; None where it has been sent."""
    mail = uow.mails.lock(mail_id)
    if mail.status is MailStatus.SENT:
        return None
    if not mail.begin():
        raise NeedsPerson("twice the mail server's answer was lost: it may have arrived, and is not sent again")
    return mail


def _give_up(uow: UnitOfWork, job: Job, why: str) -> Mail:
    mail = uow.mails.lock(job.subject)
    mail.die(why)
    if mail.kind is MailKind.OPERATOR_ALERTS and mail.status is MailStatus.DEAD:
        uow.alerts.untell(mail.id)
    return mail
