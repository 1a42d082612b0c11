"""What customers and operators are told of a subscription's life, each once for its occasion."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from billing.application.ports import PayLink
from billing.application.telling.alerts import raise_alert
from billing.application.telling.notifications import Postbox
from billing.application.unit_of_work import UnitOfWork
from billing.domain.alert import AlertKind
from billing.domain.dunning import DunningPolicy
from billing.domain.invoice import Invoice
from billing.domain.mail import MailData, MailKind
from billing.domain.subscription import Subscription, SubscriptionStatus


@dataclass(frozen=True)
class SubscriptionNotices:
    """One method for each occasion, called within the caller's unit as often as it likes: the first call counts.

    Without a `pay_link` nobody is sent to a page of ours.
    """

    post: Postbox
    dunning: DunningPolicy
    pay_link: PayLink | None = None

    def past_due(self, uow: UnitOfWork, subscription: Subscription, invoice: Invoice | None = None) -> None:
        """A period was not paid: until when it is served all the same, and where to pay."""
        kind = MailKind.PAYMENT_ACTION_NEEDED if invoice and invoice.needs_customer else MailKind.SUBSCRIPTION_PAST_DUE
        since = subscription.past_due_since
        data = self._owed(uow, subscription, invoice, since and since + self.dunning.grace)
        self._tell(uow, kind, unpaid(subscription, invoice), subscription, data)

    def suspended(self, uow: UnitOfWork, subscription: Subscription, invoice: Invoice | None = None) -> None:
        """Service has stopped until somebody pays, and when it ends."""
        since = subscription.past_due_since
        data = self._owed(uow, subscription, invoice, since and since + self.dunning.end_after)
        self._tell(uow, MailKind.SUBSCRIPTION_SUSPENDED, unpaid(subscription, invoice), subscription, data)

    def ended(self, uow: UnitOfWork, subscription: Subscription, cause: str) -> None:
        """It is over: `cancelled` by wish, `unpaid`, or nobody knows why."""
        self._tell(uow, MailKind.SUBSCRIPTION_ENDED, subscription.id, subscription, {"cause": cause})

    def plan_changed(self, uow: UnitOfWork, subscription: Subscription) -> None:
        """Another plan at another price."""
        occasion = f"{subscription.id}:{subscription.priced_since:%Y%m%d%H%M%S}"
        self._tell(uow, MailKind.PLAN_CHANGED, occasion, subscription, {"price": str(subscription.price)})

    def _owed(
        self, uow: UnitOfWork, subscription: Subscription, invoice: Invoice | None, until: datetime | None
    ) -> MailData:
        return {
            "amount": str(invoice.total if invoice else subscription.price),
            "link": self.pay_link(subscription.id) if self.pay_link else "",
            "until": f"{until:%Y-%m-%d}" if until else "",
            "by_card": "yes" if subscription.gateway else "",
        }

    def _tell(self, uow: UnitOfWork, kind: MailKind, occasion: str, subscription: Subscription, data: MailData) -> None:
        if self.post.domain is None:
            return
        customer = uow.customers.get(subscription.customer_id)
        opened_by = uow.orders.of_item(subscription.item_id)
        named = {
            "name": customer.name,
            "order": uow.orders.get(opened_by).number if opened_by else "",
            "plan": subscription.plan,
            "domain": str(subscription.domain or ""),
            "cycle": subscription.cycle.value,
        }
        self.post.put(uow, kind, occasion, customer.email, customer.language, {**named, **data})


def unpaid(subscription: Subscription, invoice: Invoice | None) -> str:
    """What is owed, by an id of its own: an invoice, or the period after the last one that was paid."""
    return invoice.id if invoice else f"{subscription.id}:{subscription.periods}"


@dataclass(frozen=True)
class MoveSubscription:
    """Moves a subscription that the caller holds, and tells who must know of what became of it."""

    notices: SubscriptionNotices

    def __call__(self, uow: UnitOfWork, subscription: Subscription, move: Callable[[], object]) -> None:
        """The customer is told of an end and of another plan or price, a person of what is new among the concerns."""
        was_over, was_due = subscription.is_over, subscription.past_due_since
        agreed, doubts = (subscription.plan, subscription.price), subscription.concerns
        move()
        if subscription.is_over and not was_over:
            self.notices.ended(uow, subscription, _cause(subscription, was_due))
        if (subscription.plan, subscription.price) != agreed:
            self.notices.plan_changed(uow, subscription)
        for topic, why in subscription.concerns.items():
            if doubts.get(topic) != why:
                raise_doubt(uow, subscription, why, f"{uow.now():%Y-%m-%d}:{topic}")


def raise_doubt(uow: UnitOfWork, subscription: Subscription, why: str, once: str) -> bool:
    """A person must look at how it is billed."""
    return raise_alert(uow, AlertKind.SUBSCRIPTION_NEEDS_ATTENTION, subscription.id, why, once=once)


def _cause(subscription: Subscription, was_due: datetime | None) -> str:
    if subscription.status is SubscriptionStatus.CANCELLED or subscription.cancel_at_period_end:
        return "cancelled"
    return "unpaid" if was_due else ""
