"""An attempt to pay, at its provider: open it, ask about it, close it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from billing.application.money.taking import TakeFact
from billing.application.outcomes import AccountRefused, NeedsPerson, NotYet, Refused
from billing.application.parts import lock_attempt, read_attempt
from billing.application.ports import Clock, PaymentGateway, Started
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.facts import Fact
from billing.domain.job import Job, JobKind, JobRequest
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.domain.poll_schedule import PollSchedule

NOT_TAKEN = "its provider takes no payments at present"
"""Why an attempt ended whose provider refuses our account; what that said is for the operator alone."""


def check_of(payment_id: str) -> JobRequest:
    """The one job that asks the provider about this attempt."""
    return JobRequest(JobKind.CHECK_PAYMENT, payment_id)


def close_of(payment_id: str) -> JobRequest:
    """The one job that makes this attempt unpayable."""
    return JobRequest(JobKind.CLOSE_PAYMENT, payment_id)


def wake_check(uow: UnitOfWork, payment: Payment, check: Job | None, interval_min: timedelta) -> None:
    """Have its provider asked soon, at most so often; the caller holds the job. With money there is nothing to ask."""
    if check is not None and not payment.has_money:
        check.wake(uow.now(), interval_min)
        uow.jobs.ring(check)


@dataclass(frozen=True)
class NoteStart:
    """Write down what the provider answered to a start, and when it is asked next.

    That is when its page has closed; at a gateway in `schedules` again and again, since it tells nothing by itself.
    """

    clock: Clock
    check_after_expiry: timedelta
    schedules: Mapping[str, PollSchedule] = field(default_factory=dict)

    def __call__(self, uow: UnitOfWork, payment_id: str, started: Started, take: TakeFact) -> Payment:
        """The attempt with the provider's ids on it; what the answer proves at once is taken with it."""
        check = uow.jobs.lock_for(check_of(payment_id))
        _, payment = lock_attempt(uow, payment_id)
        payment.bind(started.session_ref, started.payment_ref)
        payment.redirect_url = payment.redirect_url or started.redirect_url
        wait = self.until_asked(payment)
        if check is not None and wait is not None:
            check.postpone(uow.now() + wait)
        for fact in started.facts:
            take(uow, payment.gateway, fact)
        return payment

    def is_polled(self, payment: Payment) -> bool:
        """Whether its provider is asked by a schedule and by our own id, whether it answered to the start or not."""
        return payment.gateway in self.schedules

    def until_asked(self, payment: Payment) -> timedelta | None:
        """How long until its provider is asked: for one without a schedule until it has surely closed the page.

        None at the end of the schedule.
        """
        if self.is_polled(payment):
            return self.schedules[payment.gateway].wait(self.clock() - payment.created_at)
        left = payment.expires_at - self.clock()
        return max(left, timedelta()) + self.check_after_expiry


@dataclass(frozen=True)
class _AskProvider(Handler):
    """What checking and closing share: an attempt whose start got no answer is first started again."""

    gateways: Mapping[str, PaymentGateway]
    take: TakeFact
    note_start: NoteStart

    def started_attempt(self, run: Run) -> Payment:
        """The attempt, started now if need be; without the provider's ids where its time is over, or it is in vain."""
        order, payment = run.ledger.read(lambda uow: read_attempt(uow, run.subject))
        if payment.is_started or not payment.is_open or self._is_late(order, payment):
            return payment
        try:
            started = self.gateways[payment.gateway].start_again(order, payment, run.deadline())
        except AccountRefused:
            if self.is_known(payment):
                raise
            return run.checkpoint(lambda uow: self._fail(uow, payment.id, NOT_TAKEN))
        return run.checkpoint(lambda uow: self.note_start(uow, payment.id, started, self.take))

    def _is_late(self, order: Order, payment: Payment) -> bool:
        """Whether to start it makes no sense: nobody could close it again of an order that is closed."""
        if self.note_start.clock() >= payment.expires_at:
            return True
        return order.closed_as is not None and not self.gateways[payment.gateway].manner.closes

    def _fail(self, uow: UnitOfWork, payment_id: str, why: str) -> Payment:
        order, payment = lock_attempt(uow, payment_id)
        self.take.payments.fail(uow, order, payment, why)
        return payment

    def is_known(self, payment: Payment) -> bool:
        """Whether the provider can be asked, and may have taken it though no answer came: by our id, if need be."""
        return payment.is_started or payment.is_off_session or self.note_start.is_polled(payment)

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


def _unflag(uow: UnitOfWork, payment_id: str) -> tuple[Order, Payment]:
    """No person need find out about it any more."""
    order, payment = lock_attempt(uow, payment_id)
    if payment.attention:
        payment.unflag()
        order.derive_status()
    return order, payment


@dataclass(frozen=True)
class CheckPayment(_AskProvider):
    """Ask the provider how an attempt stands, until it is decided or, by a schedule, until that ends.

    `compare` is shown what came of it.
    """

    compare: Callable[[UnitOfWork, Order, Payment], None]

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
            order, asked = _unflag(uow, payment.id)
            self.compare(uow, order, asked)
            return self._next(asked)

        return record

    def _next(self, asked: Payment) -> NotYet | None:
        """One that ended without money is asked about to the end of its schedule: a late success counts."""
        wait = self.note_start.until_asked(asked)
        if asked.has_money:
            return None
        if wait is None:
            asked.expire("nobody paid by it in its time")
            return None
        if asked.is_open:
            return NotYet("the provider has not decided", wait)
        return NotYet("it has ended, and may be paid all the same", wait) if self.note_start.is_polled(asked) else None


class ClosePayment(_AskProvider):
    """Make an attempt unpayable whose order is closed; a success that comes out is recorded."""

    def __call__(self, run: Run) -> Record:
        """Done when the provider has decided either way; one that it can't close ends here, and its check goes on."""
        payment = self.started_attempt(run)
        if not payment.is_open:
            return lambda uow: None
        if not self.is_known(payment):
            return _expire(payment.id)
        gateway = self.gateways[payment.gateway]
        facts = _answer(partial(gateway.close, payment, run.deadline()))

        def record(uow: UnitOfWork) -> NotYet | None:
            for fact in facts:
                self.take(uow, payment.gateway, fact)
            if not gateway.manner.closes:
                lock_attempt(uow, payment.id)[1].cancel("its order is closed, and its provider closes nothing")
            if read_attempt(uow, payment.id)[1].is_open:
                return NotYet("the provider still works on it", self.note_start.check_after_expiry)
            return None

        return record
