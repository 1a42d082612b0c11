"""Which provider bills a subscription by itself."""

from collections.abc import Mapping

from billing.application.outcomes import NeedsPerson
from billing.application.provider_ports import RecurringBilling


def biller(billing: Mapping[str, RecurringBilling], gateway: str) -> RecurringBilling:
    """By its gateway's name; NeedsPerson where that was taken out of the settings: it may go on charging there."""
    if gateway not in billing:
        raise NeedsPerson(f"{gateway} bills it, and is not set up")
    return billing[gateway]
