"""Pay back: what is owed is written down with the job that pays it, and settled by what the provider proves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from billing.application.deliveries.given_up import MakeSureUndelivered
from billing.application.ledger import Ledger
from billing.application.money.paying_back import PayBack, RecordsFacts, refund_job
from billing.application.outcomes import NotYet, Refused
from billing.application.parts import lock_refund, read_attempt, read_refund
from billing.application.ports import PaymentGateway
from billing.application.telling.alerts import raise_alert, raise_refund_failed
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.alert import AlertKind
from billing.domain.contact import line_problem
from billing.domain.errors import Conflict, Invalid
from billing.domain.job import Job, JobStatus
from billing.domain.money import Money
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment
from billing.domain.refund import Refund
from billing.domain.repayment import given_up, refund_failed

_WHY_CHARS_MAX = 500


@dataclass(frozen=True)
class RefundLimits:
    """How often a definitely refused refund is tried anew, after how long, and how often a slow one is asked about."""

    tries_max: int
    retry: timedelta
    poll: timedelta


@dataclass(frozen=True)
class RefundPayment(Handler):
    """Pay one refund at its provider: under the same key while the outcome is unknown, under a new one when refused.

    Where the provider offers none it is left to a person.
    """

    gateways: Mapping[str, PaymentGateway]
    record: RecordsFacts
    limits: RefundLimits

    def __call__(self, run: Run) -> Record:
        """Done when the provider has decided; what a person has settled meanwhile stays as it is."""
        payment, refund = run.ledger.read(lambda uow: read_refund(uow, run.subject))
        if not refund.is_pending:
            return lambda uow: None
        gateway = self.gateways[payment.gateway]
        if not gateway.manner.refunds:
            return partial(_leave_to_hand, refund_id=refund.id)
        try:
            facts = gateway.refund(payment, refund, run.deadline())
        except Refused as refusal:
            return partial(self._record_refusal, refund_id=refund.id, why=refusal.why)

        def record(uow: UnitOfWork) -> NotYet | None:
            for fact in facts:
                self.record(uow, payment.gateway, fact)
            if read_refund(uow, refund.id)[1].is_pending:
                return NotYet("the provider still works on the refund", self.limits.poll)
            return None

        return record

    def _record_refusal(self, uow: UnitOfWork, refund_id: str, why: str) -> NotYet | None:
        order, _, refund = lock_refund(uow, refund_id)
        if not refund.is_pending:
            return None
        if refund.try_no < self.limits.tries_max:
            refund.try_again(why)
            return NotYet(f"refused, to be tried anew: {why}", self.limits.retry)
        if refund_failed(order, refund, f"refused: {why}"):
            raise_refund_failed(uow, order, refund, why)
        return None

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """Nobody knows whether money went back: its sum stays reserved until somebody has found out."""
        order, _, refund = lock_refund(uow, job.subject)
        if refund.is_pending:
            refund.park(why)
            order.derive_status()

    def called_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The same."""
        self.buried(uow, job, f"its job was {why}")

    def revived(self, uow: UnitOfWork, job: Job) -> None:
        """The provider is asked again."""
        order, _, refund = lock_refund(uow, job.subject)
        if refund.is_pending:
            refund.unpark()
            order.derive_status()


def _leave_to_hand(uow: UnitOfWork, refund_id: str) -> None:
    order, payment, refund = lock_refund(uow, refund_id)
    if not refund.is_pending:
        return
    what = f"pay {refund.amount} back to {_payer(payment)}"
    refund.leave_to_hand(what)
    order.derive_status()
    raise_alert(uow, AlertKind.REFUND_BY_HAND, refund.id, f"order {order.number}: {what}")


def pay_to(payment: Payment, refund: Refund) -> str | None:
    """To whom a person pays a refund that the provider does not, in full; None where nobody has to."""
    if not refund.needs_hand:
        return None
    known = (payment.options.get("phone"), payment.options.get("name"), payment.payment_ref)
    return ", ".join(filter(None, known)) or None


def _payer(payment: Payment) -> str:
    """As logs and mails may name them; `pay_to` has the whole number."""
    phone = payment.options.get("phone", "")
    whom = f"{phone[:3]}***{phone[-2:]}" if phone else "whoever paid it"
    return f"{whom}, who paid {payment.gateway} {payment.payment_ref or payment.id}"


@dataclass(frozen=True)
class RequestRefund:
    """Somebody asks to pay back a sum, some items, or all that is left of a payment."""

    ledger: Ledger
    pay_back: PayBack
    make_sure_undelivered: MakeSureUndelivered

    def __call__(
        self, payment_id: str, amount: Money | None, item_ids: Sequence[str], reason: str, by: str
    ) -> tuple[Payment, Refund]:
        """The refund, pending. Conflict, Invalid, NotFound and RefundTooLarge as `request_refund` has them.

        Conflict, too, for what was given up and delivered all the same; RetryLater and the like where its registry
        does not say.
        """

        def look(uow: UnitOfWork) -> list[OrderItem]:
            return given_up(*read_attempt(uow, payment_id), amount, item_ids)

        def request(uow: UnitOfWork) -> tuple[Payment, Refund]:
            if not {item.id for item in look(uow)} <= {item.id for item in doubtful}:
                raise Conflict(f"payment {payment_id}", "a delivery was given up in this moment: ask again")
            return self.pay_back.request(payment_id, amount, item_ids, reason, uow)

        doubtful = self.ledger.read(look)
        self.make_sure_undelivered(doubtful)
        return self.ledger.write(by, request)


@dataclass(frozen=True)
class SettleRefund:
    """A person says how a refund ended: paid by hand, or given up."""

    ledger: Ledger
    pay_back: PayBack

    def __call__(self, refund_id: str, succeeded: bool, why: str, by: str) -> Refund:
        """Conflict while its job runs, for a success of one that failed, and for a failure of one that the provider
        knows; Invalid for a why that is not one line of text. A repeat changes nothing, and a failed one needs nobody
        any more.
        """
        if problem := line_problem(why, _WHY_CHARS_MAX):
            raise Invalid("why", problem)

        def settle(uow: UnitOfWork) -> Refund:
            job = uow.jobs.lock_for(refund_job(refund_id))
            if job is not None and job.status is JobStatus.RUNNING:
                raise Conflict(f"refund {refund_id}", "it is being paid right now: ask again in a minute")
            order, _, refund = lock_refund(uow, refund_id)
            if succeeded:
                self.pay_back.succeeded(uow, order, refund, f"settled by a person: {why}")
                if not refund.is_live:
                    raise Conflict(f"refund {refund_id}", "it has failed: ask for a new one")
            else:
                if refund.is_live and refund.refund_ref:
                    raise Conflict(f"refund {refund_id}", f"its provider knows it as {refund.refund_ref} and decides")
                refund_failed(order, refund, f"given up by a person: {why}")
                refund.unpark()
            order.derive_status()
            if job is not None and job.status in (JobStatus.QUEUED, JobStatus.DEAD):
                job.cancel("settled by a person", uow.now())
            return refund

        return self.ledger.write(by, settle)
