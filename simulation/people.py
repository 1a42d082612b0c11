"""Customers and operators: what they try, and that they try again."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from billing.application.money.resolving import Resolution
from billing.application.outcomes import Refused
from billing.domain import Job, JobKind, JobStatus, Money, Order, Payment, PaymentStatus
from simulation.by_hand import pay_back_by_hand
from simulation.cards import usable
from simulation.opening import customer_id, registrant
from simulation.scenario import MINUTE_MS, Habit, Planned
from simulation.world import World

T = TypeVar("T")
_TRIES = 4
_LOOKS = 12
DELIVERIES = {
    JobKind.REGISTER_DOMAIN,
    JobKind.RENEW_DOMAIN,
    JobKind.ACTIVATE_SUBSCRIPTION,
    JobKind.RENEW_SUBSCRIPTION,
}


@dataclass(frozen=True)
class Shopper:
    """Carries out one planned order."""

    world: World
    planned: Planned

    def __call__(self) -> None:
        """From the basket to the last look at the return page."""
        world, by = self.world, customer_id(self.planned.customer)
        order = self._insist(
            lambda: world.container.place_order()(
                by, self.planned.currency, registrant(self.planned.customer), self.planned.wants, by
            )
        )
        if order is None:
            return
        if self.planned.habit is Habit.CANCELS:
            world.schedule.spawn(f"{by} again", lambda: self._cancel(order), self._minutes(50))
        self.settle(order)

    def settle(self, order: Order) -> None:
        """Pay it, or try to."""
        if self.planned.habit is Habit.HAS_CARD_CHARGED and self._is_charged(order):
            return
        payment = self._open_page(order)
        if payment is not None:
            self._pay(order, payment)
            self._come_back(payment)

    def _is_charged(self, order: Order) -> bool:
        """Whether a saved card has paid it, or is still about to."""
        start, look = self.world.container.start_payment(), self.world.schedule.sleep
        for method in usable(self.world, order.customer_id)[:1]:
            options = {"method_id": method}
            payment = self._insist(partial(start, order.id, "memory", options, order.customer_id))
            for _ in range(2):
                look(self._minutes(20))
                if payment is not None:
                    self._refresh(payment)
        now = self.world.books.find(Order, order.id)
        return now is not None and (now.is_paid or any(payment.under_way for payment in now.payments))

    # ------------------------------------------------------------------ paying

    def _pay(self, order: Order, payment: Payment) -> None:
        gateway, sleep = self.world.gateway, self.world.schedule.sleep
        sleep(self._minutes(10))
        match self.planned.habit:
            case Habit.LEAVES:
                return
            case Habit.PAYS_SLOWLY:
                gateway.submit(payment.id)
                sleep(self._minutes(90))
                gateway.pay(payment.id)
            case Habit.FAILS_SLOWLY | Habit.FAILS_THEN_ARRIVES:
                self._fail_slowly(order, payment)
            case Habit.PAYS_ANOTHER_SUM:
                gateway.pay(payment.id, Money(payment.amount.minor - 1, payment.amount.currency))
            case Habit.OPENS_TWO_PAGES:
                self._pay_twice(order, payment)
            case Habit.PAYS_LATE:
                left = payment.expires_at - self.world.now()
                sleep(max(int(left.total_seconds() * 1000) - self.world.dice.randint(1, 20_000), 0))
                gateway.pay(payment.id)
            case _:
                if self.planned.habit is Habit.IS_DECLINED_FIRST:
                    gateway.decline(payment.id)
                    sleep(self._minutes(3))
                gateway.pay(payment.id)

    def _fail_slowly(self, order: Order, payment: Payment) -> None:
        gateway, sleep = self.world.gateway, self.world.schedule.sleep
        if not gateway.submit(payment.id):
            return
        sleep(self._minutes(30))
        gateway.fail(payment.id)
        if self.planned.habit is Habit.FAILS_THEN_ARRIVES:
            self.world.schedule.spawn("a bank", lambda: gateway.arrive_after_all(payment.id), self._minutes(60))
        sleep(self._minutes(5))
        second = self._open_page(order)
        if second is not None:
            gateway.pay(second.id)

    def _pay_twice(self, order: Order, payment: Payment) -> None:
        """In a second tab, while the first is still there."""
        world = self.world
        world.schedule.spawn(f"{order.customer_id} tab", lambda: self._open_and_pay(order), self._minutes(1))
        world.schedule.sleep(self._minutes(1))
        world.gateway.pay(payment.id)

    def _open_and_pay(self, order: Order) -> None:
        payment = self._open_page(order)
        if payment is not None:
            self.world.gateway.pay(payment.id)

    def _open_page(self, order: Order) -> Payment | None:
        """A page to pay on, perhaps only after the return page was asked for it a few times."""
        started = self._insist(lambda: self.world.container.start_payment()(order.id, "memory", {}, order.customer_id))
        for _ in range(_LOOKS):
            if started is None or started.redirect_url or not started.is_open:
                break
            self.world.schedule.sleep(self._minutes(2))
            started = self._refresh(started)
        return started if started is not None and started.redirect_url else None

    def _come_back(self, payment: Payment) -> None:
        for _ in range(self.world.dice.randint(0, 2)):
            self._refresh(payment)
            self.world.schedule.sleep(self._minutes(1))

    def _refresh(self, payment: Payment) -> Payment:
        again = self.world.process(lambda: self.world.container.refresh_payment()(payment.id, "return page"))
        return again or payment

    def _cancel(self, order: Order) -> None:
        """By a double click."""
        for _ in range(2):
            self._insist(lambda: self.world.container.cancel_order()(order.id, order.customer_id))

    # ------------------------------------------------------------------ within

    def _insist(self, work: Callable[[], T]) -> T | None:
        """Try, and try again a little later."""
        for _ in range(_TRIES):
            done = self.world.process(work)
            if done is not None:
                return done
            self.world.schedule.sleep(self._minutes(2))
        return None

    def _minutes(self, most: int) -> int:
        return self.world.dice.randint(0, most * MINUTE_MS)


@dataclass(frozen=True)
class Operator:
    """Looks after dead jobs now and then, and at last after all of them; decides about money that does not fit."""

    world: World

    def __call__(self) -> None:
        """A shift of an hour or two."""
        for _ in range(3):
            self.world.schedule.sleep(self.world.dice.randint(MINUTE_MS, 40 * MINUTE_MS))
            for job in self.world.books.rows(Job):
                self._look_after(job)
            for payment in self.world.books.payments():
                self._see_to(payment)

    def _look_after(self, job: Job) -> None:
        """A dead job is retried or called off; a waiting one is called off now and then."""
        container, is_dead = self.world.container, job.status is JobStatus.DEAD
        if is_dead and self._feels_like_it(0.5):
            self._try(partial(self._revive, job))
        elif not is_dead and job.status is not JobStatus.QUEUED:
            return
        elif job.kind in DELIVERIES and self._feels_like_it(0.5 if is_dead else 0.25):
            self._try(partial(container.cancel_job(), job.id, "operator"))
        elif job.kind is JobKind.REFUND_PAYMENT and self._feels_like_it(0.5):
            went_back = any(one.has_paid_back(job.subject) for one in (self.world.gateway, self.world.push))
            self._try(partial(container.settle_refund(), job.subject, went_back, "as the dashboard has it", "operator"))

    def _see_to(self, payment: Payment) -> None:
        container, dice = self.world.container, self.world.dice
        if payment.status is PaymentStatus.REQUIRES_ATTENTION and self._feels_like_it(0.5):
            resolution = dice.choice((Resolution.ACCEPT, Resolution.REFUND))
            self._try(lambda: container.resolve_payment()(payment.id, resolution, "operator"))
        if payment.received is None or payment.id.startswith("pay_open"):
            return
        part = Money(dice.randint(1, payment.received.minor), payment.received.currency)
        if self._feels_like_it(0.2):
            amount = dice.choice((None, part))
            self._try(lambda: container.request_refund()(payment.id, amount, (), "asked for", "operator"))
        if self._feels_like_it(0.03) and payment.gateway == self.world.gateway.name:
            with suppress(Refused):
                self.world.gateway.refund_at_the_desk(payment, part)
        for refund in payment.refunds:
            if refund.needs_hand and self._feels_like_it(0.5):
                pay_back_by_hand(self.world, payment.order_id, refund.id, is_given_up=self._feels_like_it(0.15))
            if refund.attention and not refund.is_pending and self._feels_like_it(0.3):
                self._try(partial(container.request_refund(), payment.id, refund.amount, (), "again", "operator"))

    def _try(self, work: Callable[[], object]) -> None:
        self.world.process(work)

    def _feels_like_it(self, chance: float) -> bool:
        return self.world.dice.random() < chance

    def dead_jobs(self) -> list[Job]:
        """What waits for a person."""
        return [job for job in self.world.books.rows(Job) if job.status is JobStatus.DEAD]

    def settle_all(self) -> None:
        """Every dead job is sent on its way again; what was called off is paid back, or done where it was delivered.

        Another sum than was asked is taken where it can be.
        """
        for job in self.dead_jobs():
            self._revive(job)
        resolve = self.world.container.resolve_payment()
        for parked in list(self.world.books.payments()):
            if parked.status is PaymentStatus.REQUIRES_ATTENTION:
                ways = (partial(resolve, parked.id, way, "operator") for way in (Resolution.ACCEPT, Resolution.REFUND))
                any(self.world.process(way) for way in ways)
        request = self.world.container.request_refund()
        called_off = {job.subject: job for job in self.world.books.rows(Job) if job.status is JobStatus.CANCELLED}
        for order in self.world.books.rows(Order):
            for item in order.items:
                if item.is_wanted and item.id in called_off and order.paying:
                    pay_back = partial(request, order.paying.id, None, reason="called off", by="operator")
                    if not any(self.world.process(partial(pay_back, item_ids=ids)) for ids in ((item.id,), ())):
                        self._try(partial(self._revive, called_off[item.id]))

    def pay_back(self) -> None:
        """All that nobody else does."""
        for payment in self.world.books.payments():
            for refund in payment.refunds:
                pay_back_by_hand(self.world, payment.order_id, refund.id)

    def _revive(self, job: Job) -> Job:
        self.world.revivals[job.subject] += 1
        return self.world.container.retry_job()(job.id, "operator")
