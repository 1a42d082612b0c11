"""What banks question and take back: every dispute is taken into the ledger here, with all that follows from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from billing.application.deliveries.delivery import is_held
from billing.application.money.paying_back import PayBack, bill_no_more, free_names
from billing.application.outcomes import NeedsPerson
from billing.application.parts import attempt_of, bound
from billing.application.ports import Clock, Ids
from billing.application.telling.alerts import raise_alert
from billing.application.unit_of_work import UnitOfWork
from billing.domain.alert import AlertKind
from billing.domain.covering import covered_by, undelivered
from billing.domain.dispatch_policy import DispatchPolicy
from billing.domain.dispute import Dispute, DisputeStatus
from billing.domain.dispute_policy import DisputePolicy
from billing.domain.disputing import take_dispute
from billing.domain.facts import DisputeStands
from billing.domain.job import Job, JobKind, JobRequest, JobStatus
from billing.domain.order import Order
from billing.domain.order_item import ItemStatus
from billing.domain.payment import Payment

_AT_ONCE = timedelta()


@dataclass(frozen=True)
class TakeDispute:
    """Take one dispute as it stands into the ledger, within the caller's unit: once, however often it is told.

    While it stands nothing is begun and nothing goes back for its payment, and hosting is suspended by a job. What
    waited goes on when it is decided.
    """

    policy: DisputePolicy
    dispatch: DispatchPolicy
    pay_back: PayBack
    ids: Ids
    clock: Clock

    def __call__(self, uow: UnitOfWork, gateway: str, fact: DisputeStands) -> Payment | None:
        """The payment it is about; None where no payment of ours is meant, or one not known as paid."""
        payment_id = attempt_of(uow, gateway, fact)
        order_id = uow.orders.of_payment(payment_id) if payment_id else None
        if payment_id is None or order_id is None:
            return None
        deliveries = self._lock_deliveries(uow, order_id)
        order = uow.orders.lock(order_id)
        payment = bound(order, payment_id, gateway, fact)
        if payment.received is None:
            return None
        if fact.amount.currency != payment.received.currency:
            raise NeedsPerson(f"{payment.gateway} tells of {fact.amount} disputed of {payment.received}")
        self._take(uow, order, payment, fact, deliveries)
        return payment

    def _lock_deliveries(self, uow: UnitOfWork, order_id: str) -> Sequence[Job]:
        """Those that may wait for the bank; as every job they are locked before the order."""
        wanted = sorted(self.dispatch.jobs_for(uow.orders.get(order_id)), key=lambda wanted: wanted.dedup_key)
        return [job for one in wanted if (job := uow.jobs.lock_for(one)) is not None]

    def _take(
        self, uow: UnitOfWork, order: Order, payment: Payment, fact: DisputeStands, deliveries: Sequence[Job]
    ) -> None:
        was_contested, was_lost = payment.contested is not None, payment.is_lost
        begun = {item.id for item in order.items if item.status is ItemStatus.IN_PROGRESS}
        dispute, is_further = take_dispute(order, payment, self.ids("dsp"), fact, self.clock())
        # Told once more it may call off what was given up since.
        free_names(uow, order, dispute.item_ids)
        bill_no_more(uow, order, payment)
        if not is_further and payment.is_lost is was_lost:
            _tell_of_doubt(uow, order, dispute, fact)
            return
        doubtful = [str(item.what) for item in covered_by(order, dispute.item_ids) if item.id in begun]
        _tell(uow, order, dispute, doubtful)
        is_settled = was_contested and payment.contested is None
        if payment is order.paying:
            self._see_to_hosting(uow, order, payment, dispute, is_settled)
        if is_settled:
            self._go_on(uow, order, payment, deliveries)
        order.derive_status()

    def _see_to_hosting(
        self, uow: UnitOfWork, order: Order, payment: Payment, dispute: Dispute, is_settled: bool
    ) -> None:
        """It stops for each dispute, and runs again or ends when all of them are decided."""
        if dispute.stands and self.policy.suspends:
            _request(uow, JobKind.SUSPEND_SUBSCRIPTION, order, [dispute])
        elif payment.is_lost and self.policy.ends:
            _request(uow, JobKind.END_SUBSCRIPTION, order, [dispute])
        elif is_settled:
            _request(uow, JobKind.RESTORE_SUBSCRIPTION, order, payment.disputes)

    def _go_on(self, uow: UnitOfWork, order: Order, payment: Payment, deliveries: Sequence[Job]) -> None:
        """The bank has decided: what is owed goes back, and what is still paid for is delivered."""
        if payment is order.paying:
            for item in undelivered(order):
                self.pay_back.undelivered(uow, order, item)
        if payment.surplus:
            self.pay_back.surplus(uow, order, payment)
        for job in deliveries:
            if is_held(job):
                order.resume_item(job.subject)
            if is_held(job) or job.status is JobStatus.RUNNING:
                job.wake(uow.now(), _AT_ONCE)
                uow.jobs.ring(job)


def _request(uow: UnitOfWork, kind: JobKind, order: Order, disputes: Iterable[Dispute]) -> None:
    for dispute in disputes:
        for subject in hosting_subjects(order, dispute):
            uow.jobs.request(JobRequest(kind, subject))


def hosting_subjects(order: Order, dispute: Dispute) -> list[str]:
    """What the jobs are about that stop, restore or end the subscriptions which its items have opened or renewed."""
    held = sorted({item.subscription_id for item in order.items if item.subscription_id})
    return [f"{subscription_id}:{dispute.id}" for subscription_id in held]


def _tell(uow: UnitOfWork, order: Order, dispute: Dispute, doubtful: Sequence[str]) -> None:
    about = f"order {order.number}, payment {dispute.payment_id}: {dispute.told}"
    for what in doubtful:
        about += f"; {what} was given up and may be delivered all the same"
    if not dispute.is_open:
        raise_alert(uow, AlertKind.DISPUTE_DECIDED, dispute.id, about, once=dispute.status)
    elif dispute.status in (DisputeStatus.INQUIRY, DisputeStatus.UNKNOWN):
        raise_alert(uow, AlertKind.DISPUTE_OPENED, dispute.id, about, once=dispute.status)
    else:
        raise_alert(uow, AlertKind.DISPUTE_OPENED, dispute.id, about)


def _tell_of_doubt(uow: UnitOfWork, order: Order, dispute: Dispute, told: DisputeStands) -> None:
    """What can't be late news: a status that we do not know, and another decision than the one that was told."""
    about = f"order {order.number}, payment {dispute.payment_id}: {dispute.told}; by now it is told as {told.why}"
    if told.status is DisputeStatus.UNKNOWN and dispute.status is not told.status:
        raise_alert(uow, AlertKind.DISPUTE_OPENED, dispute.id, about, once=told.status)
    elif (
        dispute.is_decided
        and told.status in (DisputeStatus.WON, DisputeStatus.LOST)
        and told.status is not dispute.status
    ):
        raise_alert(uow, AlertKind.DISPUTE_DECIDED, dispute.id, about, once=f"{dispute.status}, then {told.status}")
