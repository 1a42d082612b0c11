"""Start to pay an order, and ask how it stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from billing.application.ledger import Ledger
from billing.application.money.attempts import NOT_TAKEN, NoteStart, check_of, wake_check
from billing.application.money.taking import TakeFact
from billing.application.outcomes import (
    AccountRefused,
    Deadline,
    NeedsPerson,
    NotYet,
    OutcomeUnknown,
    Refused,
    RetryLater,
)
from billing.application.parts import lock_attempt, read_attempt
from billing.application.ports import HINT_TOKEN, HintingGateway, Ids, PaymentGateway
from billing.application.unit_of_work import UnitOfWork
from billing.application.wallets.accounts import EnsureAccount, read_method
from billing.domain.customer import Customer
from billing.domain.errors import BillingError, Conflict, Invalid, NotFound
from billing.domain.facts import Fact
from billing.domain.order import Order
from billing.domain.payment import Payment


@dataclass(frozen=True)
class AttemptTimes:
    """How long an attempt may be paid and, at a provider that closes none, when an undecided one may be given up."""

    expiry: timedelta
    retry_after: timedelta = timedelta()


@dataclass(frozen=True)
class PaymentLimits:
    """The times of an attempt, the same at every gateway but those in `others`, and of the calls about it."""

    attempt_expiry: timedelta
    recover_after: timedelta
    call_deadline_seconds: float
    others: Mapping[str, AttemptTimes] = field(default_factory=dict)

    def times(self, gateway: str) -> AttemptTimes:
        """Those of the gateway's attempts."""
        return self.others.get(gateway) or AttemptTimes(self.attempt_expiry)


def seconds_kept_out(older: Payment, retry_after: timedelta, now: datetime) -> int:
    """How long another attempt has to wait for this one, which nobody can close; 0 where it need not."""
    left = older.created_at + retry_after - now
    return max(0, ceil(left.total_seconds())) if older.is_open else 0


@dataclass(frozen=True)
class OpenAttempt:
    """Open one attempt for an order: written down with its check before the provider hears of it."""

    ledger: Ledger
    gateways: Mapping[str, PaymentGateway]
    take: TakeFact
    note_start: NoteStart
    limits: PaymentLimits
    ids: Ids
    monotonic: Callable[[], float]
    new_token: Callable[[], str]

    def __call__(self, order_id: str, gateway: str, options: Mapping[str, str], by: str) -> Payment:
        """The attempt; still `pending` without a page where the provider's answer was lost.

        With `method_ref` and `customer_ref` in the options that method of that account is charged off session, and the
        attempt may be over at once: `succeeded`, or `failed` with the bank's reason.
        Invalid for an unknown gateway, and for a sum or options that it can't take; Conflict where the order takes no
        payment, or an older attempt turned out paid or is still being decided; Refused by the provider, AccountRefused
        where it would refuse every payment of ours: then the attempt is over. Closing an older attempt may also end in
        RetryLater, OutcomeUnknown or NeedsPerson, and a gateway that is known to be away in NotYet: then nothing new
        was opened.
        """
        if gateway not in self.gateways:
            raise Invalid("gateway", f"one of {', '.join(sorted(self.gateways))}")
        sent = self._prepare(order_id, self.gateways[gateway], options)
        self.gateways[gateway].require_reachable()
        self._close_older(order_id, by)
        order, payment = self.ledger.write(by, lambda uow: self._open(uow, order_id, gateway, sent))
        try:
            started = self.gateways[gateway].start(order, payment, self._deadline())
        except AccountRefused:
            self._end(payment, NOT_TAKEN, by)
            raise
        except (RetryLater, OutcomeUnknown, NotYet, NeedsPerson) as unanswered:
            # its check finds out, or tells a person
            self.ledger.telemetry.event("payment_start_unanswered", payment_id=payment.id, why=unanswered.why)
            self._leave_in_peace(payment, unanswered, by)
            return payment
        except Refused as refusal:
            self._end(payment, refusal.why, by)
            raise
        return self.ledger.write(by, lambda uow: self.note_start(uow, payment.id, started, self.take))

    def _leave_in_peace(self, payment: Payment, unanswered: BillingError, by: str) -> None:
        """For as long as the provider asked for, where that is longer than its check would wait."""
        asked_seconds = unanswered.after_seconds if isinstance(unanswered, RetryLater | OutcomeUnknown) else None
        pause = timedelta(seconds=asked_seconds or 0)

        def put_off(uow: UnitOfWork) -> None:
            if (check := uow.jobs.lock_for(check_of(payment.id))) is not None:
                check.postpone(uow.now() + pause)

        if pause > self.limits.recover_after:
            self.ledger.write(by, put_off)

    def _prepare(self, order_id: str, gateway: PaymentGateway, options: Mapping[str, str]) -> Mapping[str, str]:
        def read(uow: UnitOfWork) -> tuple[Order, Customer]:
            order = uow.orders.get(order_id)
            return order, uow.customers.get(order.customer_id)

        order, customer = self.ledger.read(read)
        ours = {"email": customer.email, "name": customer.name}
        if isinstance(gateway, HintingGateway):
            ours[HINT_TOKEN] = self.new_token()
        return gateway.prepare(order.total, {**options, **ours})

    def _open(self, uow: UnitOfWork, order_id: str, gateway: str, options: Mapping[str, str]) -> tuple[Order, Payment]:
        order, now = uow.orders.lock(order_id), self.note_start.clock()
        expires_at = now + self.limits.times(gateway).expiry
        payment = order.open_attempt(self.ids("pay"), gateway, options, now, expires_at)
        uow.jobs.request(check_of(payment.id), due_in=self.limits.recover_after)
        return order, payment

    def _close_older(self, order_id: str, by: str) -> None:
        """Two open pages could both be paid: the older one is closed first."""
        order = self.ledger.read(lambda uow: uow.orders.get(order_id))
        order.require_payable(self.note_start.clock())
        for older in order.payments:
            if older.is_open:
                self._close(order, older, by)

    def _close(self, order: Order, older: Payment, by: str) -> None:
        gateway = self.gateways[older.gateway]
        if not gateway.manner.closes:
            self._give_up(gateway, order, older, by)
            return
        if not older.is_started:
            raise Conflict(f"order {order.number}", "the provider has not yet answered to an earlier attempt")
        facts = gateway.close(older, self._deadline())
        if self._taken(order, older, facts, by).is_open:
            raise Conflict(f"order {order.number}", "an earlier attempt is still being decided")

    def _give_up(self, gateway: PaymentGateway, order: Order, older: Payment, by: str) -> None:
        """One that nobody can close: it is asked about, waited for, and then left; a success still counts."""
        try:
            facts = gateway.close(older, self._deadline())
        except (RetryLater, OutcomeUnknown, NotYet, NeedsPerson) as away:
            self.ledger.telemetry.event("payment_not_asked", payment_id=older.id, why=away.why)
            facts = ()
        if not self._taken(order, older, facts, by).is_open:
            return
        if seconds := seconds_kept_out(older, self.limits.times(older.gateway).retry_after, self.note_start.clock()):
            until = f"another can be started in {seconds} s"
            raise Conflict(f"order {order.number}", f"an earlier attempt is still being decided; {until}")
        self.ledger.write(by, lambda uow: lock_attempt(uow, older.id)[1].cancel("given up for another attempt"))

    def _taken(self, order: Order, older: Payment, facts: Sequence[Fact], by: str) -> Payment:
        def take(uow: UnitOfWork) -> Payment:
            for fact in facts:
                self.take(uow, older.gateway, fact)
            return read_attempt(uow, older.id)[1]

        taken = self.ledger.write(by, take)
        if taken.has_money:
            raise Conflict(f"order {order.number}", "an earlier attempt has just been paid")
        return taken

    def _end(self, payment: Payment, why: str, by: str) -> None:
        """The provider has definitely not taken it: nothing is to be asked either."""

        def end(uow: UnitOfWork) -> None:
            check = uow.jobs.lock_for(check_of(payment.id))
            lock_attempt(uow, payment.id)[1].fail(why)
            if check is not None:
                check.finish_early(why, uow.now())

        self.ledger.write(by, end)

    def _deadline(self) -> Deadline:
        return Deadline.after(self.limits.call_deadline_seconds, self.monotonic)


@dataclass(frozen=True)
class StartPayment:
    """Start to pay an order, on a page or with a saved method; for what renews by itself a page saves the method."""

    ledger: Ledger
    ensure_account: EnsureAccount
    open_attempt: OpenAttempt

    def __call__(self, order_id: str, gateway: str, options: Mapping[str, str], by: str) -> Payment:
        """As `OpenAttempt`, whose `method_ref` and `customer_ref` are found for a `method_id` of ours.

        Invalid also where that is no usable method of the order's customer at this gateway; NotFound. Opening the
        account that a page saves a method in may end as any call outward does: then nothing was opened.
        """
        order = self.ledger.read(lambda uow: uow.orders.get(order_id))
        payer: Mapping[str, str] = {}
        if method_id := options.get("method_id"):
            payer = self._charge(order, gateway, method_id)
        elif order.renews_by_itself and gateway in self.ensure_account.keepers.by_gateway:
            order.require_payable(self.open_attempt.note_start.clock())
            payer = {"customer_ref": str(self.ensure_account(order.customer_id, gateway, by).customer_ref)}
        return self.open_attempt(order_id, gateway, {**options, **payer}, by)

    def _charge(self, order: Order, gateway: str, method_id: str) -> Mapping[str, str]:
        try:
            wallet, method = self.ledger.read(lambda uow: read_method(uow, order.customer_id, method_id))
        except NotFound as unknown:
            raise Invalid("payment_method", "is no usable saved method of this customer's") from unknown
        if wallet.gateway != gateway:
            raise Invalid("payment_method", f"is saved at {wallet.gateway}")
        return {"customer_ref": str(wallet.customer_ref), "method_ref": method.ref}


@dataclass(frozen=True)
class RefreshPayment:
    """Wake the attempt's check; the return page of a customer asks for this, as often as it likes."""

    ledger: Ledger
    interval_min: timedelta

    def __call__(self, payment_id: str, by: str) -> Payment:
        """The attempt as it is known now; NotFound."""

        def wake(uow: UnitOfWork) -> Payment:
            _, payment = read_attempt(uow, payment_id)
            check = uow.jobs.lock_for(check_of(payment_id))
            # While a start may still be under way its check is no help: it would start the attempt a second time.
            may_be_starting = check is not None and payment.is_open and not payment.is_started and not check.has_run
            if not may_be_starting:
                wake_check(uow, payment, check, self.interval_min)
            return payment

        return self.ledger.write(by, wake)
