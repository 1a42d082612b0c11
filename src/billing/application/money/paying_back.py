"""What is owed back, within the caller's unit: every refund is written here together with the job that pays it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from billing.application.outcomes import NeedsPerson
from billing.application.parts import lock_attempt
from billing.application.ports import Clock, Ids
from billing.application.subscriptions.billing_jobs import end_of, end_with_billing
from billing.application.telling.alerts import raise_alert, raise_not_delivered, raise_refund_failed
from billing.application.telling.notifications import Notices
from billing.application.unit_of_work import UnitOfWork
from billing.domain import repayment
from billing.domain.alert import AlertKind
from billing.domain.covering import covered_by, is_over
from billing.domain.facts import Fact, RefundFact, RefundFailed, RefundSucceeded
from billing.domain.job import JobKind, JobRequest
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.order_item import ItemStatus, OrderItem
from billing.domain.order_status import is_repaid
from billing.domain.payment import Payment
from billing.domain.refund import Refund, RefundStatus
from billing.domain.refund_policy import RefundPolicy


class RecordsFacts(Protocol):
    """The one road of every proven fact (`TakeFact`), as its callers see it."""

    def __call__(self, uow: UnitOfWork, gateway: str, fact: Fact) -> object | None: ...


def refund_job(refund_id: str) -> JobRequest:
    """The one job that pays this refund."""
    return JobRequest(JobKind.REFUND_PAYMENT, refund_id)


@dataclass(frozen=True)
class PayBack:
    """Owes, asks for and settles refunds of an order that the caller holds."""

    policy: RefundPolicy
    notices: Notices
    ids: Ids
    clock: Clock

    def undelivered(self, uow: UnitOfWork, order: Order, item: OrderItem) -> Refund | None:
        """An item failed: its price goes back by itself, or it waits for a person; customer and operator are told.

        What cost nothing needs neither.
        """
        refund = None
        if self.policy.compensates or not item.price.minor:
            refund = repayment.owe_item(order, item, self.ids("ref"), self.clock())
        needs_nobody = item.status is ItemStatus.REFUNDED or is_repaid(item, order.payments)
        self.notices.item_failed(uow, order, item, paid_back=needs_nobody)
        raise_not_delivered(uow, order, item)
        return self._promised(uow, refund)

    def surplus(self, uow: UnitOfWork, order: Order, payment: Payment) -> Refund | None:
        """Nothing needs this money, nor the billing that began with it."""
        _end_billing(uow, payment)
        return self._promised(uow, repayment.owe_surplus(order, payment, self.ids("ref"), self.clock()))

    def request(
        self, payment_id: str, amount: Money | None, item_ids: Sequence[str], reason: str, uow: UnitOfWork
    ) -> tuple[Payment, Refund]:
        """Somebody asked."""
        order, payment = lock_attempt(uow, payment_id)
        refund = repayment.request_refund(
            order, payment, self.ids("ref"), self.clock(), amount=amount, item_ids=item_ids, reason=reason
        )
        free_names(uow, order, refund.item_ids)
        bill_no_more(uow, order, payment)
        self._promised(uow, refund)
        return payment, refund

    def _promised(self, uow: UnitOfWork, refund: Refund | None) -> Refund | None:
        if refund is not None:
            uow.jobs.request(refund_job(refund.id))
        return refund

    # ------------------------------------------------------------------ how it ended

    def succeeded(self, uow: UnitOfWork, order: Order, refund: Refund, why: str) -> bool:
        """The money is on its way, the customer is told, and hosting ends if the policy says so; False for a repeat."""
        news = repayment.refund_succeeded(order, refund, why)
        if news and self.policy.ends_hosting:
            _end_hosting(uow, order, refund)
        if news:
            self.notices.refunded(uow, order, refund)
        return news

    def take(self, uow: UnitOfWork, order: Order, payment: Payment, fact: RefundFact) -> Refund:
        """Settle the refund that is meant, and name it; one made at the provider is adopted."""
        refund = refund_meant(payment, fact) or self._adopt(uow, order, payment, fact)
        refund.bind(fact.refund_ref)
        news = refund.is_pending
        match fact:
            case RefundSucceeded():
                self.succeeded(uow, order, refund, f"{fact.amount} paid back")
            case RefundFailed(why=why):
                was_told = refund.status is RefundStatus.SUCCEEDED
                if repayment.refund_failed(order, refund, why):
                    raise_refund_failed(uow, order, refund, why)
                    if was_told:
                        self.notices.refund_returned(uow, order, refund)
        if news and fact.amount != refund.amount:
            refund.park(f"the provider tells of {fact.amount}")
            raise_alert(
                uow, AlertKind.REFUND_DIFFERS, refund.id, f"order {order.number}, {refund.amount}: {refund.attention}"
            )
            order.derive_status()
        return refund

    def _adopt(self, uow: UnitOfWork, order: Order, payment: Payment, fact: RefundFact) -> Refund:
        new, now = self.ids("ref"), self.clock()
        begun = {item.id for item in order.items if item.status is ItemStatus.IN_PROGRESS}
        if payment.received is None or fact.amount.currency != payment.received.currency:
            raise NeedsPerson(f"{payment.gateway} tells of {fact.amount} paid back of {payment.received}")
        if isinstance(fact, RefundFailed):
            refund = repayment.adopt_failed_refund(payment, new, fact.amount, now)
        else:
            refund = repayment.adopt_refund(order, payment, new, fact.amount, now, _named(payment, fact))
            free_names(uow, order, refund.item_ids)
            bill_no_more(uow, order, payment)
        about = f"order {order.number}: {fact.amount} of payment {payment.id}"
        for item in order.items:
            if item.id in begun and item.id in refund.item_ids:
                about += f"; {item.what} was given up and may be delivered all the same"
        raise_alert(uow, AlertKind.REFUND_MADE_ELSEWHERE, refund.id, about)
        return refund


def _named(payment: Payment, fact: RefundFact) -> Refund | None:
    return next((refund for refund in payment.refunds if refund.id == fact.refund_id), None)


def refund_meant(payment: Payment, fact: RefundFact) -> Refund | None:
    """By the provider's id, else by ours; not one that we gave up before the provider had told of it: money moved."""
    known = next((refund for refund in payment.refunds if refund.refund_ref == fact.refund_ref), None)
    named = _named(payment, fact)
    if known is not None or named is None or named.refund_ref is not None:
        return known
    return named if named.is_live or isinstance(fact, RefundFailed) else None


def free_names(uow: UnitOfWork, order: Order, item_ids: Sequence[str]) -> None:
    """A renewal that is called off frees its name for the next one; names are locked in their own order."""
    called_off = [item for item in covered_by(order, item_ids) if is_over(item)]
    for item in sorted(called_off, key=lambda item: str(item.domain)):
        held = uow.registrations.lock_name(item.domain) if item.domain is not None else None
        if held is not None:
            held.free_slot(item.id)


def _end_hosting(uow: UnitOfWork, order: Order, refund: Refund) -> None:
    for item in order.items:
        opened = item.status is ItemStatus.FULFILLED and item.opens_subscription and item.subscription_id
        if item.id in refund.item_ids and opened:
            end_with_billing(uow, uow.subscriptions.lock(opened), "its price was paid back")


def bill_no_more(uow: UnitOfWork, order: Order, payment: Payment) -> None:
    """What was called off before it was delivered is not billed on either."""
    called_off = (item for item in order.items if item.opens_subscription and is_over(item))
    if payment is order.paying and any(called_off):
        _end_billing(uow, payment)


def _end_billing(uow: UnitOfWork, payment: Payment) -> None:
    if payment.billing_ref is not None:
        uow.jobs.request(end_of(payment.gateway, payment.billing_ref))
