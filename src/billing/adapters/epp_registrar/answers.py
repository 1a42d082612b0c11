"""What a registry's answers say, in billing's words."""

from datetime import UTC, datetime

from epptools import Response

from billing.application.outcomes import NeedsPerson, RetryLater
from billing.application.ports import Availability, DomainInfo
from billing.domain.domain_name import DomainName

_PREMIUM = "premium"


def moment(text: str) -> datetime:
    """An EPP timestamp (RFC 5731 §2.4: UTC, or with its offset) as aware UTC; ValueError for anything else."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def availability(name: DomainName, answer: Response) -> Availability:
    """One name's part of a check; RetryLater where the answer is silent about it."""
    free = answer.is_available(name.value)
    if free is None:
        raise RetryLater(f"the registry did not say whether {name} is free", answered=True)
    why = answer.unavailable_reason(name.value)
    premium = bool(why and why.lower().startswith(_PREMIUM))
    return Availability(name=name, available=free and not premium, premium=premium, why=why)


def domain_info(name: DomainName, answer: Response, holder: str | None, pending: bool) -> DomainInfo:
    """A name as an info, create or renew answer shows it."""
    return DomainInfo(name=name, expires_at=_expiry(name, answer, pending), holder=holder, pending=pending)


def _expiry(name: DomainName, answer: Response, pending: bool) -> datetime:
    text = answer.expiry_date()
    if text is None and pending:
        # exDate is optional: a name that is yet to be granted may have none.
        text = answer.created_date()
    try:
        return moment(text or "")
    except (ValueError, OverflowError):
        raise NeedsPerson(f"the registry shows {text!r} as the expiry of {name}") from None
