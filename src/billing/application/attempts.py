"""An attempt to pay, at its provider: open it, ask about it, close it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from billing.application.jobs import Handler, Record, Run
from billing.application.outcomes import NeedsPerson, NotYet, Refused
from billing.application.parts import lock_attempt, read_attempt
from billing.application.ports import Clock, PaymentGateway, Started
from billing.application.taking import TakeFact
from billing.application.unit_of_work import UnitOfWork
from billing.domain.facts import Fact
from billing.domain.job import Job, JobKind, JobRequest
from billing.domain.payment import Payment


def check_of(payment_id: str) -> JobRequest:
    """The one job that asks the provider about this attempt."""
    return JobRequest(JobKind.CHECK_PAYMENT, payment_id)


def close_of(payment_id: str) -> JobRequest:
    """The one job that makes this attempt unpayable."""
    return JobRequest(JobKind.CLOSE_PAYMENT, payment_id)


@dataclass(frozen=True)
class NoteStart:
    """Write down what the provider answered to a start, and ask again only when its page has closed."""

    clock: Clock
    check_after_expiry: timedelta

    def __call__(self, uow: UnitOfWork, payment_id: str, started: Started) -> Payment:
        """The attempt with the provider's ids on it."""
        check = uow.jobs.lock_for(check_of(payment_id))
        _, payment = lock_attempt(uow, payment_id)
        payment.bind(started.session_ref, started.payment_ref)
        payment.redirect_url = payment.redirect_url or started.redirect_url
        if check is not None:
            check.postpone(uow.now() + self.until_closed(payment))
        return payment

    def until_closed(self, payment: Payment) -> timedelta:
        """How long until the attempt can no longer be paid, and its provider has surely noticed."""
        left = payment.expires_at - self.clock()
        return max(left, timedelta()) + self.check_after_expiry


@dataclass(frozen=True)
class _AskProvider(Handler):
    """What checking and closing share: an attempt whose start got no answer is first started again."""

    gateways: Mapping[str, PaymentGateway]
    take: TakeFact
    note_start: NoteStart

    def started_attempt(self, run: Run) -> Payment:
        """The attempt, started now if need be; without the provider's ids only where its time is over."""
        order, payment = run.ledger.read(lambda uow: read_attempt(uow, run.subject))
        late = self.note_start.clock() >= payment.expires_at
        if payment.is_started or not payment.is_open or late:
            return payment
        started = self.gateways[payment.gateway].start_again(order, payment, run.deadline())
        return run.checkpoint(lambda uow: self.note_start(uow, payment.id, started))

    def is_known(self, payment: Payment) -> bool:
        """Whether the provider can be asked: a saved method may have been charged though no answer came."""
        return payment.is_started or payment.is_off_session

    def is_left_open(self, payment: Payment) -> bool:
        """Whether its time is over and nothing but us will close it."""
        return payment.is_open and payment.is_off_session and self.note_start.clock() >= payment.expires_at

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The provider will not open it."""
        self.take.payments.fail(uow, *lock_attempt(uow, job.subject), why)

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """An attempt that nobody could start is over, so that the customer may begin another.

        Nobody has its page; should money come by it all the same, a success always counts. A saved method may have been
        charged, and nobody knows.
        """
        if not self.is_known(read_attempt(uow, job.subject)[1]):
            self._over(uow, job, why)

    def called_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The same, whatever was charged."""
        self._over(uow, job, f"its job was {why}")

    def _over(self, uow: UnitOfWork, job: Job, why: str) -> None:
        order, payment = lock_attempt(uow, job.subject)
        if not payment.is_started:
            self.take.payments.fail(uow, order, payment, f"the provider could not be asked: {why}")


def _expire(payment_id: str) -> Record:
    def record(uow: UnitOfWork) -> None:
        lock_attempt(uow, payment_id)[1].expire("its page was never opened")

    return record


def _answer(ask: Callable[[], Sequence[Fact]]) -> Sequence[Fact]:
    """What the provider says of an attempt that it had taken; that it knows none proves no failure: it may be paid."""
    try:
        return ask()
    except Refused as refusal:
        raise NeedsPerson(f"its provider took it, and will not say how it stands: {refusal.why}") from refusal


def _unflag(uow: UnitOfWork, payment_id: str) -> Payment:
    """No person need find out about it any more."""
    order, payment = lock_attempt(uow, payment_id)
    if payment.attention:
        payment.unflag()
        order.derive_status()
    return payment


class CheckPayment(_AskProvider):
    """Ask the provider how an attempt stands, until it is decided."""

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """A started one may be paid by now and nobody knows: a person looks."""
        super().buried(uow, job, why)
        order, payment = lock_attempt(uow, job.subject)
        payment.flag(f"how it stands can't be found out: {why}")
        order.derive_status()

    def revived(self, uow: UnitOfWork, job: Job) -> None:
        """The provider is asked again."""
        _unflag(uow, job.subject)

    def called_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """A person does not want to know: what its notifications tell still counts."""
        super().called_off(uow, job, why)
        self.revived(uow, job)

    def __call__(self, run: Run) -> Record:
        """Also after a failure or expiry, since a late success counts."""
        payment = self.started_attempt(run)
        if payment.has_money:
            return lambda uow: None
        if not self.is_known(payment):
            return _expire(payment.id)
        gateway = self.gateways[payment.gateway]
        ask = gateway.close if self.is_left_open(payment) else gateway.check
        facts = _answer(partial(ask, payment, run.deadline()))

        def record(uow: UnitOfWork) -> NotYet | None:
            for fact in facts:
                self.take(uow, payment.gateway, fact)
            if _unflag(uow, payment.id).is_open:
                return NotYet("the provider has not decided", self.note_start.until_closed(payment))
            return None

        return record


class ClosePayment(_AskProvider):
    """Make an attempt unpayable whose order is closed; a success that comes out is recorded."""

    def __call__(self, run: Run) -> Record:
        """Done when the provider has decided either way."""
        payment = self.started_attempt(run)
        if not payment.is_open:
            return lambda uow: None
        if not self.is_known(payment):
            return _expire(payment.id)
        facts = _answer(partial(self.gateways[payment.gateway].close, payment, run.deadline()))

        def record(uow: UnitOfWork) -> NotYet | None:
            for fact in facts:
                self.take(uow, payment.gateway, fact)
            if read_attempt(uow, payment.id)[1].is_open:
                return NotYet("the provider still works on it", self.note_start.check_after_expiry)
            return None

        return record
