"""A mail: what somebody is told, once for each occasion and recipient, whatever is retried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from billing.domain.errors import Conflict

MailData = Mapping[str, str | Sequence[Mapping[str, str]]]
"""What a template fills in: texts, and lists of rows of texts."""

_SENDINGS_MAX = 2
"""A mail that may have been sent is sent once more, under the same Message-ID, and then no more."""


class MailKind(StrEnum):
    """What a mail is about; each has its templates."""

    ORDER_RECEIVED = "order_received"
    ORDER_PAID = "order_paid"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_NEEDS_CUSTOMER = "payment_needs_customer"
    DOMAIN_REGISTERED = "domain_registered"
    DOMAIN_RENEWED = "domain_renewed"
    SUBSCRIPTION_ACTIVE = "subscription_active"
    SUBSCRIPTION_RENEWED = "subscription_renewed"
    SUBSCRIPTION_PAST_DUE = "subscription_past_due"
    PAYMENT_ACTION_NEEDED = "payment_action_needed"
    SUBSCRIPTION_SUSPENDED = "subscription_suspended"
    SUBSCRIPTION_ENDED = "subscription_ended"
    PLAN_CHANGED = "plan_changed"
    NOT_DELIVERED = "not_delivered"
    REFUNDED = "refunded"
    REFUND_RETURNED = "refund_returned"
    RENEWAL_DUE = "renewal_due"
    HOSTING_DUE = "hosting_due"
    RENEWAL_FAILED = "renewal_failed"
    NAME_EXPIRING = "name_expiring"
    NAME_EXPIRED = "name_expired"
    CARD_EXPIRING = "card_expiring"
    OPERATOR_ALERTS = "operator_alerts"


class MailStatus(StrEnum):
    """`sent`: a mail server has taken it. `dead`: given up until a person sends it on its way again."""

    QUEUED = "queued"
    SENT = "sent"
    DEAD = "dead"


def message_id(occasion: str, recipient: str, domain: str) -> str:
    """The Message-ID of a mail (RFC 5322 §3.6.4): of the same occasion and recipient always the same.

    >>> message_id("order_paid:ord_1", "ada@example.rw", "shop.example")
    '<69d1d668cf0da664416ce0b75396a8ae@shop.example>'
    """
    digest = sha256(f"{occasion}\n{recipient}".encode()).hexdigest()
    return f"<{digest[:32]}@{domain}>"


@dataclass(eq=False, kw_only=True)
class Mail:
    """One mail to one recipient, with all that it says fixed when it was written.

    >>> from datetime import UTC
    >>> mail = Mail.write(id="mail_1", kind=MailKind.ORDER_PAID, subject="ord_1", recipient="ada@example.rw",
    ...                   language="en", data={}, domain="shop.example", created_at=datetime(2027, 1, 31, tzinfo=UTC))
    >>> mail.occasion
    'order_paid:ord_1'
    >>> mail.begin(), mail.begin(), mail.begin()  # twice the answer was lost: it is not sent a third time
    (True, True, False)

    `subject` is the id of what it is about. `doubts` counts the sendings of which nobody knows whether they arrived.
    """

    id: str
    kind: MailKind
    subject: str
    recipient: str
    language: str
    data: MailData
    message_id: str
    created_at: datetime
    status: MailStatus = MailStatus.QUEUED
    why: str | None = None
    doubts: int = 0
    sent_at: datetime | None = None
    version: int = 1

    @classmethod
    def write(
        cls,
        *,
        id: str,
        kind: MailKind,
        subject: str,
        recipient: str,
        language: str,
        data: MailData,
        domain: str,
        created_at: datetime,
    ) -> "Mail":
        """A new one; `domain` is the sender's, for its Message-ID."""
        return cls(
            id=id,
            kind=kind,
            subject=subject,
            recipient=recipient,
            language=language,
            data=data,
            message_id=message_id(f"{kind}:{subject}", recipient, domain),
            created_at=created_at,
        )

    @property
    def occasion(self) -> str:
        """`order_paid:ord_1`: with the recipient it is unique for ever."""
        return f"{self.kind}:{self.subject}"

    def begin(self) -> bool:
        """It is about to be sent, and in doubt until more is known; False where it must not be sent again."""
        self._require_queued()
        if self.doubts >= _SENDINGS_MAX:
            return False
        self.doubts += 1
        return True

    def was_not_sent(self, why: str) -> None:
        """The sending that began last is known to have come to nothing."""
        self._require_queued()
        self.doubts, self.why = max(0, self.doubts - 1), why

    def send(self, at: datetime) -> None:
        """The mail server has taken it."""
        self._require_queued()
        self.status, self.why, self.doubts, self.sent_at = MailStatus.SENT, None, 0, at

    def die(self, why: str) -> None:
        """Given up until a person revives it; what was sent stays sent."""
        if self.status is not MailStatus.SENT:
            self.status, self.why = MailStatus.DEAD, why

    def revive(self) -> None:
        """A person wants it sent, whatever became of it before."""
        if self.status is not MailStatus.SENT:
            self.status, self.doubts = MailStatus.QUEUED, 0

    def _require_queued(self) -> None:
        if self.status is not MailStatus.QUEUED:
            raise Conflict(f"mail {self.id}", f"it is {self.status} and not to be sent")
