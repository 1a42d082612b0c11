"""Which provider bills a subscription by itself, and how long it is waited for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from billing.application.outcomes import NeedsPerson
from billing.application.provider_ports import RecurringBilling


@dataclass(frozen=True)
class BillerLimits:
    """How long it is waited for within a request, and when a job finds out what became of what it was asked."""

    recover_after: timedelta
    call_deadline_seconds: float


def biller(billing: Mapping[str, RecurringBilling], gateway: str) -> RecurringBilling:
    """By its gateway's name; NeedsPerson where that was taken out of the settings: it may go on charging there."""
    if gateway not in billing:
        raise NeedsPerson(f"{gateway} bills it, and is not set up")
    return billing[gateway]
