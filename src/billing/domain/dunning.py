"""How long an unpaid subscription is served, and when it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from billing.domain.subscription import Subscription, SubscriptionStatus


class Stage(StrEnum):
    """What is due about a subscription that nobody pays for."""

    SUSPEND = "suspend"
    END = "end"


@dataclass(frozen=True)
class DunningPolicy:
    """Service goes on for `grace` after a payment failed or was not made; `end_after` it the subscription is over.

    >>> DunningPolicy(grace=timedelta(days=7), end_after=timedelta(days=30)).grace.days
    7
    """

    grace: timedelta
    end_after: timedelta

    def due(self, subscription: Subscription, at: datetime) -> Stage | None:
        """What is to be done about it at that moment."""
        since = subscription.past_due_since
        if since is None or subscription.is_over:
            return None
        if at >= since + self.end_after:
            return Stage.END
        if at >= since + self.grace and subscription.status is SubscriptionStatus.PAST_DUE:
            return Stage.SUSPEND
        return None

    def next_look(self, subscription: Subscription, at: datetime) -> datetime:
        """When something may be due after that moment: the next stage, or within a day what is due already."""
        since = subscription.past_due_since or at
        later = (moment for moment in (since + self.grace, since + self.end_after) if moment > at)
        return min((at + timedelta(days=1), *later)) if self.due(subscription, at) else min(later)

    def suspended_on(self, subscription: Subscription) -> datetime | None:
        """Until when it is served unpaid."""
        return None if subscription.past_due_since is None else subscription.past_due_since + self.grace
