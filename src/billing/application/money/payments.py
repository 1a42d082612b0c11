"""One road for every proven payment: whichever provider told it, however often, in whatever order."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.application.money.paying_back import PayBack, refund_job
from billing.application.parts import attempt_of, bound
from billing.application.ports import Clock, Telemetry
from billing.application.telling.alerts import raise_alert
from billing.application.telling.notifications import Notices
from billing.application.unit_of_work import UnitOfWork
from billing.domain.alert import AlertKind
from billing.domain.dispatch_policy import DispatchPolicy
from billing.domain.errors import NameHeld
from billing.domain.facts import (
    PaymentCancelled,
    PaymentDeclined,
    PaymentExpired,
    PaymentFailed,
    PaymentNeedsCustomer,
    PaymentNews,
    PaymentPending,
    PaymentSucceeded,
    RefundFact,
)
from billing.domain.job import JobKind, JobRequest, JobStatus
from billing.domain.order import Order, Settlement
from billing.domain.order_item import ItemStatus
from billing.domain.payment import Payment
from billing.domain.purchase import DomainRegistration


@dataclass(frozen=True)
class RecordFact:
    """Take one fact into the ledger, within the caller's unit: the payment settles, the order moves, jobs follow."""

    policy: DispatchPolicy
    pay_back: PayBack
    clock: Clock
    telemetry: Telemetry
    notices: Notices

    def __call__(self, uow: UnitOfWork, gateway: str, fact: PaymentNews) -> Payment | None:
        """The payment it was about; None where no payment of ours is meant, or a refund of one not known as paid.

        NeedsPerson where the provider has told of that payment by another id.
        """
        payment_id = attempt_of(uow, gateway, fact)
        order_id = uow.orders.of_payment(payment_id) if payment_id else None
        if payment_id is None or order_id is None:
            return None
        wanted = _answered(payment_id, fact)
        asking = uow.jobs.lock_for(wanted) if wanted else None
        order = uow.orders.lock(order_id)
        payment = bound(order, payment_id, gateway, fact)
        if isinstance(fact, RefundFact):
            if not payment.has_money:
                return None
            refund = self.pay_back.take(uow, order, payment, fact)
            if asking is not None and refund.id == asking.subject and not refund.is_pending:
                asking.finish_early("its refund is decided", uow.now())
            return payment
        self._apply(uow, order, payment, fact)
        order.derive_status()
        if asking is not None and (payment.has_money or (asking.status is JobStatus.DEAD and not payment.is_open)):
            # One that still waits goes on after a failure: a late success counts.
            known = "paid" if payment.has_money else payment.status
            asking.finish_early(f"its payment is known to be {known}", uow.now())
        return payment

    def hold_jobs(self, uow: UnitOfWork, gateway: str, facts: Sequence[PaymentNews]) -> None:
        """Lock the jobs that several facts answer, before the first of them locks its order."""
        found = [(attempt_of(uow, gateway, fact), fact) for fact in facts]
        answered = {wanted for payment_id, fact in found if payment_id and (wanted := _answered(payment_id, fact))}
        for wanted in sorted(answered, key=lambda wanted: wanted.dedup_key):
            uow.jobs.lock_for(wanted)

    def _apply(self, uow: UnitOfWork, order: Order, payment: Payment, fact: PaymentNews) -> None:
        match fact:
            case PaymentSucceeded(received=received):
                settlement = order.record_success(payment, received, self.clock())
                uow.report(self.telemetry.event, "payment_settled", payment_id=payment.id, settlement=settlement)
                self.follow(uow, order, payment, settlement)
            case PaymentDeclined(why=why):
                payment.note(why)
            case PaymentNeedsCustomer(why=why):
                if payment.await_customer(why):
                    self.notices.payment_needs_customer(uow, order, payment)
            case PaymentFailed(why=why):
                self.fail(uow, order, payment, why)
            case PaymentCancelled(why=why):
                payment.cancel(why)
            case PaymentExpired():
                payment.expire("its page was closed unpaid")
            case PaymentPending(under_way=True):
                payment.wait()

    def fail(self, uow: UnitOfWork, order: Order, payment: Payment, why: str) -> None:
        """The attempt is over without money, and the customer is told; nothing where it has ended before."""
        if payment.fail(why):
            order.derive_status()
            self.notices.payment_failed(uow, order, payment)

    def follow(self, uow: UnitOfWork, order: Order, payment: Payment, settlement: Settlement) -> None:
        """What a settled payment makes necessary: deliveries, a refund, or a person."""
        if settlement is Settlement.LATE:
            _revive(uow, order, self.pay_back)
        if settlement in (Settlement.PAID, Settlement.LATE):
            for wanted in self.policy.jobs_for(order):
                uow.jobs.request(wanted)
            self.notices.order_paid(uow, order)
        if settlement is Settlement.SURPLUS:
            self.pay_back.surplus(uow, order, payment)
        if settlement is Settlement.MISMATCHED:
            raise_alert(uow, AlertKind.PAYMENT_NEEDS_ATTENTION, payment.id, f"order {order.number}: {payment.why}")


def _answered(payment_id: str, fact: PaymentNews) -> JobRequest | None:
    """The job that would ask what this fact tells; it is locked before the order, as every job is."""
    match fact:
        case PaymentSucceeded() | PaymentFailed() | PaymentCancelled() | PaymentExpired():
            return JobRequest(JobKind.CHECK_PAYMENT, payment_id)
        case RefundFact(refund_id=str(refund_id)):
            return refund_job(refund_id)
    return None


def _revive(uow: UnitOfWork, order: Order, pay_back: PayBack) -> None:
    """Deliver after expiry what can still be had: a name that somebody else holds by now fails, and is paid back."""
    for item in order.items:
        if item.status is not ItemStatus.CANCELLED:
            continue
        try:
            with uow.savepoint():
                if isinstance(item.what, DomainRegistration) and uow.registrations.of_name(item.what.domain):
                    raise NameHeld(str(item.what.domain))
                order.revive_item(item.id)
        except NameHeld as held:
            order.fail_item(item.id, f"paid after expiry, and {held}")
            pay_back.undelivered(uow, order, item)
