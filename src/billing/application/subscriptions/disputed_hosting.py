"""Hosting whose payment a bank questions: suspended while it does, and then restored or ended; by jobs, each once."""

from collections.abc import Mapping
from dataclasses import dataclass

from billing.application.parts import lock_dispute
from billing.application.subscriptions.billing_jobs import end_with_billing
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.dispute import Dispute
from billing.domain.job import Job
from billing.domain.payment import Payment
from billing.domain.subscription import Subscription


@dataclass(frozen=True)
class ByCause(Handler):
    """Service is stopped and ended for several causes: each has its handler, by how its ids begin; or there is one."""

    causes: Mapping[str, Handler]
    otherwise: Handler

    def __call__(self, run: Run) -> Record:
        """As its cause has it."""
        return self._of(run.subject)(run)

    def put_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The same."""
        self._of(job.subject).put_off(uow, job, why)

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The same."""
        self._of(job.subject).refused(uow, job, why)

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The same."""
        self._of(job.subject).buried(uow, job, why)

    def revived(self, uow: UnitOfWork, job: Job) -> None:
        """The same."""
        self._of(job.subject).revived(uow, job)

    def called_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The same."""
        self._of(job.subject).called_off(uow, job, why)

    def _of(self, subject: str) -> Handler:
        """`sub_1:dsp_1` is for `dsp`."""
        return self.causes.get(subject.partition(":")[2].partition("_")[0], self.otherwise)


@dataclass(frozen=True)
class _OfDispute(Handler):
    """A move of our own, by how the dispute stands when it is made: it may have been decided meanwhile."""

    def __call__(self, run: Run) -> Record:
        """Nothing outside is called."""
        subscription_id, dispute_id = run.subject.split(":")

        def record(uow: UnitOfWork) -> None:
            payment, dispute = lock_dispute(uow, dispute_id)
            self.move(uow, uow.subscriptions.lock(subscription_id), payment, dispute)

        return record

    def move(self, uow: UnitOfWork, subscription: Subscription, payment: Payment, dispute: Dispute) -> None:
        """What the subscription is to be, as the dispute stands."""
        raise NotImplementedError


class SuspendDisputed(_OfDispute):
    """No service while the dispute stands."""

    def move(self, uow: UnitOfWork, subscription: Subscription, payment: Payment, dispute: Dispute) -> None:
        """Nothing where it was decided meanwhile."""
        if dispute.stands:
            subscription.hold(dispute.id, f"its payment is disputed: {dispute.reason}")


class RestoreDisputed(_OfDispute):
    """Service goes on, unless another reason holds it."""

    def move(self, uow: UnitOfWork, subscription: Subscription, payment: Payment, dispute: Dispute) -> None:
        """Nothing where it was never suspended for this."""
        if not dispute.stands:
            subscription.release(dispute.id, f"the dispute about its payment is {dispute.status}")


class EndDisputed(_OfDispute):
    """Its payment is lost."""

    def move(self, uow: UnitOfWork, subscription: Subscription, payment: Payment, dispute: Dispute) -> None:
        """A provider that bills it by itself is told to stop."""
        if payment.is_lost:
            end_with_billing(uow, subscription, f"its payment was lost in a dispute: {dispute.reason}")
