"""What operators are told: alerts are kept one by one and told together, so that a storm is one mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.application.ledger import Ledger
from billing.application.telling.notifications import Postbox
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain.alert import Alert, AlertKind
from billing.domain.job import Job
from billing.domain.mail import Mail, MailData, MailKind, MailStatus
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.refund import Refund


def raise_alert(uow: UnitOfWork, kind: AlertKind, subject: str, why: str, once: str | None = None) -> bool:
    """Keep it in the caller's unit, to be told; False where this kind, subject and `once` (a day, a claim) have one.

    When the unit is committed it is reported to the telemetry as an alarm, too.
    """
    return uow.alerts.raise_once(Alert.about(kind, subject, why, uow.now(), once))


def raise_job_dead(uow: UnitOfWork, job: Job, why: str) -> bool:
    """Each death of a job is an occasion of its own: it may have been revived in between."""
    return raise_alert(uow, AlertKind.JOB_DEAD, job.id, f"{job.kind} {job.subject}: {why}", once=str(job.claim_no))


def raise_not_delivered(uow: UnitOfWork, order: Order, item: OrderItem) -> bool:
    """An item that was paid for can't be had."""
    return raise_alert(uow, AlertKind.NOT_DELIVERED, item.id, f"order {order.number}, {item.what}: {item.why}")


def raise_refund_failed(uow: UnitOfWork, order: Order, refund: Refund, why: str) -> bool:
    """What is owed did not go back."""
    return raise_alert(uow, AlertKind.REFUND_FAILED, refund.id, f"order {order.number}, {refund.amount}: {why}")


_TOLD_MAX = 10_000
"""Of one mail: what goes beyond waits for the next one."""
_AFTER_DEAD = timedelta(hours=1)
"""How soon the next may follow one that was given up: an address that no server takes is tried without end."""


@dataclass(frozen=True)
class OperatorMail:
    """Who is told, how often at most, and how many alerts are listed in one mail."""

    recipient: str | None
    interval: timedelta
    listed_max: int


@dataclass(frozen=True)
class TellOperator:
    """Put the alerts that nobody has been told of into one mail: at once after a quiet time, else once an interval."""

    ledger: Ledger
    post: Postbox
    desk: OperatorMail

    def __call__(self) -> int:
        """How many were told; safe to run anywhere and often."""
        if self.desk.recipient is None or self.post.domain is None:
            return 0
        recipient = self.desk.recipient
        if not self.ledger.read(lambda uow: self._is_time(uow.mails.last_digest(), uow.now()) and uow.alerts.untold(1)):
            return 0
        return self.ledger.write("housekeeping", lambda uow: self._tell(uow, recipient))

    def _is_time(self, last: Mail | None, now: datetime) -> bool:
        if last is None:
            return True
        interval = max(self.desk.interval, _AFTER_DEAD) if last.status is MailStatus.DEAD else self.desk.interval
        return now - last.created_at >= interval

    def _tell(self, uow: UnitOfWork, recipient: str) -> int:
        """A digest's occasion names the one before it: however many workers are at it, each has one successor.

        Exactly the alerts that it counts are told by it: others may come in between any two statements.
        """
        last = uow.mails.last_digest()
        if not self._is_time(last, uow.now()):
            return 0
        told = uow.alerts.untold(_TOLD_MAX)
        if not told:
            return 0
        data: MailData = {
            "alerts": [_row(alert) for alert in told[: self.desk.listed_max]],
            "count": str(len(told)),
            "more": str(len(told) - self.desk.listed_max) if len(told) > self.desk.listed_max else "",
        }
        mail_id = self.post.put(uow, MailKind.OPERATOR_ALERTS, last.id if last else "first", recipient, "en", data)
        if mail_id is None:
            raise ConcurrentChange("another worker is telling the operator")
        return uow.alerts.mark_told(mail_id, [alert.occasion for alert in told])


def _row(alert: Alert) -> dict[str, str]:
    return {
        "kind": alert.kind.value,
        "subject": alert.subject,
        "why": alert.why,
        "at": f"{alert.raised_at:%Y-%m-%d %H:%M} UTC",
    }
