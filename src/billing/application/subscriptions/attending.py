"""A person decides about a subscription that asks for attention."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from billing.application.ledger import Ledger
from billing.application.outcomes import Deadline
from billing.application.ports import Clock
from billing.application.provider_ports import RecurringBilling
from billing.application.subscriptions.billers import biller
from billing.application.subscriptions.renewing import WriteRenewal
from billing.application.subscriptions.subscription_notices import MoveSubscription
from billing.application.unit_of_work import UnitOfWork
from billing.domain.facts import BillingStands
from billing.domain.subscription import Subscription


class Answer(StrEnum):
    """What a person says to what the provider did."""

    ACCEPT = "accept"  # it stands: its plan and price are ours, and what was paid renews
    REFUSE = "refuse"  # it does not: what was paid goes back


@dataclass(frozen=True)
class ResolveSubscription:
    """Take what a provider did with a subscription for what is agreed, or pay back what came of it."""

    ledger: Ledger
    billing: Mapping[str, RecurringBilling]
    renew: WriteRenewal
    move: MoveSubscription
    clock: Clock
    call_deadline_seconds: float
    monotonic: Callable[[], float]

    def __call__(self, subscription_id: str, answer: Answer, by: str) -> Subscription:
        """Nobody need look at it any more; what its provider does next may ask anew. A repeat changes nothing."""
        subscription = self.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))
        stands = self._ask(subscription) if answer is Answer.ACCEPT and not subscription.is_over else None
        return self.ledger.write(by, lambda uow: self._resolve(uow, subscription_id, answer, stands))

    def _ask(self, subscription: Subscription) -> BillingStands | None:
        if subscription.gateway is None or subscription.billing_ref is None:
            return None
        deadline = Deadline.after(self.call_deadline_seconds, self.monotonic)
        return biller(self.billing, subscription.gateway).read(subscription.billing_ref, deadline)

    def _resolve(
        self, uow: UnitOfWork, subscription_id: str, answer: Answer, stands: BillingStands | None
    ) -> Subscription:
        subscription = uow.subscriptions.lock(subscription_id)
        decide = self.renew if answer is Answer.ACCEPT else self.renew.refuse
        for invoice in uow.invoices.of_subscription(subscription_id):
            if invoice.attention is not None:
                decide(uow, subscription, invoice)
        if stands is not None:
            self.move(uow, subscription, lambda: subscription.adopt(stands, self.clock()))
        for topic in list(subscription.concerns):
            subscription.mind(topic, None)
        return subscription
