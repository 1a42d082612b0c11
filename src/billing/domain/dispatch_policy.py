"""Which jobs a paid order needs: decided by item, never by the kind of order or the way it was paid."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from billing.domain.job import JobKind, JobRequest
from billing.domain.order import Order
from billing.domain.order_item import ItemStatus
from billing.domain.purchase import (
    DomainRegistration,
    DomainRenewal,
    Hosting,
    Purchase,
    SubscriptionRenewal,
)

DELIVERIES: Mapping[type[Purchase], JobKind] = {
    DomainRegistration: JobKind.REGISTER_DOMAIN,
    DomainRenewal: JobKind.RENEW_DOMAIN,
    Hosting: JobKind.ACTIVATE_SUBSCRIPTION,
    SubscriptionRenewal: JobKind.RENEW_SUBSCRIPTION,
}
"""The job that delivers each kind of purchase."""


@dataclass(frozen=True)
class DispatchPolicy:
    """One delivery job for every item that is due; the same order always names the same jobs.

    >>> from billing.domain.purchase import Hosting
    >>> DispatchPolicy().deliveries[Hosting].value
    'activate_subscription'
    """

    deliveries: Mapping[type[Purchase], JobKind] = field(default_factory=lambda: DELIVERIES)

    def jobs_for(self, order: Order) -> list[JobRequest]:
        """The jobs that the order's due items need, in the order's own sequence."""
        return [
            JobRequest(self.deliveries[type(item.what)], item.id)
            for item in order.items
            if item.status is ItemStatus.DUE
        ]
