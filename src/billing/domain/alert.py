"""An alert: something that an operator must know, kept once for each occasion and told together with others."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertKind(StrEnum):
    """What kind of trouble it is."""

    JOB_DEAD = "job_dead"
    MAIL_DEAD = "mail_dead"
    EVENT_FAILED = "event_failed"
    EVENT_UNMATCHED = "event_unmatched"
    PAYMENT_NEEDS_ATTENTION = "payment_needs_attention"
    SUBSCRIPTION_NEEDS_ATTENTION = "subscription_needs_attention"
    NOT_DELIVERED = "not_delivered"
    REFUND_FAILED = "refund_failed"
    REFUND_MADE_ELSEWHERE = "refund_made_elsewhere"
    REFUND_DIFFERS = "refund_differs"
    REFUND_BY_HAND = "refund_by_hand"
    HINT_CONTRADICTED = "hint_contradicted"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_DECIDED = "dispute_decided"
    REGISTRAR_OUT_OF_FUNDS = "registrar_out_of_funds"
    ACCOUNT_REFUSED = "account_refused"
    PROVIDER_UNREACHABLE = "provider_unreachable"
    BOOKS_DIFFER = "books_differ"
    RENEWAL_NOT_OFFERED = "renewal_not_offered"
    NAME_AT_RISK = "name_at_risk"
    NAME_LOST = "name_lost"


@dataclass(eq=False, kw_only=True)
class Alert:
    """One occasion on which a person is needed.

    >>> from datetime import UTC
    >>> alert = Alert.about(AlertKind.REGISTRAR_OUT_OF_FUNDS, "epp", "EPP 2104", datetime(2027, 1, 31, tzinfo=UTC),
    ...                     once="2027-01-31")
    >>> alert.occasion
    'registrar_out_of_funds:epp:2027-01-31'

    `subject` is the id or name of what it is about, `told_by` the mail that told it.
    """

    occasion: str
    kind: AlertKind
    subject: str
    why: str
    raised_at: datetime
    told_by: str | None = None
    version: int = 1

    @classmethod
    def about(cls, kind: AlertKind, subject: str, why: str, raised_at: datetime, once: str | None = None) -> "Alert":
        """A new one; of the same kind, subject and `once` (a day, a claim) there is one for ever."""
        occasion = f"{kind}:{subject}:{once}" if once else f"{kind}:{subject}"
        return cls(occasion=occasion, kind=kind, subject=subject, why=why, raised_at=raised_at)
